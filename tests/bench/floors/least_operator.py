"""The floor of onboarding and of payment events: an operator that does the least possible calls, and nothing else.

For a new object: the finalizer, the customer, the subscription, a status with the address where the customer pays; when
Stripe says that it is active: one read of the subscription, the tenant, a status that is ready. For a subscription that
is past due: one read of it, one update of the tenant. It stores no intent, looks for nothing before it creates,
verifies no signature, and forgets everything when it ends.
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
from aiohttp import web

from bench.floors.settings import OBJECTS, FloorSettings

FLAGGED: Final = "Stripe subscription past due"
STARTER: Final = {"currency": "eur", "unit_amount": "4900", "tax_behavior": "exclusive"}
PLANS: Final = {"starter": "month", "daily": "day"}

Body = dict[str, Any]


class LeastOperator:
    """Takes objects from a watch and events from a port, and works on a few at a time."""

    def __init__(
        self, kubernetes: httpx.AsyncClient, stripe: httpx.AsyncClient, things_stack: httpx.AsyncClient
    ) -> None:
        self._kubernetes = kubernetes
        self._stripe = stripe
        self._things_stack = things_stack
        self._prices: dict[str, str] = {}
        self._objects: dict[str, Body] = {}
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    async def run(self, port: int, workers: int) -> None:
        """Work for ever."""
        for plan, interval in PLANS.items():
            self._prices[plan] = await self._price(interval)
        app = web.Application()
        app.router.add_post("/{path:.*}", self._deliver)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._worker())
            await self._watch()

    async def _watch(self) -> None:
        begun: set[str] = set()
        # The API server ends a watch that is read too slowly; the next one begins with all objects.
        while True:
            async with self._kubernetes.stream("GET", OBJECTS, params={"watch": "1"}, timeout=None) as answer:
                async for line in answer.aiter_lines():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    body = event["object"]
                    if "status" not in body and body["metadata"]["uid"] not in begun:
                        begun.add(body["metadata"]["uid"])
                        self._queue(self._subscribe, body)

    async def _deliver(self, request: web.Request) -> web.Response:
        event = await request.json()
        subscription = event["data"]["object"]
        if event["type"] == "customer.subscription.updated":
            if subscription["status"] == "active" and subscription["id"] in self._objects:
                self._queue(self._approve, self._objects.pop(subscription["id"]), subscription["id"])
            elif subscription["status"] == "past_due":
                self._queue(self._flag, subscription["id"])
        return web.Response()

    def _queue(self, work: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        self._work.put_nowait(lambda: work(*arguments))

    async def _worker(self) -> None:
        while True:
            await (await self._work.get())()

    async def _price(self, interval: str) -> str:
        product = await _answer(self._stripe.post("/v1/products", data={"name": interval}))
        fields = {**STARTER, "product": product["id"], "recurring[interval]": interval}
        return str((await _answer(self._stripe.post("/v1/prices", data=fields)))["id"])

    async def _subscribe(self, body: Body) -> None:
        path = _path(body)
        await self._patch(path, {"metadata": {"finalizers": ["tenantbilling.dev/floor"]}})
        details, tenant_id = body["spec"]["customer"]["details"], body["spec"]["tenant"]["id"]
        metadata = {"metadata[tenantbilling.dev/tenant-id]": tenant_id}
        address = {"name": details["name"], "email": details["email"]}
        customer = await _answer(self._stripe.post("/v1/customers", data={**address, **metadata}))
        subscription = await _answer(
            self._stripe.post(
                "/v1/subscriptions",
                data={
                    "customer": customer["id"],
                    "items[0][price]": self._prices[body["spec"]["planRef"]["name"]],
                    "payment_behavior": "default_incomplete",
                    "payment_settings[save_default_payment_method]": "on_subscription",
                    "expand[0]": "latest_invoice",
                    **metadata,
                },
            )
        )
        self._objects[subscription["id"]] = body
        status = {
            "customerID": customer["id"],
            "subscriptionID": subscription["id"],
            "hostedInvoiceURL": subscription["latest_invoice"]["hosted_invoice_url"],
        }
        await self._patch(f"{path}/status", {"status": status})

    async def _approve(self, body: Body, subscription_id: str) -> None:
        await self._read(subscription_id)
        spec = body["spec"]["tenant"]
        admin = spec["initialAdmin"]
        user = {
            "ids": {"user_id": admin["userID"]},
            "primary_email_address": admin["email"],
            "state": "STATE_APPROVED",
            "admin": True,
        }
        tenant = {
            "ids": {"tenant_id": spec["id"]},
            "name": spec["name"],
            "state": "STATE_APPROVED",
            "max_end_devices": "500",
        }
        wanted = {"tenant": tenant, "initial_user": user}
        await _answer(self._things_stack.post("/api/v3/tenants", json=wanted))
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "Provisioned",
            "message": "",
            "lastTransitionTime": body["metadata"]["creationTimestamp"],
        }
        await self._patch(f"{_path(body)}/status", {"status": {"conditions": [ready]}})

    async def _flag(self, subscription_id: str) -> None:
        tenant_id = (await self._read(subscription_id))["metadata"]["tenantbilling.dev/tenant-id"]
        fields = {"state": "STATE_FLAGGED", "state_description": FLAGGED}
        change = {"tenant": fields, "field_mask": {"paths": list(fields)}}
        await _answer(self._things_stack.put(f"/api/v3/tenants/{tenant_id}", json=change))

    async def _read(self, subscription_id: str) -> Body:
        return await _answer(self._stripe.get(f"/v1/subscriptions/{subscription_id}"))

    async def _patch(self, path: str, change: Body) -> None:
        headers = {"Content-Type": "application/merge-patch+json"}
        await _answer(self._kubernetes.patch(path, content=json.dumps(change), headers=headers))


async def _answer(call: Awaitable[httpx.Response]) -> Body:
    response = await call
    if response.is_error:
        raise RuntimeError(f"{response.request.url} was answered {response.status_code}: {response.text}")
    body: Body = response.json()
    return body


def _path(body: Body) -> str:
    metadata = body["metadata"]
    collection = OBJECTS.replace("/tenantsub", f"/namespaces/{metadata['namespace']}/tenantsub")
    return f"{collection}/{metadata['name']}"


async def _run(settings: FloorSettings) -> None:
    async with (
        settings.kubernetes() as kubernetes,
        settings.stripe() as stripe,
        settings.things_stack() as things_stack,
    ):
        await LeastOperator(kubernetes, stripe, things_stack).run(settings.webhook_port, settings.workers)


if __name__ == "__main__":
    asyncio.run(_run(FloorSettings.from_environment(os.environ)))
