"""The webhook endpoint that the operator registers by itself: it delivers, is rolled, is lost, and goes."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import pytest
import pytest_asyncio

from scenario_scene import Scene
from scenario_stage import API, CORE, Object, Stage, message_of, reason_of
from scenario_tenant import LOOK_INTERVAL, Tenant
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC: Final = "https://hooks.example.com"
SECRET: Final = "registered-webhook"
VERSION: Final = "2026-10-28.endive"
DAY: Final = 86_400
REDELIVERY: Final = 3.0
"""Seconds after which Stripe is asked to deliver again what was refused; it does so a few times only."""


@dataclass
class Registration:
    """The endpoint of the stage's backend, seen at Stripe and in Kubernetes."""

    stage: Stage

    @property
    def path(self) -> str:
        return f"{API}/billingbackends/{self.stage.backend}"

    async def ask(self, webhook: Object | None) -> None:
        await self.stage.merge(self.path, {"spec": {"stripe": {"webhook": webhook}}})

    def endpoints(self) -> list[Object]:
        """Those that the operator has registered, as Stripe holds them."""
        found = self.stage.stripe.account.table("webhook_endpoint").values()
        return [each for each in found if each["metadata"]]

    async def until(self, reason: str) -> Object:
        """Wait until WebhookReady has a reason; gives the backend."""

        async def look() -> Object:
            found = await self.stage.outside.from_kubernetes(self.path) or {}
            assert reason_of(found, "WebhookReady") == reason, found.get("status")
            return found

        return await wait_for(look, f"WebhookReady to be {reason}", interval=LOOK_INTERVAL)

    async def until_only(self, count: int, *, instead_of: str = "") -> Object:
        """Wait until so many endpoints are left, whose secret is the stored one; gives the backend."""

        async def look() -> Object:
            found = self.endpoints()
            assert len(found) == count, found
            assert instead_of not in {each["id"] for each in found}
            backend = await self.until("Receiving" if count else "NotConfigured")
            told = backend["status"].get("webhookEndpoint", {}).get("id")
            assert told == (found[0]["id"] if found else None)
            return backend

        return await wait_for(look, f"{count} registered endpoints", interval=LOOK_INTERVAL)

    async def secret(self) -> Object:
        return (
            await self.stage.outside.from_kubernetes(f"{CORE}/{self.stage.namespace}/secrets/{SECRET}") or {}
        )

    async def keep(self, value: str) -> None:
        """Somebody writes the signing secret that was shown in the dashboard."""
        await self.stage.merge(
            f"{CORE}/{self.stage.namespace}/secrets/{SECRET}",
            {"data": {"secret": base64.b64encode(value.encode()).decode()}},
        )


@pytest_asyncio.fixture(loop_scope="module")
async def registration(stage: Stage) -> AsyncIterator[Registration]:
    """Only what the operator registers delivers; afterwards all is as before."""
    (by_hand,) = stage.stripe.account.table("webhook_endpoint").values()
    operator = by_hand["url"].split("/webhooks/")[0]
    await stage.outside.drive_stripe("/_sandbox/webhooks", {"ingress": {PUBLIC: operator}})
    await stage.outside.to_stripe(f"/v1/webhook_endpoints/{by_hand['id']}", {"disabled": "true"})
    registration = Registration(stage)
    await registration.ask({"url": f"{PUBLIC}/webhooks/stripe/{stage.backend}", "secretName": SECRET})
    await registration.until_only(1)
    yield registration
    await registration.ask(None)
    await wait_for(lambda: not registration.endpoints(), "no registered endpoint any more")
    await stage.outside.kubernetes.delete(f"{CORE}/{stage.namespace}/secrets/{SECRET}")
    await stage.outside.to_stripe(f"/v1/webhook_endpoints/{by_hand['id']}", {"disabled": "false"})


async def nudge_of(tenant: Tenant) -> str:
    """The event that was stored on an object last."""
    found = await tenant.stage.outside.from_kubernetes(tenant.path) or {}
    return str(found["metadata"].get("annotations", {}).get("tenantbilling.dev/nudge", ""))


