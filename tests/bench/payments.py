"""A payment that fails, from the moment it falls due until The Things Stack is asked to flag the tenant."""

import asyncio
import functools
from collections.abc import Sequence
from typing import Final

from bench.customers import Tenants, onboard
from bench.stage import PROBE_PLAN, Stage
from tenant_billing_sandbox.environment.outside import Outside
from waiting import wait_for

APART: Final = 20 * 60
"""Seconds of Stripe's time between two subscriptions, and so between two renewals; all of them lie within a day."""
SHORTLY_BEFORE: Final = 60
DAY: Final = 24 * 3600
PATIENCE: Final = 60.0
CHARGES: Final = {"draft_seconds": 0, "retry_intervals": [90 * DAY]}
"""A renewal is charged at once, and a charge that failed is not tried again."""


async def subscribe_apart(stage: Stage, tenants: Tenants, names: Sequence[str]) -> list[float]:
    """Subscribe tenants to the daily plan, one after the other, so that each renews at a time of its own.

    Gives the seconds that each took to be ready.
    """
    taken = []
    for name in names:
        taken.append(await onboard(stage, tenants, [name], PROBE_PLAN))
        await _advance(stage.outside, APART)
    return taken


async def fail(stage: Stage, tenants: Tenants, names: Sequence[str]) -> list[float]:
    """Let one renewal after the other fail; gives the seconds from each failure to the write that flags the tenant.

    Raises:
        ValueError: A renewal fell due before its turn.
        TimeoutError: A tenant is not flagged.
    """
    await stage.outside.drive_stripe("/_sandbox/account", CHARGES)
    taken = []
    for name in names:
        card = f"/_sandbox/customers/{tenants.customers[name]}/card"
        await stage.outside.drive_stripe(card, {"behavior": "declines"})
        await _advance(stage.outside, await _due(stage, tenants.subscriptions[name]) - SHORTLY_BEFORE)
        taken.append(await _fail(stage, name, tenants.subscriptions[name]))
    return taken


async def _fail(stage: Stage, name: str, subscription: str) -> float:
    """A delay of no length tells at once when the tenant is written, and costs operator and floor the same."""
    outside = stage.outside
    watched = {"effect": "delay", "seconds": 0, "method": "PUT", "path": f"/api/v3/tenants/{name}"}
    script = await outside.things_stack.post("/_sandbox/faults", json=watched)
    fault = f"/_sandbox/faults/{script.raise_for_status().json()['id']}"
    written = asyncio.create_task(outside.things_stack.get(fault, params={"until": "hit"}, timeout=PATIENCE))
    seconds_left = await _due(stage, subscription)
    clock = asyncio.get_running_loop()
    begun = clock.time()
    await _advance(outside, seconds_left)
    (await written).raise_for_status()
    taken = clock.time() - begun
    await outside.things_stack.delete(fault)
    await wait_for(functools.partial(_is_flagged, outside, name), f"tenant {name} to be flagged", PATIENCE)
    return taken


async def _due(stage: Stage, subscription: str) -> int:
    """Seconds of Stripe's time until a subscription renews."""
    found = await stage.outside.from_stripe(f"/v1/subscriptions/{subscription}")
    (item,) = found["items"]["data"]
    now = (await stage.outside.stripe.get("/_sandbox/clock")).json()["now"]
    return int(item["current_period_end"]) - int(now)


async def _advance(outside: Outside, seconds: int) -> None:
    if seconds < 0:
        raise ValueError("a renewal fell due before its turn")
    await outside.drive_stripe("/_sandbox/clock/advance", {"seconds": seconds})


async def _is_flagged(outside: Outside, name: str) -> bool:
    tenant = await outside.tenant(name)
    return tenant is not None and tenant["state"] == "STATE_FLAGGED"
