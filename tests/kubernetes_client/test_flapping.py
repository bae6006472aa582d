"""Kubernetes Events without noise: what flaps is not told without end."""

from typing import Any

from aiohttp import web
from kubernetes.aio import client

from hand_clock import HandClock
from kubernetes_bodies import a_subscription
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.kubernetes_configuration import connected
from tenant_billing.clients.kubernetes_events import MOST_AT_ONCE, ONE_MORE_AFTER, EventTeller
from tenant_billing.webhooks.listening import listening


class Told:
    """An API server that takes every event."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.app = web.Application()
        self.app.router.add_post("/{path:.*}", self._take)

    async def _take(self, request: web.Request) -> web.Response:
        event: dict[str, Any] = await request.json()
        self.events.append((event["regarding"]["name"], event["reason"]))
        return web.json_response({})


async def test_what_flaps_is_told_every_five_minutes_and_others_are_told_all_the_same() -> None:
    told, clock = Told(), HandClock()
    acme, beta = a_subscription("acme"), a_subscription("beta")
    async with (
        listening(told.app, "127.0.0.1", 0) as port,
        connected(client.Configuration(host=f"http://127.0.0.1:{port}")) as api_client,
    ):
        teller = EventTeller(KubernetesApi(api_client), clock, "test")

        async def flap(times: int) -> None:
            for _ in range(times):
                for reason in ("ClusterUnavailable", "BackendUnavailable"):
                    await teller.tell(acme, "Warning", reason, "down")

        await flap(20)
        assert len(told.events) == MOST_AT_ONCE
        await teller.tell(beta, "Warning", "ClusterUnavailable", "down")
        assert told.events[-1] == ("beta", "ClusterUnavailable")

        told.events.clear()
        clock.advance(2 * ONE_MORE_AFTER)
        await flap(20)
        assert len(told.events) == 2

        told.events.clear()
        clock.advance(1000 * ONE_MORE_AFTER)
        await flap(20)
        assert len(told.events) == MOST_AT_ONCE, "silence does not add up"