async def until_told(tenant: Tenant, scene: Scene) -> None:
    """Wait until something that happens to a subscription now has been delivered and stored.

    A secret that was changed a moment ago may not be known yet: then Stripe delivers again.
    """
    before, seen = await nudge_of(tenant), await tenant.look()
    await scene.at_stripe(f"subscriptions/{seen.subscription['id']}", metadata__note=before or "first")

    loop = asyncio.get_running_loop()
    due = loop.time() + REDELIVERY

    async def look() -> bool:
        nonlocal due
        if loop.time() > due:
            await scene.stage.outside.drive_stripe("/_sandbox/webhooks/flush")
            due = loop.time() + REDELIVERY
        return await nudge_of(tenant) != before

    await wait_for(look, "a delivery to be stored", interval=LOOK_INTERVAL)


async def test_tbs_10_registered_endpoint_delivers_signed_events_in_our_version(
    scene: Scene, registration: Registration
) -> None:
    acme = await scene.subscribe(await scene.plan())
    (endpoint,) = registration.endpoints()
    assert (endpoint["api_version"], len(endpoint["enabled_events"])) == (VERSION, 20)
    await until_told(acme, scene)

    annotations = (await registration.secret())["metadata"]["annotations"]
    assert annotations == {
        "tenantbilling.dev/billing-backend": scene.stage.backend,
        "tenantbilling.dev/webhook-endpoint": endpoint["id"],
    }
    backend = await registration.until("Receiving")
    assert "whsec_" not in str(backend)


async def test_tbs_20_secret_that_is_rolled_is_valid_twice_until_the_old_one_ends(
    scene: Scene, registration: Registration
) -> None:
    acme = await scene.subscribe(await scene.plan())
    (endpoint,) = registration.endpoints()
    path = f"/_sandbox/webhooks/{endpoint['id']}/roll"
    rolled = await scene.stage.outside.drive_stripe(path, {"overlap_seconds": DAY})
    await until_told(acme, scene)

    await registration.keep(rolled["secret"])
    await scene.advance(days=1, seconds=1)
    await until_told(acme, scene)
    assert [each["id"] for each in registration.endpoints()] == [endpoint["id"]], (
        "nothing was registered anew"
    )


async def test_lost_secret_is_replaced_by_another_endpoint_and_the_old_one_removed(
    scene: Scene, registration: Registration
) -> None:
    acme = await scene.subscribe(await scene.plan())
    (former,) = registration.endpoints()
    await scene.stage.outside.kubernetes.delete(f"{CORE}/{scene.stage.namespace}/secrets/{SECRET}")
    await registration.until_only(1, instead_of=former["id"])
    await until_told(acme, scene)


async def test_endpoint_that_somebody_disables_is_told_and_events_are_found_all_the_same(
    scene: Scene, registration: Registration
) -> None:
    acme = await scene.subscribe(await scene.plan())
    (endpoint,) = registration.endpoints()
    await scene.stage.outside.to_stripe(f"/v1/webhook_endpoints/{endpoint['id']}", {"disabled": "true"})
    await scene.stage.merge(
        registration.path, {"metadata": {"annotations": {"tenantbilling.dev/reconcile": scene.token}}}
    )
    backend = await registration.until("EndpointDisabled")
    assert endpoint["id"] in message_of(backend, "WebhookReady")
    assert reason_of(backend, "Ready") == "Available"

    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged")

    await scene.stage.outside.to_stripe(f"/v1/webhook_endpoints/{endpoint['id']}", {"disabled": "false"})
    await scene.stage.merge(
        registration.path, {"metadata": {"annotations": {"tenantbilling.dev/reconcile": f"{scene.token}2"}}}
    )
    await registration.until("Receiving")


async def test_secret_of_somebody_else_under_that_name_is_not_overwritten(
    scene: Scene, registration: Registration
) -> None:
    foreign = f"foreign-{scene.token}"
    await scene.stage.make_secret(scene.stage.namespace, foreign, "secret", "somebody's")
    url = f"{PUBLIC}/webhooks/stripe/{scene.stage.backend}"
    await registration.ask({"url": url, "secretName": foreign})
    backend = await registration.until("NotConfigured")
    assert "made by somebody else" in message_of(backend, "WebhookReady")
    kept = await scene.stage.outside.from_kubernetes(f"{CORE}/{scene.stage.namespace}/secrets/{foreign}")
    assert kept is not None
    assert base64.b64decode(kept["data"]["secret"]) == b"somebody's"
    await registration.ask({"url": url, "secretName": SECRET})
    await registration.until_only(1)
