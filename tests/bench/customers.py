"""What happens around the operator: objects are applied, customers pay, tenants become ready. The same for a floor."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from bench.stage import PLAN, Stage
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.installation import samples
from tenant_billing_sandbox.environment.outside import Outside

OBJECTS: Final = f"/apis/tenantbilling.dev/v1alpha1/namespaces/{places.TENANT_NAMESPACE}/tenantsubscriptions"
WATCH: Final = {"watch": "1"}
APPLYING: Final = 16
PAYING: Final = 16
PATIENCE: Final = 600.0


@dataclass
class Tenants:
    """What a watch has told about the objects.

    Attributes:
        customers: The customer of each object, by its name.
        subscriptions: Likewise its subscription.
        ready_at: When each object was seen to be ready, seconds of the monotonic clock.
    """

    customers: dict[str, str] = field(default_factory=dict)
    subscriptions: dict[str, str] = field(default_factory=dict)
    ready_at: dict[str, float] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def all_ready(self, names: Sequence[str]) -> None:
        """Wait until every one of them is ready.

        Raises:
            TimeoutError: It takes too long.
        """
        async with asyncio.timeout(PATIENCE):
            while not self.ready_at.keys() >= set(names):
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def paying_customers(stage: Stage) -> AsyncIterator[Tenants]:
    """Watch the objects for as long as the block runs; each customer pays as soon as there is something to pay."""
    tenants = Tenants()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(stage.outside, tenants))
        try:
            yield tenants
        finally:
            watching.cancel()


def manifest(name: str, plan: str = PLAN) -> dict[str, Any]:
    """A TenantSubscription like the sample."""
    (made,) = samples("tenantsubscription")
    made["metadata"]["name"] = made["spec"]["tenant"]["id"] = name
    made["spec"]["planRef"]["name"] = plan
    return made


async def onboard(stage: Stage, tenants: Tenants, names: Sequence[str], plan: str = PLAN) -> float:
    """Apply objects and wait until all are ready; gives the seconds from the first apply to the last one's Ready."""
    slots = asyncio.Semaphore(APPLYING)
    bodies = [manifest(name, plan) for name in names]

    async def create(body: dict[str, Any]) -> None:
        async with slots:
            (await stage.outside.kubernetes.post(OBJECTS, json=body)).raise_for_status()

    begun = time.monotonic()
    await asyncio.gather(*(create(body) for body in bodies))
    await tenants.all_ready(names)
    return max(tenants.ready_at[name] for name in names) - begun


async def _watch(outside: Outside, tenants: Tenants) -> None:
    slots = asyncio.Semaphore(PAYING)
    async with asyncio.TaskGroup() as group:
        # The API server ends a watch that is read too slowly; the next one begins with all objects.
        while True:
            async with outside.kubernetes.stream("GET", OBJECTS, params=WATCH, timeout=None) as answer:
                async for line in answer.aiter_lines():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        break
                    to_pay = _take_in(event["object"], tenants)
                    if to_pay is not None:
                        group.create_task(_pay(outside, slots, to_pay))


def _take_in(body: Mapping[str, Any], tenants: Tenants) -> str | None:
    """Note what an object says; gives the customer who has something to pay for the first time."""
    name, status = body["metadata"]["name"], body.get("status", {})
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ()))
    if ready and name not in tenants.ready_at:
        tenants.ready_at[name] = time.monotonic()
        tenants.changed.set()
    if ready or "hostedInvoiceURL" not in status or name in tenants.customers:
        return None
    tenants.customers[name] = status["customerID"]
    tenants.subscriptions[name] = status["subscriptionID"]
    return str(status["customerID"])


async def _pay(outside: Outside, slots: asyncio.Semaphore, customer: str) -> None:
    async with slots:
        await outside.drive_stripe(f"/_sandbox/customers/{customer}/pay")
