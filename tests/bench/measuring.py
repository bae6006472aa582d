"""The measurements, in the order in which they build on one another."""

import asyncio
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bench import floor_process, payments
from bench.customers import onboard, paying_customers
from bench.observing import DONE, by_kind, passes, processor_seconds, resident_mebibytes
from bench.stage import PLAN, PROBE_PLAN, USER, Stage, staged
from waiting import wait_for

Tell = Callable[[str], None]

QUIET: Final = 3.0
"""Seconds without a pass after which nothing waits any more."""
CURSOR: Final = 35.0
"""Seconds after which the cursor of the event list was written: at most one write in 30 s."""
PATIENCE: Final = 300.0
POLL_INTERVAL: Final = 0.25
PERIODIC: Final = frozenset({"BillingBackend", "ThingsStackCluster"})
"""Kinds that are looked at every few seconds, whatever happens."""


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
class MainRun:
    """What was measured with all tenants; seconds, and MiB.

    Attributes:
        onboarding: From the first apply to the last Ready.
        processor: Seconds of processor time that the operator used for that.
        writes: Writes to Kubernetes by kind, for all tenants.
        late: Of each tenant subscribed one by one, when all exist.
        events: From each failed payment to its flag.
        events_floor: The same, with the floor in the operator's place.
        memory: Of the operator after all that.
        memory_settled: After a restart.
        memory_floor: Of kopf with an empty handler.
        restarts: From the start of the process until nothing waits.
        restarts_floor: Of the floor.
    """

    onboarding: float
    processor: float
    writes: dict[str, int]
    late: Sequence[float]
    events: Sequence[float]
    events_floor: Sequence[float]
    memory: float
    memory_settled: float
    memory_floor: float
    restarts: Sequence[float]
    restarts_floor: Sequence[float]


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
        await _settled(stage, 0, scale.tenants)
        writes = by_kind(stage.plane.audit.writes(since, USER))
        tell(f"operator: {scale.probes} tenants one by one, beside {scale.tenants}")
        first, second = named("probe", scale.probes), named("other", scale.probes)
        late = await payments.subscribe_apart(stage, tenants, first)
        await payments.subscribe_apart(stage, tenants, second)
        tell(f"operator: {scale.probes} payments fail")
        events = await payments.fail(stage, tenants, first)
        memory = resident_mebibytes("tenant_billing")
        objects = scale.tenants + 2 * scale.probes
        restarts, memory_settled = await _restarts(stage, scale, objects, tell)
        tell("floors: restart, memory, payments")
        restarts_floor = [await floor_process.least_start(stage, objects) for _ in range(scale.repetitions)]
        async with floor_process.empty_operator(stage, objects):
            await asyncio.sleep(QUIET)
            memory_floor = resident_mebibytes("bench.floors.empty_operator")
        async with floor_process.least_operator(stage):
            events_floor = await payments.fail(stage, tenants, second)
    return MainRun(
        onboarding,
        worked,
        dict(writes),
        late,
        events,
        events_floor,
        memory,
        memory_settled,
        memory_floor,
        restarts,
        restarts_floor,
    )


async def _restarts(stage: Stage, scale: Scale, objects: int, tell: Tell) -> tuple[list[float], float]:
    """Restart a settled operator some times; gives the seconds of each, and its memory in the end."""
    await asyncio.sleep(scale.cursor)
    taken = []
    for number in range(1, scale.repetitions + 1):
        tell(f"operator: restart {number} of {scale.repetitions}")
        await stage.operator.stop()
        since, begun = stage.operator.log.stat().st_size, time.time()
        await stage.operator.start(stage.kubeconfig, wait=False)
        taken.append(await _settled(stage, since, objects) - begun)
    memory = resident_mebibytes("tenant_billing")
    await stage.operator.stop()
    return taken, memory


async def _start(stage: Stage) -> None:
    """Start the operator, and wait for the plans."""
    await stage.operator.start(stage.kubeconfig)
    for plan in (PLAN, PROBE_PLAN):
        await wait_for(functools.partial(_plan_is_ready, stage, plan), f"plan {plan} to be ready", PATIENCE)


async def _plan_is_ready(stage: Stage, plan: str) -> bool:
    found = await stage.outside.from_kubernetes(f"/apis/tenantbilling.dev/v1alpha1/billingplans/{plan}")
    conditions = (found or {}).get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def _settled(stage: Stage, since: int, objects: int) -> float:
    """Wait until each object was passed with an end, and nothing waits.

    Gives the time of the last pass, seconds since the epoch.

    Raises:
        TimeoutError: It takes too long.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = [each for each in passes(stage.operator.log, since) if each.key[0] not in PERIODIC]
            results = {each.key: each.result for each in seen}
            tenants = [result for key, result in results.items() if key[0] == "TenantSubscription"]
            last = max((each.at for each in seen), default=0.0)
            if len(tenants) >= objects and DONE.issuperset(results.values()) and time.time() - last > QUIET:
                return last
            await asyncio.sleep(POLL_INTERVAL)
