"""The measurements, in the order in which they build on one another."""

import asyncio
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench import floor_process, payments, plan_edits
from bench.customers import Tenants, onboard, paying_customers
from bench.observing import by_kind, processor_seconds, resident_mebibytes
from bench.settling import QUIET, settled
from bench.stage import PLAN, PROBE_PLAN, USER, Stage, staged
from waiting import wait_for

Tell = Callable[[str], None]

CURSOR: Final = 35.0
"""Seconds after which the cursor of the event list was written: at most one write in 30 s."""
PATIENCE: Final = 300.0
DEARER: Final = 5900
"""Minor units of the price that subscribers are moved to."""


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        tenants: How many exist.
        few: How many exist when the first probes are subscribed.
        probes: Tenants that are subscribed one by one.
        repetitions: Of what is cheap to repeat.
        cursor: Seconds to wait, before a restart, for the event cursor to be written.
    """

    tenants: int = 1000
    few: int = 100
    probes: int = 20
    repetitions: int = 3
    cursor: float = CURSOR

    @property
    def objects(self) -> int:
        """How many exist in the end: probes are subscribed for the operator, and others for the floor."""
        return self.tenants + 2 * self.probes


@dataclass(frozen=True)
class FloorRun:
    """What the floor did in the operator's place.

    Attributes:
        onboarding: Seconds.
        processor: Seconds of processor time that it used for that.
        writes: Writes to Kubernetes for each tenant.
    """

    onboarding: float
    processor: float
    writes: float


@dataclass(frozen=True)
class SettledRun:
    """What was measured with all tenants settled, of the operator or of the floors in its place; seconds, and MiB.

    Attributes:
        events: From each failed payment to its flag.
        memory: Resident.
        restarts: From the start of the process until nothing waits.
        full_passes: Until everything was looked at once.
        price_change: Until the last subscriber was put on another price.
    """

    events: Sequence[float]
    memory: float
    restarts: Sequence[float]
    full_passes: Sequence[float]
    price_change: float


@dataclass(frozen=True)
class MainRun:
    """What was measured with all tenants.

    Attributes:
        onboarding: Seconds from the first apply to the last Ready.
        processor: Seconds of processor time that the operator used for that.
        writes: Writes to Kubernetes by kind, for all tenants.
        late: Seconds of each tenant subscribed one by one, when all exist.
        memory: MiB of the operator after all that.
        operator: With all tenants settled.
        floor: The same of the floors.
    """

    onboarding: float
    processor: float
    writes: dict[str, int]
    late: Sequence[float]
    memory: float
    operator: SettledRun
    floor: SettledRun


def named(prefix: str, count: int) -> list[str]:
    """Ids of tenants."""
    return [f"{prefix}-{number:05d}" for number in range(count)]


async def floor_run(scale: Scale, tell: Tell) -> FloorRun:
    """Let the least operator take all tenants on board."""
    tell(f"floor: {scale.tenants} tenants")
    async with staged() as stage, floor_process.least_operator(stage), paying_customers(stage) as tenants:
        since = stage.plane.audit.position()
        worked = processor_seconds("bench.floors.least_operator")
        seconds = await onboard(stage, tenants, named("acme", scale.tenants))
        worked = processor_seconds("bench.floors.least_operator") - worked
        writes = len(stage.plane.audit.writes(since, USER))
    return FloorRun(seconds, worked, writes / scale.tenants)


async def few_run(scale: Scale, tell: Tell) -> list[float]:
    """Subscribe probes when few tenants exist."""
    tell(f"operator: {scale.probes} tenants one by one, beside {scale.few}")
    async with staged() as stage, paying_customers(stage) as tenants:
        await _start(stage)
        await onboard(stage, tenants, named("acme", scale.few))
        return await payments.subscribe_apart(stage, tenants, named("probe", scale.probes))


async def main_run(scale: Scale, tell: Tell) -> MainRun:
    """Everything that needs all tenants."""
    async with staged() as stage, paying_customers(stage) as tenants:
        await _start(stage)
        since = stage.plane.audit.position()
        tell(f"operator: {scale.tenants} tenants")
        worked = processor_seconds("tenant_billing")
        onboarding = await onboard(stage, tenants, named("acme", scale.tenants))
        worked = processor_seconds("tenant_billing") - worked
        await settled(stage, 0, scale.tenants)
        writes = by_kind(stage.plane.audit.writes(since, USER))
        tell(f"operator: {scale.probes} tenants one by one, beside {scale.tenants}")
        first, second = named("probe", scale.probes), named("other", scale.probes)
        late = await payments.subscribe_apart(stage, tenants, first)
        await payments.subscribe_apart(stage, tenants, second)
        tell(f"operator: {scale.probes} payments fail")
        events = await payments.fail(stage, tenants, first)
        memory = resident_mebibytes("tenant_billing")
        operator = await _operator_settled(stage, scale, events, tell)
        floor = await _floors(stage, scale, tenants, second, tell)
    return MainRun(onboarding, worked, dict(writes), late, memory, operator, floor)


async def _operator_settled(stage: Stage, scale: Scale, events: Sequence[float], tell: Tell) -> SettledRun:
    """Restart a settled operator some times, let it look at everything, and let it move all; it ends with that."""
    await asyncio.sleep(scale.cursor)
    restarts = []
    for number in range(1, scale.repetitions + 1):
        tell(f"operator: restart {number} of {scale.repetitions}")
        await stage.operator.stop()
        since, begun = stage.operator.log.stat().st_size, time.time()
        await stage.operator.start(stage.kubeconfig, wait=False)
        restarts.append((await settled(stage, since, scale.objects)).everything - begun)
    memory = resident_mebibytes("tenant_billing")
    tell(f"operator: a look at {scale.tenants} tenants, and another price for them")
    looks = [await plan_edits.look_at_all(stage, PLAN, scale.tenants) for _ in range(scale.repetitions)]
    price_change = await plan_edits.change_price(stage, PLAN, scale.tenants, DEARER)
    await stage.operator.stop()
    return SettledRun(events, memory, restarts, looks, price_change)


async def _floors(
    stage: Stage, scale: Scale, tenants: Tenants, names: Sequence[str], tell: Tell
) -> SettledRun:
    """The floors of all that, in the operator's place."""
    tell("floors: restart, full pass, price change, memory, payments")
    starts = [await floor_process.least_start(stage, scale.objects) for _ in range(scale.repetitions)]
    moved = await floor_process.least_price_change(stage, scale.tenants)
    async with floor_process.empty_operator(stage, scale.objects):
        await asyncio.sleep(QUIET)
        memory = resident_mebibytes("bench.floors.empty_operator")
    async with floor_process.least_operator(stage):
        events = await payments.fail(stage, tenants, names)
    return SettledRun(
        events, memory, [each.whole for each in starts], [each.work for each in starts], moved.work
    )


async def _start(stage: Stage) -> None:
    """Start the operator, and wait for the plans."""
    await stage.operator.start(stage.kubeconfig)
    for plan in (PLAN, PROBE_PLAN):
        await wait_for(functools.partial(_plan_is_ready, stage, plan), f"plan {plan} to be ready", PATIENCE)


async def _plan_is_ready(stage: Stage, plan: str) -> bool:
    found = await stage.outside.from_kubernetes(f"/apis/tenantbilling.dev/v1alpha1/billingplans/{plan}")
    conditions = (found or {}).get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
