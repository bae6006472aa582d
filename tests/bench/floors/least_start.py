"""The floor of a restart: list the objects, the account and the tenants once, page by page, and end.

It tells how long that took without the start of its process, which is the floor of a full pass.
"""

import asyncio
import os
import sys
import time
from typing import Final

import httpx

from bench.floors.settings import OBJECTS, FloorSettings

KINDS: Final = ("billingbackends", "thingsstackclusters", "billingplans", "tenantsubscriptions")
ACCOUNT: Final = ("customers", "subscriptions", "products", "prices", "invoices")
MASK: Final = "name,description,state,state_description,attributes,billing,max_end_devices"
PAGE: Final = 100


async def _objects(kubernetes: httpx.AsyncClient, kind: str) -> int:
    path, seen, token = OBJECTS.replace("tenantsubscriptions", kind), 0, ""
    while True:
        query = {"limit": "500"} | ({"continue": token} if token else {})
        page = (await kubernetes.get(path, params=query)).raise_for_status().json()
        seen += len(page["items"])
        token = page["metadata"].get("continue", "")
        if not token:
            return seen


async def _account(stripe: httpx.AsyncClient, kind: str) -> int:
    seen, last = 0, ""
    filters = {"subscriptions": {"status": "all"}, "invoices": {"status": "open"}}.get(kind, {})
    while True:
        query = {"limit": str(PAGE), **filters} | ({"starting_after": last} if last else {})
        page = (await stripe.get(f"/v1/{kind}", params=query)).raise_for_status().json()
        seen += len(page["data"])
        if not page["has_more"]:
            return seen
        last = page["data"][-1]["id"]


async def _tenants(things_stack: httpx.AsyncClient) -> int:
    seen, number = 0, 1
    while True:
        query = {"field_mask": MASK, "order": "tenant_id", "limit": str(PAGE), "page": str(number)}
        page = (await things_stack.get("/api/v3/tenants", params=query)).raise_for_status().json()
        found = page.get("tenants", ())
        seen += len(found)
        if len(found) < PAGE:
            return seen
        number += 1


async def _run(settings: FloorSettings) -> None:
    begun = time.monotonic()
    async with (
        settings.kubernetes() as kubernetes,
        settings.stripe() as stripe,
        settings.things_stack() as things_stack,
    ):
        *_, objects, tenants = await asyncio.gather(
            *(_account(stripe, kind) for kind in ACCOUNT),
            *(_objects(kubernetes, kind) for kind in KINDS),
            _tenants(things_stack),
        )
    if min(objects, tenants) < settings.objects:
        raise RuntimeError(f"{objects} objects and {tenants} tenants were seen, not {settings.objects}")
    sys.stdout.write(f"{time.monotonic() - begun}\n")


if __name__ == "__main__":
    asyncio.run(_run(FloorSettings.from_environment(os.environ)))
