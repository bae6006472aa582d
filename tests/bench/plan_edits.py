"""Edits of a plan that concern all its subscribers: each is looked at once; each is moved to another price."""

import asyncio
import functools
import json
import time
from collections.abc import Mapping
from typing import Any, Final

from bench.settling import settled
from bench.stage import Stage
from waiting import wait_for

PLANS: Final = "/apis/tenantbilling.dev/v1alpha1/billingplans"
MERGE: Final = {"Content-Type": "application/merge-patch+json"}
MOVES: Final = "POST /v1/subscriptions/{}"
"""The call that puts a subscription on another price, as the simulator's record names it."""
PATIENCE: Final = 600.0


async def look_at_all(stage: Stage, plan: str, subscribers: int) -> float:
    """Edit what a plan is described as; gives the seconds until each of its objects was looked at for that.

    The plan itself is looked at once more when Stripe tells, a second later, that its product was described anew.
    """
    since, begun = stage.operator.log.stat().st_size, time.time()
    await _edit(stage, plan, {"description": f"As it was at {begun}"})
    return (await settled(stage, since, subscribers)).tenants - begun


async def change_price(stage: Stage, plan: str, subscribers: int, amount: int) -> float:
    """Change what a plan costs, for all at once; gives the seconds until the last subscriber was put on the new price.

    Raises:
        TimeoutError: Somebody is not moved.
    """
    before = await _moves(stage)
    clock = asyncio.get_running_loop()
    begun = clock.time()
    price = {"recurring": {"unitAmount": amount}}
    await _edit(stage, plan, {"price": price, "priceChangePolicy": "Immediately"})

    async def all_are_moved() -> bool:
        return await _moves(stage) - before >= subscribers

    await wait_for(all_are_moved, f"{subscribers} subscribers of {plan} to be moved", PATIENCE)
    taken = clock.time() - begun
    done = functools.partial(_are_all_on, stage, plan, subscribers)
    await wait_for(done, f"{subscribers} subscribers of {plan} to be on the new price", PATIENCE)
    return taken


async def _edit(stage: Stage, plan: str, spec: Mapping[str, Any]) -> None:
    change = json.dumps({"spec": spec})
    answer = await stage.outside.kubernetes.patch(f"{PLANS}/{plan}", content=change, headers=MERGE)
    answer.raise_for_status()


async def _moves(stage: Stage) -> int:
    """How often a subscription was changed so far."""
    answer = await stage.outside.stripe.get("/_sandbox/requests/counts")
    return int(answer.raise_for_status().json()["by_operation"].get(MOVES, 0))


async def _are_all_on(stage: Stage, plan: str, subscribers: int) -> bool:
    """Whether the plan itself says so."""
    found = await stage.outside.from_kubernetes(f"{PLANS}/{plan}")
    status = (found or {}).get("status", {})
    on_price = {each["id"]: each.get("subscriptions", 0) for each in status.get("prices", ())}
    return bool(on_price.get(status.get("priceID"), 0) >= subscribers)
