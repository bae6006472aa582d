"""How long nobody leads: two replicas compete for one Lease by the real algorithm, on a virtual clock.

The figures are those of docs/high-availability.md. Processes that are really killed are in tests/integration.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from hand_clock import NOW
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.lease import KubernetesLease
from tenant_billing.ports import ObjectConflict, ObjectGone
from tenant_billing.runtime.leadership import Leadership, LeaseTiming
from virtual_time import run_virtually

TIMING = LeaseTiming()
PASS = 5.0
"""Seconds that a pass under way needs to end."""
STEADY = 30.0
"""Seconds after which the one leads and the other has looked often."""
MOMENTS = [number * 0.25 for number in range(8)]
"""Between two renewals, which are two seconds apart."""


class OneLease(KubernetesApi):
    """An API server that holds one Lease, and takes a write of the version that it holds only."""

    def __init__(self) -> None:
        self._lease: dict[str, Any] | None = None
        self._version = 0

    async def call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        if method == "GET":
            if self._lease is None:
                raise ObjectGone("no Lease yet")
            return self._lease
        body: dict[str, Any] = sent["body"]
        version = None if self._lease is None else self._lease["metadata"]["resourceVersion"]
        if body["metadata"].get("resourceVersion") != version:
            raise ObjectConflict("of another version")
        self._version += 1
        self._lease = body | {"metadata": body["metadata"] | {"resourceVersion": str(self._version)}}
        return self._lease


class LoopClock:
    """The virtual clock of the loop."""

    def now(self) -> datetime:
        return NOW + timedelta(seconds=_now())

    def monotonic(self) -> float:
        return _now()


@dataclass
class Replica:
    """One process: when it began to work, and when it had ended."""

    api: KubernetesApi
    name: str
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    async def run(self) -> None:
        lease = KubernetesLease(self.api, LoopClock(), "system", "operator", self.name, TIMING.duration)
        await Leadership(lease, TIMING).run(self._work, self.stop)

    async def _work(self, end: asyncio.Event) -> None:
        self.began.append(_now())
        try:
            await end.wait()
            await asyncio.sleep(PASS)
        finally:
            self.ended.append(_now())


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def two_replicas(apart: float) -> AsyncIterator[tuple[Replica, "asyncio.Task[None]", Replica]]:
    """The one that leads, its process, and the one that began so many seconds later; both end in the end."""
    api = OneLease()
    first, second = Replica(api, "first"), Replica(api, "second")
    leading = asyncio.create_task(first.run())
    await asyncio.sleep(apart)
    following = asyncio.create_task(second.run())
    try:
        yield first, leading, second
    finally:
        for each in (first, second):
            each.stop.set()
        await asyncio.wait([leading, following])


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("apart", [0.1, 0.7, 1.9])
def test_another_leads_within_seventeen_seconds_of_a_kill_and_not_before_the_lease_has_run_out(
    moment: float, apart: float
) -> None:
    async def seconds_without_a_leader() -> float:
        async with two_replicas(apart) as (_, leading, second):
            await asyncio.sleep(STEADY + moment)
            assert second.began == []
            leading.cancel()  # it gives nothing back
            killed = _now()
            await asyncio.sleep(TIMING.duration + 2 * TIMING.retry_period)
            return second.began[0] - killed

    without = run_virtually(seconds_without_a_leader())
    assert TIMING.duration - TIMING.retry_period <= without <= TIMING.duration + TIMING.retry_period


@pytest.mark.parametrize("moment", MOMENTS)
def test_another_leads_two_seconds_after_the_passes_of_one_that_is_told_to_stop_and_never_beside_them(
    moment: float,
) -> None:
    async def told_ended_and_began() -> tuple[float, float, float]:
        async with two_replicas(0.7) as (first, _, second):
            await asyncio.sleep(STEADY + moment)
            first.stop.set()
            told = _now()
            await asyncio.sleep(TIMING.duration)
            return told, first.ended[0], second.began[0]

    told, ended, began = run_virtually(told_ended_and_began())
    assert ended == pytest.approx(told + PASS)
    assert ended <= began <= ended + TIMING.retry_period
