"""Only the leader works: acquire, renew, and stop the work before the Lease can be another's.

The rule that matters: the work ends at most ``renew_deadline`` plus ``grace`` after the last renewal was asked for, and
that is less than the Lease's duration, so that two replicas never work at a time. A process that was paused cannot keep
to it: it finds itself working although the time is over. So everything that writes asks the fence first, which lets
nothing through from that time on. (Calls that were on their way already are safe all the same: kopf.md, "Peering".)
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from tenant_billing.domain.errors import NotLeading

Work = Callable[[asyncio.Event], Awaitable[None]]
"""Works until the event is set, then ends soon; cancelled where it does not."""


class Lease(Protocol):
    """What the leader holds."""

    identity: str

    @property
    def free_after(self) -> float | None:
        """Seconds until another's Lease runs out unless it is renewed; None where none is known."""
        ...

    async def acquire_or_renew(self) -> bool:
        """Try once to become or to stay the holder."""
        ...

    async def release(self) -> None:
        """Give it back."""
        ...


@dataclass(frozen=True)
class LeaseTiming:
    """When to do what, in seconds, from the Lease's duration.

    Attributes:
        duration: After which a Lease that is not renewed belongs to nobody.
    """

    duration: float = 15.0

    @property
    def retry_period(self) -> float:
        """Between two tries."""
        return self.duration / 7.5

    @property
    def renew_deadline(self) -> float:
        """Without a renewal for so long, the work is stopped."""
        return self.duration * 0.6

    @property
    def grace(self) -> float:
        """What a pass under way gets to end by itself once the Lease is lost."""
        return self.duration * 0.2


class Leadership:
    """Runs the work while the Lease is held."""

    def __init__(self, lease: Lease, timing: LeaseTiming) -> None:
        self._lease = lease
        self._timing = timing
        self._leading = asyncio.Event()
        self._asked = float("-inf")
        self._log = structlog.get_logger("leadership")

    @property
    def is_leading(self) -> bool:
        """Whether this process works at present."""
        return self._leading.is_set()

    def fence(self) -> None:
        """Let a write through only while the Lease cannot be another's.

        Raises:
            NotLeading: It may be another's by now, because this process was paused or lost the API server.
        """
        if not self._leading.is_set() or asyncio.get_running_loop().time() >= self._over:
            raise NotLeading("this replica does not lead any more, so nothing was sent")

    @property
    def _over(self) -> float:
        """When the work must have ended, as long as no further renewal succeeds."""
        return self._asked + self._timing.renew_deadline + self._timing.grace

    async def run(self, work: Work, stop: asyncio.Event, drain: float = 20.0) -> None:
        """Lead whenever the Lease can be had, until told to stop; then end the work first and give the Lease back.

        Args:
            work: What only the leader does. That it ends, or fails, by itself ends the leadership with its exception.
            stop: Ends everything.
            drain: Seconds that passes under way get to end when told to stop, while the Lease is still renewed.
        """
        while not stop.is_set():
            if await self._try(self._timing.renew_deadline):
                await self._lead(work, stop, drain)
            else:
                await _unless(stop, self._pause())

    def _pause(self) -> float:
        """Seconds until the next try: when the Lease runs out, where that is soon and has not passed in vain."""
        period, free_after = self._timing.retry_period, self._lease.free_after
        return min(free_after, period) if free_after else period

    async def _lead(self, work: Work, stop: asyncio.Event, drain: float) -> None:
        self._log.info("leading", identity=self._lease.identity)
        end_work = asyncio.Event()
        task = asyncio.ensure_future(work(end_work))
        self._leading.set()
        held = False
        try:
            held = await self._hold(task, stop, end_work, drain)
        finally:
            end_work.set()
            if not held:
                left = max(self._over - asyncio.get_running_loop().time(), 0.0)  # none after a pause
                await asyncio.wait({task}, timeout=left)
            task.cancel()
            await asyncio.wait({task})
            self._leading.clear()
            self._log.info("no longer leading", identity=self._lease.identity, lost=not held)
        if held:
            await self._lease.release()
        if not task.cancelled():
            task.result()

    async def _hold(
        self, task: "asyncio.Future[None]", stop: asyncio.Event, end_work: asyncio.Event, drain: float
    ) -> bool:
        """Renew until the work has ended or had its time to (True), or the Lease is lost (False)."""
        loop = asyncio.get_running_loop()
        end = float("inf")
        while True:
            await _any_of(task, stop, end_work, self._timing.retry_period)
            if stop.is_set() and not end_work.is_set():
                end_work.set()
                end = loop.time() + drain
            if task.done() or loop.time() >= end:
                return True
            deadline = self._asked + self._timing.renew_deadline
            if await self._try(deadline - loop.time()):
                continue
            # It is another's, and was ours a moment ago: somebody has deleted it, or this machine's clock stood still.
            if self._lease.free_after:
                self._asked = float("-inf")
            if loop.time() >= self._asked + self._timing.renew_deadline:
                return False

    async def _try(self, patience: float) -> bool:
        """Try once, for some seconds at most.

        What counts is when it was asked for: others may see the renewal long before its answer comes here, and count
        from then.
        """
        asked = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(patience):
                held = await self._lease.acquire_or_renew()
        except TimeoutError:
            return False
        if held:
            self._asked = asked
        return held


async def _any_of(
    task: "asyncio.Future[None]", stop: asyncio.Event, end_work: asyncio.Event, seconds: float
) -> None:
    """Wait for the task, or for the stop unless it is under way already, or for some seconds."""
    stopping = asyncio.ensure_future(_set(stop))
    waited = {task} if end_work.is_set() else {task, stopping}
    try:
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()


async def _set(event: asyncio.Event) -> None:
    await event.wait()


async def _unless(stop: asyncio.Event, seconds: float) -> None:
    """Let some seconds pass, fewer if the stop comes."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
