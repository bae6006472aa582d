"""The keyed queue: each object waits at most once, is never worked on twice at a time, and is never forgotten.

States of a key: waiting (urgent or not), running, running with another pass asked for, resting until a timer, idle.
Timers follow the event loop's clock, so that tests run on a virtual one.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final

import structlog

from tenant_billing.ports import ObjectKey, Outcome, QueueSeen

Process = Callable[[ObjectKey], Awaitable[Outcome]]
Jitter = Callable[[float], float]

URGENT_IN_A_ROW: Final = 9
"""After so many urgent passes one that is not urgent begins: counting and resyncs go on whoever keeps editing."""


def spread(delay: float) -> float:
    """A delay cut by up to half at random, so that what failed together does not come back together."""
    return delay * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, protects nothing


@dataclass(frozen=True)
class RetryDelay:
    """How long to rest after each pass in a row that asked for a retry.

    Attributes:
        first: Seconds after the first one; doubled with each further one.
        longest: Seconds that are never exceeded.
        jitter: Gives the seconds to rest from the seconds due.
    """

    first: float = 1.0
    longest: float = 300.0
    jitter: Jitter = spread

    def delay(self, failures: int) -> float:
        """Seconds to rest after that many failed passes in a row (1 for the first)."""
        doublings = min(failures - 1, 30)
        return self.jitter(min(self.first * 2.0**doublings, self.longest))


class WorkQueue:
    """The work that waits, and the workers that do it.

    Keys may be added before anybody works: they wait. When workers are cancelled, the keys they had begun wait again.
    """

    def __init__(self, retry_delay: RetryDelay | None = None) -> None:
        self._retry_delay = retry_delay or RetryDelay()
        self._urgent: dict[ObjectKey, float] = {}
        self._normal: dict[ObjectKey, float] = {}
        self._urgent_in_a_row = 0
        self._working_since = 0.0
        self._running: set[ObjectKey] = set()
        self._again: dict[ObjectKey, bool] = {}
        self._timers: dict[ObjectKey, asyncio.TimerHandle] = {}
        self._failures: dict[ObjectKey, int] = {}
        self._arrival = asyncio.Event()
        self._log = structlog.get_logger("queue")

    def add(self, key: ObjectKey, *, urgent: bool = True) -> None:
        """Look at an object as soon as possible; the urgent go first, and hold the others not for ever."""
        if key in self._running:
            self._again[key] = self._again.get(key, False) or urgent
            return
        now = asyncio.get_running_loop().time()
        if urgent:
            since = self._normal.pop(key, now)
            self._urgent.setdefault(key, since)
        elif key not in self._urgent:
            self._normal.setdefault(key, now)
        self._arrival.set()

    def add_after(self, key: ObjectKey, delay: float) -> None:
        """Look at an object in some seconds at the latest; of several such wishes the earliest counts."""
        loop = asyncio.get_running_loop()
        due = loop.time() + delay
        resting = self._timers.get(key)
        if resting is not None:
            if resting.when() <= due:
                return
            resting.cancel()
        self._timers[key] = loop.call_at(due, self._wake, key)

    async def work(self, process: Process, workers: int, stop: asyncio.Event) -> None:
        """Work until told to stop, then finish the passes under way.

        Args:
            process: One pass. An exception that escapes it is a defect: logged with its trace, and a wish for a retry.
            workers: Passes at a time.
            stop: Begin no new pass once set.
        """
        self._working_since = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._wake_workers_on(stop))
            for _ in range(workers):
                group.create_task(self._worker(process, stop))

    def is_worked_on(self, key: ObjectKey) -> bool:
        """Whether a pass of this key is under way."""
        return key in self._running

    def waiting(self) -> Collection[ObjectKey]:
        """The keys whose turn it is, the urgent first."""
        return [*self._urgent, *self._normal]

    def resting(self) -> Collection[ObjectKey]:
        """The keys that wait for a timer."""
        return list(self._timers)

    def seen(self) -> QueueSeen:
        """How it stands now. Whoever waited before anybody worked waits since then."""
        since = min((*self._urgent.values(), *self._normal.values()), default=None)
        waited = 0.0
        if since is not None:
            waited = asyncio.get_running_loop().time() - max(since, self._working_since)
        return QueueSeen(
            waiting=len(self._urgent) + len(self._normal),
            running=len(self._running),
            failing=len(self._failures),
            oldest_wait=waited,
        )

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing runs; what rests until a timer does not count."""
        return not (self._urgent or self._normal or self._running)

    async def _wake_workers_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._arrival.set()

    async def _worker(self, process: Process, stop: asyncio.Event) -> None:
        while not stop.is_set():
            key = self._take()
            if key is None:
                self._arrival.clear()
                await self._arrival.wait()
                continue
            await self._pass(key, process)
        self._arrival.set()  # the next worker that sleeps has to see the stop, too

    def _take(self) -> ObjectKey | None:
        urgent_first = self._urgent_in_a_row < URGENT_IN_A_ROW
        waiting = self._urgent if self._urgent and (urgent_first or not self._normal) else self._normal
        key = next(iter(waiting), None)
        if key is None:
            return None
        self._urgent_in_a_row = self._urgent_in_a_row + 1 if waiting is self._urgent else 0
        del waiting[key]
        self._running.add(key)
        self._forget_timer(key)
        return key

    async def _pass(self, key: ObjectKey, process: Process) -> None:
        outcome: Outcome | None = None
        try:
            outcome = await process(key)
        except asyncio.CancelledError:
            self._again.setdefault(key, True)
            raise
        except Exception:  # noqa: BLE001 - a defect in one pass stops no other; it is logged with its trace
            self._log.exception(
                "pass broken off by a defect", kind=key.kind, namespace=key.namespace, name=key.name
            )
            outcome = Outcome("failed", retry=True)
        finally:
            self._running.discard(key)
            if outcome is not None:
                self._plan_next(key, outcome)
            if key in self._again:
                self.add(key, urgent=self._again.pop(key))

    def _plan_next(self, key: ObjectKey, outcome: Outcome) -> None:
        if outcome.retry:
            failures = self._failures.get(key, 0) + 1
            self._failures[key] = failures
            self.add_after(key, self._retry_delay.delay(failures))
            return
        self._failures.pop(key, None)
        if outcome.look_again_after is not None:
            self.add_after(key, outcome.look_again_after)

    def _wake(self, key: ObjectKey) -> None:
        del self._timers[key]
        self.add(key, urgent=False)

    def _forget_timer(self, key: ObjectKey) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
