"""From what was measured to figures with floors and goals."""

from collections.abc import Mapping, Sequence
from typing import Final

from bench.figures import Figure, Goal, Judged, median, percentile
from bench.floors.least_price_change import PER_SECOND
from bench.measuring import FloorRun, MainRun, Scale, SettledRun
from bench.stage import REQUESTS_PER_SECOND, STRIPE_RATE_LIMITS
from bench.usage_run import UsageRun

OF_A_TENANT: Final = {"patch tenantsubscriptions", "patch tenantsubscriptions/status", "create events"}
"""Writes that each new tenant makes. Counts in the status of plan, backend and cluster are written every few seconds,
however many tenants are new; nudges are left aside."""


def figures_of(
    scale: Scale, floor: FloorRun, early: Sequence[float], main: MainRun, usage: UsageRun
) -> list[Figure]:
    """All figures, in the order of the goals."""
    size = {"tenants": scale.tenants}
    writes = {name: round(count / scale.tenants, 3) for name, count in sorted(main.writes.items())}
    return [
        Figure(
            "onboarding",
            main.onboarding,
            "s",
            floor.onboarding,
            Goal(2.5),
            {
                **size,
                "stripeRateLimits": STRIPE_RATE_LIMITS,
                "requestsPerSecond": REQUESTS_PER_SECOND,
                "processorSeconds": round(main.processor, 1),
                "processorSecondsOfFloor": round(floor.processor, 1),
            },
        ),
        Figure(
            "restart",
            median(main.operator.restarts),
            "s",
            median(main.floor.restarts),
            Goal(2.5),
            {**size, "repetitions": len(main.operator.restarts), "all": _brief(main.operator.restarts)},
        ),
        Figure(
            "payment event to flagged tenant, median",
            median(main.operator.events),
            "s",
            median(main.floor.events),
            Goal(4),
            {**size, "payments": len(main.operator.events)},
        ),
        Figure(
            "payment event to flagged tenant, 95th percentile",
            percentile(main.operator.events, 0.95),
            "s",
            percentile(main.floor.events, 0.95),
            Goal(4),
            {**size, "payments": len(main.operator.events)},
        ),
        Figure("memory", main.operator.memory, "MiB", main.floor.memory, Goal(1.5), size),
        Figure("memory after onboarding", main.memory, "MiB", main.floor.memory, None, size),
        Figure(
            "writes to Kubernetes for a new tenant",
            sum(count for name, count in main.writes.items() if name in OF_A_TENANT) / scale.tenants,
            "writes",
            floor.writes,
            Goal(5, Judged.VALUE),
            {**size, "each": writes},
        ),
        Figure(
            "growth: one tenant more, median",
            median(main.late),
            "s",
            median(early),
            Goal(1.2),
            {**size, "beside": [scale.few, scale.tenants], "probes": scale.probes},
        ),
        *_of_a_plan(size, main.operator, main.floor),
        Figure(
            "usage run",
            usage.operator,
            "s",
            usage.floor,
            Goal(2),
            {**size, "requestsPerSecondAndOperation": PER_SECOND},
        ),
    ]


def _of_a_plan(size: Mapping[str, int], operator: SettledRun, floor: SettledRun) -> list[Figure]:
    """What an edit of a plan comes to for all that are on it."""
    return [
        Figure(
            "full pass",
            median(operator.full_passes),
            "s",
            median(floor.full_passes),
            Goal(2.5),
            {**size, "repetitions": len(operator.full_passes), "all": _brief(operator.full_passes)},
        ),
        Figure(
            "price change",
            operator.price_change,
            "s",
            floor.price_change,
            Goal(1.2),
            {**size, "requestsPerSecondAndOperation": PER_SECOND},
        ),
    ]


def _brief(values: Sequence[float]) -> list[float]:
    return [round(value, 3) for value in values]
