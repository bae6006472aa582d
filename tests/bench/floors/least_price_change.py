"""The floor of a price change: make a price, and put every subscriber of a plan on it, as fast as Stripe lets.

It remembers nothing, reads nobody afresh, and tells neither the tenants nor Kubernetes.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from typing import Any, Final

import httpx

from bench.floors.settings import FloorSettings

PER_SECOND: Final = 25
"""Of one operation, live and in a sandbox: the least possible calls take this long, whoever makes them."""
PAGE: Final = 100


async def _subscriptions(stripe: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        query = {"limit": str(PAGE)} | ({"starting_after": found[-1]["id"]} if found else {})
        page = (await stripe.get("/v1/subscriptions", params=query)).raise_for_status().json()
        found += page["data"]
        if not page["has_more"]:
            return found


async def _dearer(stripe: httpx.AsyncClient, price: dict[str, Any]) -> str:
    fields = {
        "product": price["product"],
        "currency": price["currency"],
        "unit_amount": str(price["unit_amount"] + 100),
        "tax_behavior": price["tax_behavior"],
        "recurring[interval]": price["recurring"]["interval"],
    }
    return str((await stripe.post("/v1/prices", data=fields)).raise_for_status().json()["id"])


async def _move(
    stripe: httpx.AsyncClient, begun: float, number: int, item: dict[str, Any], price: str
) -> None:
    await asyncio.sleep(begun + number // PER_SECOND - time.monotonic())
    fields = {"items[0][id]": item["id"], "items[0][price]": price}
    (await stripe.post(f"/v1/subscriptions/{item['subscription']}", data=fields)).raise_for_status()


async def _run(settings: FloorSettings) -> None:
    begun = time.monotonic()
    async with settings.stripe() as stripe:
        items = [each["items"]["data"][0] for each in await _subscriptions(stripe)]
        (most_sold, _), *_ = Counter(each["price"]["id"] for each in items).most_common(1)
        sold = [each for each in items if each["price"]["id"] == most_sold]
        if len(sold) < settings.objects:
            raise RuntimeError(f"{len(sold)} subscribers were seen, not {settings.objects}")
        price = await _dearer(stripe, sold[0]["price"])
        first = time.monotonic()
        await asyncio.gather(*(_move(stripe, first, number, item, price) for number, item in enumerate(sold)))
    sys.stdout.write(f"{time.monotonic() - begun}\n")


if __name__ == "__main__":
    asyncio.run(_run(FloorSettings.from_environment(os.environ)))
