"""Who works when, on a virtual clock, with a Lease that answers as told."""

import asyncio
from collections.abc import Callable

import pytest

from tenant_billing.domain.errors import NotLeading
from tenant_billing.runtime.leadership import Leadership, LeaseTiming
from virtual_time import pause, run_virtually

TIMING = LeaseTiming(15.0)


class ScriptedLease:
    """Held as long as the test says so."""

    identity = "one"
    free_after: float | None = None

    def __init__(self, is_held: Callable[[float], bool], answer_takes: float = 0.0) -> None:
        self._is_held = is_held
        self._answer_takes = answer_takes
        self.released_at: float | None = None

    async def acquire_or_renew(self) -> bool:
        now = asyncio.get_running_loop().time()
        if not self._is_held(now) and self._answer_takes:
            await asyncio.sleep(self._answer_takes)
        return self._is_held(now)

    async def release(self) -> None:
        self.released_at = asyncio.get_running_loop().time()


class Work:
    """Notes when it works; ends when told, after the time it needs."""

    def __init__(self, needs: float = 0.0) -> None:
        self.spans: list[tuple[float, float]] = []
        self._needs = needs

    async def __call__(self, end: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            await end.wait()
            await asyncio.sleep(self._needs)
        finally:
            self.spans.append((begun, loop.time()))


def lead(lease: ScriptedLease, work: Work, stop_at: float, drain: float = 20.0) -> None:
    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(stop_at, stop.set)
        await Leadership(lease, TIMING).run(work, stop, drain)

    run_virtually(run())


def test_work_begins_once_the_lease_is_held_and_ends_before_it_is_given_back() -> None:
    lease, work = ScriptedLease(lambda now: now >= 10), Work(needs=5)
    lead(lease, work, stop_at=100)
    assert work.spans == [(10, 105)]
    assert lease.released_at == 105


def test_the_lease_is_renewed_while_the_last_passes_end() -> None:
    lease, work = ScriptedLease(lambda now: now < 110), Work(needs=60)
    lead(lease, work, stop_at=100, drain=100)
    ((_, ended),) = work.spans
    assert ended < 110 + TIMING.duration, "once it is lost, the work stops for that reason"


@pytest.mark.parametrize("answer_takes", [0.0, 60.0], ids=["refused", "no answer"])
@pytest.mark.parametrize("needs", [0.0, 60.0], ids=["ends at once", "does not end"])
def test_work_stops_before_the_lost_lease_can_be_anothers(answer_takes: float, needs: float) -> None:
    last_renewal = 50 - 50 % TIMING.retry_period
    lease = ScriptedLease(lambda now: now < 50, answer_takes)
    work = Work(needs)
    lead(lease, work, stop_at=200)
    ((_, ended),) = work.spans
    assert 50 < ended < last_renewal + TIMING.duration
    assert lease.released_at is None


def test_a_lease_that_is_lost_for_a_moment_stops_nothing() -> None:
    lease, work = ScriptedLease(lambda now: not 50 < now < 55), Work()
    lead(lease, work, stop_at=100)
    assert work.spans == [(0, 100)]


def test_it_leads_again_once_the_lease_comes_back() -> None:
    lease, work = ScriptedLease(lambda now: not 50 < now < 90), Work()
    lead(lease, work, stop_at=150)
    assert len(work.spans) == 2
    assert work.spans[1] == (90, 150)


def test_work_that_fails_ends_the_leadership_and_gives_the_lease_back() -> None:
    lease = ScriptedLease(lambda _: True)

    async def broken(_: asyncio.Event) -> None:
        await asyncio.sleep(5)
        raise RuntimeError("a defect")

    async def run() -> None:
        await Leadership(lease, TIMING).run(broken, asyncio.Event())

    with pytest.raises(RuntimeError, match="a defect"):
        run_virtually(run())
    assert lease.released_at == 5


def test_a_renewal_counts_from_when_it_was_asked_for() -> None:
    """Others see it long before a slow answer comes here, and count from then."""
    asked: list[float] = []

    class SlowLease(ScriptedLease):
        async def acquire_or_renew(self) -> bool:
            now = asyncio.get_running_loop().time()
            if now < 50:
                asked.append(now)
                await asyncio.sleep(3)
                return True
            return False

    work = Work(needs=60)
    lead(SlowLease(lambda _: True), work, stop_at=200)
    ((_, ended),) = work.spans
    assert 50 < ended < asked[-1] + TIMING.duration


def test_the_next_replica_tries_again_as_soon_as_the_lease_runs_out() -> None:
    class HeldByAnother(ScriptedLease):
        async def acquire_or_renew(self) -> bool:
            self.free_after = max(10.3 - asyncio.get_running_loop().time(), 0.0)
            return await super().acquire_or_renew()

    work = Work()
    lead(HeldByAnother(lambda now: now >= 10.3), work, stop_at=100)
    assert work.spans[0][0] == pytest.approx(10.3)


def test_a_lease_that_has_run_out_and_cannot_be_had_is_not_asked_for_without_a_pause() -> None:
    class Unreachable(ScriptedLease):
        free_after = 0.0
        tries = 0

        async def acquire_or_renew(self) -> bool:
            self.tries += 1
            assert self.tries < 100, "no pause at all"
            return False

    lease = Unreachable(lambda _: False)
    lead(lease, Work(), stop_at=20)
    assert lease.tries == 20 / TIMING.retry_period


class Writer:
    """Work that tries to write at moments of its own, and notes whether it was let through."""

    def __init__(self, *moments: float) -> None:
        self.let_through: dict[float, bool] = {}
        self.leadership: Leadership | None = None
        self._moments = moments

    async def __call__(self, end: asyncio.Event) -> None:
        for moment in self._moments:
            await asyncio.sleep(max(moment - asyncio.get_running_loop().time(), 0))
            self.note()
        await end.wait()

    def note(self) -> None:
        assert self.leadership is not None
        try:
            self.leadership.fence()
        except NotLeading:
            self.let_through[round(asyncio.get_running_loop().time())] = False
        else:
            self.let_through[round(asyncio.get_running_loop().time())] = True


def test_nothing_is_written_before_leading_nor_after() -> None:
    async def run() -> Writer:
        writer = Writer(5)
        writer.leadership = Leadership(ScriptedLease(lambda now: now >= 1), TIMING)
        writer.note()
        stop = asyncio.Event()
        await asyncio.gather(writer.leadership.run(writer, stop), _set_after(stop, 10))
        writer.note()
        return writer

    assert run_virtually(run()).let_through == {0: False, 5: True, 10: False}


def test_a_process_that_was_paused_writes_nothing_when_it_goes_on() -> None:
    """It goes on wherever it was, and nothing has told it yet that the time is over."""

    async def run() -> Writer:
        writer = Writer()
        writer.leadership = Leadership(ScriptedLease(lambda now: now < 50), TIMING)
        stop = asyncio.Event()

        async def work(end: asyncio.Event) -> None:
            await asyncio.sleep(40)
            writer.note()
            pause(60)
            writer.note()
            await asyncio.sleep(0)
            writer.note()
            await end.wait()

        await asyncio.gather(writer.leadership.run(work, stop), _set_after(stop, 150))
        return writer

    assert run_virtually(run()).let_through == {40: True, 100: False}


def test_work_of_a_process_that_was_paused_gets_no_time_to_end() -> None:
    ended: list[float] = []

    async def work(_: asyncio.Event) -> None:
        try:
            await asyncio.sleep(40)
            pause(60)
            await asyncio.sleep(30)
        finally:
            ended.append(asyncio.get_running_loop().time())

    async def run() -> None:
        stop = asyncio.Event()
        leadership = Leadership(ScriptedLease(lambda now: now < 50), TIMING)
        await asyncio.gather(leadership.run(work, stop), _set_after(stop, 200))

    run_virtually(run())
    assert ended == [100]


def test_a_lease_that_is_seen_to_be_anothers_ends_everything_at_once() -> None:
    """Somebody deleted it, and another replica was faster; or this whole machine was paused, its clocks too."""

    class GivenAway(ScriptedLease):
        @property
        def free_after(self) -> float | None:  # type: ignore[override]  # a port's property, a constant elsewhere
            return 15.0 if asyncio.get_running_loop().time() > 50 else None

    work = Work(needs=60)
    writer = Writer()

    async def run() -> None:
        stop = asyncio.Event()
        leadership = writer.leadership = Leadership(GivenAway(lambda now: now <= 50), TIMING)
        asyncio.get_running_loop().call_later(53, writer.note)
        await asyncio.gather(leadership.run(work, stop), _set_after(stop, 100))

    run_virtually(run())
    ((_, ended),) = work.spans
    assert 50 < ended <= 50 + TIMING.retry_period
    assert writer.let_through == {53: False}


async def _set_after(event: asyncio.Event, seconds: float) -> None:
    await asyncio.sleep(seconds)
    event.set()
