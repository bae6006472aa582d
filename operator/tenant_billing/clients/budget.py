"""How many requests one account gets per second, shared by all work: the urgent first (product.md, "Budgets").

A budget is a bucket of N tokens, each of which comes back one second after it was taken: no second ever sees more than
N requests, and a short burst after silence does not wait. Besides, each operation has a bucket of its own, because
Stripe limits every endpoint too (stripe.md 5.4).
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tenant_billing.ports import UNMEASURED, CallMeter, Clock

SECOND: Final = 1.0
URGENT_IN_A_ROW: Final = 9
"""After so many urgent requests one that is not urgent goes first, so that a resync ends even under load."""


class Bucket:
    """Tokens that each come back one second after they were taken."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"a bucket needs at least one token, not {size}")
        self._taken: deque[float] = deque(maxlen=size)
        self._size = size

    def ready_at(self, now: float) -> float:
        """When a token is there: now, or later."""
        return now if len(self._taken) < self._size else max(now, self._taken[0] + SECOND)

    def take(self, now: float) -> None:
        """Take the token that has been there longest."""
        self._taken.append(now)


@dataclass(order=True)
class _Place:
    """One request that waits for its turn."""

    sequence: int
    turn: "asyncio.Future[None]" = field(compare=False)


class _Lane:
    """Those who wait for one operation."""

    def __init__(self, size: int) -> None:
        self.bucket = Bucket(size)
        self._waiting: dict[bool, deque[_Place]] = {True: deque(), False: deque()}

    def join(self, place: _Place, *, urgent: bool) -> None:
        self._waiting[urgent].append(place)

    def first(self, *, urgent: bool) -> _Place | None:
        """The first who still waits; the places of those who gave up are dropped."""
        waiting = self._waiting[urgent]
        while waiting and waiting[0].turn.done():
            waiting.popleft()
        return waiting[0] if waiting else None

    def leave(self, *, urgent: bool) -> _Place:
        return self._waiting[urgent].popleft()

    def is_empty(self) -> bool:
        return self.first(urgent=True) is None and self.first(urgent=False) is None


class Budget:
    """The requests per second of one account.

    Args:
        requests_per_second: Of all operations together.
        clock: Whose monotonic seconds count.
        per_operation: Requests per second of single operations.
        per_operation_default: Of every other operation; None: only the budget of all together counts.
        meter: Measures how long requests wait.
    """

    def __init__(
        self,
        requests_per_second: int,
        clock: Clock,
        *,
        per_operation: Mapping[str, int] | None = None,
        per_operation_default: int | None = None,
        meter: CallMeter = UNMEASURED,
    ) -> None:
        self._clock = clock
        self._meter = meter
        self._all = Bucket(requests_per_second)
        self._sizes = per_operation or {}
        self._default_size = per_operation_default or requests_per_second
        self._lanes: dict[str, _Lane] = {}
        self._sequence = itertools.count()
        self._urgent_in_a_row = 0
        self._timer: asyncio.TimerHandle | None = None

    async def admit(self, operation: str, *, urgent: bool) -> None:
        """Wait for the turn of one request. Whoever is cancelled while waiting takes nothing from the budget."""
        lane = self._lanes.get(operation)
        if lane is None:
            lane = self._lanes[operation] = _Lane(self._sizes.get(operation, self._default_size))
        place = _Place(next(self._sequence), asyncio.get_running_loop().create_future())
        begun = self._clock.monotonic()
        self._meter.queued()
        try:
            lane.join(place, urgent=urgent)
            self._grant()
            await place.turn
        finally:
            self._meter.admitted(self._clock.monotonic() - begun)

    def _grant(self) -> None:
        """Give every token that is there to whoever comes first, and wake up for the next one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.monotonic()
        while (ready_at := self._ready_at(now)) is not None:
            if ready_at > now:
                self._timer = asyncio.get_running_loop().call_later(ready_at - now, self._grant)
                return
            self._grant_one(now)

    def _ready_at(self, now: float) -> float | None:
        """When somebody's turn comes, None where nobody waits."""
        lanes = [lane for lane in self._lanes.values() if not lane.is_empty()]
        if not lanes:
            return None
        return max(self._all.ready_at(now), min(lane.bucket.ready_at(now) for lane in lanes))

    def _grant_one(self, now: float) -> None:
        ready = [lane for lane in self._lanes.values() if lane.bucket.ready_at(now) <= now]
        urgent_first = self._urgent_in_a_row < URGENT_IN_A_ROW
        for urgent in (urgent_first, not urgent_first):
            firsts = [(place, lane) for lane in ready if (place := lane.first(urgent=urgent)) is not None]
            if firsts:
                place, lane = min(firsts, key=lambda each: each[0])
                lane.leave(urgent=urgent)
                lane.bucket.take(now)
                self._all.take(now)
                self._urgent_in_a_row = self._urgent_in_a_row + 1 if urgent else 0
                place.turn.set_result(None)
                return
