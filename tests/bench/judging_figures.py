"""From what was measured to figures with floors and goals."""

from collections.abc import Sequence
from typing import Final

from bench.figures import Figure, Goal, Judged, median, percentile
from bench.measuring import FloorRun, MainRun, Scale
from bench.stage import REQUESTS_PER_SECOND, STRIPE_RATE_LIMITS

OF_A_TENANT: Final = {"patch tenantsubscriptions", "patch tenantsubscriptions/status", "create events"}
"""Writes that each new tenant makes. Counts in the status of plan, backend and cluster are written every few seconds,
however many tenants are new; nudges are left aside."""


def figures_of(scale: Scale, floor: FloorRun, early: Sequence[float], main: MainRun) -> list[Figure]:
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
            median(main.restarts),
            "s",
            median(main.restarts_floor),
            Goal(2.5),
            {**size, "repetitions": len(main.restarts), "all": _brief(main.restarts)},
        ),
        Figure(
            "payment event to flagged tenant, median",
            median(main.events),
            "s",
            median(main.events_floor),
            Goal(4),
            {**size, "payments": len(main.events)},
        ),
        Figure(
            "payment event to flagged tenant, 95th percentile",
            percentile(main.events, 0.95),
            "s",
            percentile(main.events_floor, 0.95),
            Goal(4),
            {**size, "payments": len(main.events)},
        ),
        Figure("memory", main.memory_settled, "MiB", main.memory_floor, Goal(1.5), size),
        Figure("memory after onboarding", main.memory, "MiB", main.memory_floor, None, size),
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
    ]


def _brief(values: Sequence[float]) -> list[float]:
    return [round(value, 3) for value in values]
