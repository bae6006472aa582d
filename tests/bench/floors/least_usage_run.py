"""The floor of a usage run: count all tenants by batches, and report each once, as fast as Stripe lets a sandbox.

It remembers nothing, compares nothing with what was reported before, and tells nobody.
"""

import asyncio
import os
import sys
import time
from typing import Any, Final

import httpx

from bench.floors.settings import FloorSettings

PER_SECOND: Final = 25
"""Of one operation; a sandbox counts reports like any other call."""
PAGE: Final = 100
TENANT: Final = "tenantbilling.dev/tenant-id"


async def _customers(stripe: httpx.AsyncClient) -> dict[str, str]:
    """The customer of each tenant."""
    found: dict[str, str] = {}
    last = ""
    while True:
        query = {"limit": str(PAGE)} | ({"starting_after": last} if last else {})
        page = (await stripe.get("/v1/subscriptions", params=query)).raise_for_status().json()
        found |= {each["metadata"][TENANT]: each["customer"] for each in page["data"]}
        if not page["has_more"]:
            return found
        last = page["data"][-1]["id"]


async def _devices(things_stack: httpx.AsyncClient, tenant_ids: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(tenant_ids), PAGE):
        some = [{"tenant_id": each} for each in tenant_ids[start : start + PAGE]]
        wanted = {"tenant_ids": some, "field_mask": {"paths": ["end_devices"]}}
        answer = await things_stack.post("/api/v3/tenants/registry-totals", json=wanted)
        for each in answer.raise_for_status().json()["totals"]:
            found[each["tenant_ids"]["tenant_id"]] = int(each["totals"].get("end_devices", 0))
    return found


async def _report(
    stripe: httpx.AsyncClient, due: float, event_name: str, customer: str, devices: int
) -> None:
    await asyncio.sleep(due - time.monotonic())
    fields = {
        "event_name": event_name,
        "payload[stripe_customer_id]": customer,
        "payload[value]": str(devices),
    }
    (await stripe.post("/v1/billing/meter_events", data=fields)).raise_for_status()


async def _meter(stripe: httpx.AsyncClient) -> str:
    (meter,) = (await stripe.get("/v1/billing/meters")).raise_for_status().json()["data"]
    return str(meter["event_name"])


async def _run(settings: FloorSettings) -> None:
    begun = time.monotonic()
    async with settings.stripe() as stripe, settings.things_stack() as things_stack:
        customers, event_name = await _customers(stripe), await _meter(stripe)
        devices = await _devices(things_stack, sorted(customers))
        if len(devices) < settings.objects:
            raise RuntimeError(f"{len(devices)} tenants were counted, not {settings.objects}")
        first = time.monotonic()
        reports: list[Any] = [
            _report(stripe, first + number // PER_SECOND, event_name, customers[tenant_id], total)
            for number, (tenant_id, total) in enumerate(sorted(devices.items()))
        ]
        await asyncio.gather(*reports)
    sys.stdout.write(f"{time.monotonic() - begun}\n")


if __name__ == "__main__":
    asyncio.run(_run(FloorSettings.from_environment(os.environ)))
