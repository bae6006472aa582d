"""A usage run: all metered tenants have more devices than before, an interval begins, and they are reported."""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bench import floor_process
from bench.customers import onboard, paying_customers
from bench.settling import settled
from bench.stage import Stage, staged
from tenant_billing_sandbox.environment.installation import apply, samples
from waiting import wait_for

PLAN: Final = "usage"
PLANS: Final = "/apis/tenantbilling.dev/v1alpha1/billingplans"
REPORTS: Final = "POST /v1/billing/meter_events"
"""The call that reports, as the simulator's record names it."""
INTERVAL: Final = 3600
"""Seconds between two counts, as ``metering.interval`` has it by default."""
REGISTERING: Final = 16
PATIENCE: Final = 600.0


@dataclass(frozen=True)
class UsageRun:
    """Seconds from the interval's begin until the last tenant was reported."""

    operator: float
    floor: float


async def usage_run(names: list[str], tell: Callable[[str], None]) -> UsageRun:
    """Subscribe tenants to a metered plan, let them grow, and count and report them: the operator, then the floor."""
    async with staged() as stage, paying_customers(stage) as tenants:
        tell(f"operator: {len(names)} metered tenants")
        await apply(stage.plane, _plan())
        await stage.operator.start(stage.kubeconfig)
        await wait_for(functools.partial(_is_ready, stage), f"plan {PLAN} to be ready", PATIENCE)
        await onboard(stage, tenants, names, PLAN)
        await settled(stage, 0, len(names))
        tell("operator: an interval begins")
        await _grow(stage, names)
        operator = await _reported(stage, len(names))
        await stage.operator.stop()
        tell("floor: the same")
        floor = await floor_process.least_usage_run(stage, len(names))
    return UsageRun(operator, floor.work)


def _plan() -> dict[str, Any]:
    """The sample plan, sold by the device."""
    plan, _ = samples("billingplan")
    plan["metadata"]["name"] = PLAN
    plan["spec"]["price"] = {"metered": {"currency": "EUR", "interval": "Month", "unitAmount": 50}}
    return plan


async def _is_ready(stage: Stage) -> bool:
    found = await stage.outside.from_kubernetes(f"{PLANS}/{PLAN}")
    conditions = (found or {}).get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def _grow(stage: Stage, names: list[str]) -> None:
    """Each tenant registers one device more."""
    slots = asyncio.Semaphore(REGISTERING)

    async def register(name: str) -> None:
        async with slots:
            path = f"/_sandbox/tenants/{name}/entities"
            (await stage.outside.things_stack.post(path, json={"end_devices": 1})).raise_for_status()

    await asyncio.gather(*(register(name) for name in names))


async def _reported(stage: Stage, tenants: int) -> float:
    """Begin the next interval; gives the seconds until as many reports were sent as there are tenants.

    Raises:
        TimeoutError: Somebody is not reported.
    """
    before = await _reports(stage)
    clock = asyncio.get_running_loop()
    begun = clock.time()
    await stage.outside.drive_stripe("/_sandbox/clock/advance", {"seconds": INTERVAL})

    async def all_are_reported() -> bool:
        return await _reports(stage) - before >= tenants

    await wait_for(all_are_reported, f"{tenants} tenants to be reported", PATIENCE)
    return clock.time() - begun


async def _reports(stage: Stage) -> int:
    answer = await stage.outside.stripe.get("/_sandbox/requests/counts")
    return int(answer.raise_for_status().json()["by_operation"].get(REPORTS, 0))
