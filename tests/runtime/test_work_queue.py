"""The queue on a virtual clock: order, rest, and what is never allowed to happen."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from tenant_billing.ports import ObjectKey, Outcome, QueueSeen
from tenant_billing.runtime.work_queue import URGENT_IN_A_ROW, RetryDelay, WorkQueue
from virtual_time import run_virtually

SETTLED = Outcome("settled")
RETRY = Outcome("failed", retry=True)
PLAIN = RetryDelay(first=1.0, longest=300.0, jitter=lambda delay: delay)


def key(name: str) -> ObjectKey:
    return ObjectKey("TenantSubscription", "tenants", name)


A, B, C = key("a"), key("b"), key("c")


class Passes:
    """Notes when each pass began; answers as told, else settled."""

    def __init__(self, *answers: Outcome | Exception, seconds: float = 0.0) -> None:
        self.begun: list[tuple[float, str]] = []
        self._answers = list(answers)
        self._seconds = seconds

    async def __call__(self, which: ObjectKey) -> Outcome:
        self.begun.append((round(asyncio.get_running_loop().time(), 3), which.name))
        await asyncio.sleep(self._seconds)
        answer = self._answers.pop(0) if self._answers else SETTLED
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.begun]

    @property
    def times(self) -> list[float]:
        return [when for when, _ in self.begun]


def work_for(
    seconds: float,
    prepare: Callable[[WorkQueue], Awaitable[None]],
    passes: Callable[[ObjectKey], Awaitable[Outcome]],
    workers: int = 1,
) -> WorkQueue:
    """Let workers work for some virtual seconds while the test prepares; then stop them."""

    async def run() -> WorkQueue:
        queue, stop = WorkQueue(PLAIN), asyncio.Event()
        working = asyncio.create_task(queue.work(passes, workers, stop))
        await prepare(queue)
        await asyncio.sleep(seconds)
        stop.set()
        await working
        return queue

    return run_virtually(run())


async def nothing(_: WorkQueue) -> None:
    return None


def adding(*keys: ObjectKey, urgent: bool = True) -> Callable[[WorkQueue], Awaitable[None]]:
    async def add(queue: WorkQueue) -> None:
        for each in keys:
            queue.add(each, urgent=urgent)

    return add


def test_a_key_that_waits_already_is_looked_at_once() -> None:
    passes = Passes()
    work_for(1, adding(A, B, A, A), passes)
    assert passes.names == ["a", "b"]


def test_the_urgent_go_first_and_a_waiting_key_can_become_urgent() -> None:
    passes = Passes()

    async def prepare(queue: WorkQueue) -> None:
        queue.add(A, urgent=False)
        queue.add(B, urgent=False)
        queue.add(C)
        queue.add(B)

    work_for(1, prepare, passes)
    assert passes.names == ["c", "b", "a"]


def test_an_urgent_key_does_not_lose_its_turn_to_a_wish_without_haste() -> None:
    passes = Passes()

    async def prepare(queue: WorkQueue) -> None:
        queue.add(B, urgent=False)
        queue.add(A)
        queue.add(A, urgent=False)

    work_for(1, prepare, passes)
    assert passes.names == ["a", "b"]


def test_an_endless_rush_of_urgent_keys_holds_the_others_not_for_ever() -> None:
    """One who edits a thousand objects again and again would keep everybody's devices from being counted."""
    passes = Passes(seconds=1.0)
    rush = [key(f"edited-{number}") for number in range(5)]

    async def prepare(queue: WorkQueue) -> None:
        queue.add(A, urgent=False)
        queue.add(B, urgent=False)
        for _ in range(25):
            for each in rush:
                queue.add(each)
            await asyncio.sleep(1)

    work_for(1, prepare, passes)
    assert passes.names.index("a") == URGENT_IN_A_ROW
    assert passes.names.index("b") == 2 * URGENT_IN_A_ROW + 1


def test_a_key_that_is_added_while_its_pass_runs_is_looked_at_again_afterwards() -> None:
    passes = Passes(seconds=10)

    async def prepare(queue: WorkQueue) -> None:
        queue.add(A)
        for _ in range(3):
            await asyncio.sleep(1)
            queue.add(A)

    work_for(60, prepare, passes, workers=4)
    assert passes.begun == [(0, "a"), (10, "a")]


def test_workers_bound_how_many_passes_run_at_a_time() -> None:
    passes = Passes(seconds=10)
    work_for(100, adding(A, B, C), passes, workers=2)
    assert passes.begun == [(0, "a"), (0, "b"), (10, "c")]


def test_retries_rest_twice_as_long_each_time_up_to_the_longest_and_success_resets_it() -> None:
    passes = Passes(*[RETRY] * 10, SETTLED, RETRY)

    async def prepare(queue: WorkQueue) -> None:
        queue.add(A)
        await asyncio.sleep(2000)
        queue.add(A)

    work_for(10, prepare, passes)
    rests = [later - earlier for earlier, later in zip(passes.times, passes.times[1:], strict=False)]
    assert rests[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert passes.times[-2:] == [2000, 2001]


def test_a_pass_that_raises_is_tried_again_and_stops_no_other() -> None:
    passes = Passes(ValueError("a defect"))
    with structlog.testing.capture_logs() as lines:
        work_for(5, adding(A, B), passes)
    assert passes.begun == [(0, "a"), (0, "b"), (1, "a")]
    assert [(line["event"], line["name"]) for line in lines] == [("pass broken off by a defect", "a")]


def test_an_edit_does_not_wait_for_the_end_of_the_rest() -> None:
    passes = Passes(RETRY, RETRY, RETRY)

    async def prepare(queue: WorkQueue) -> None:
        queue.add(A)
        await asyncio.sleep(5)  # after 0, 1 and 3 it rests until 7
        queue.add(A)

    work_for(1, prepare, passes)
    assert passes.times == [0, 1, 3, 5]


def test_a_settled_key_is_looked_at_again_when_its_pass_said_so() -> None:
    passes = Passes(Outcome("settled", look_again_after=1800))
    work_for(2000, adding(A), passes)
    assert passes.times == [0, 1800]


def test_of_several_wishes_for_later_the_earliest_counts() -> None:
    passes = Passes()

    async def prepare(queue: WorkQueue) -> None:
        for delay in (30.0, 5.0, 10.0):
            queue.add_after(A, delay)

    work_for(100, prepare, passes)
    assert passes.times == [5]


def test_told_to_stop_a_pass_ends_and_what_waits_stays() -> None:
    passes = Passes(seconds=10)
    queue = work_for(1, adding(A, B), passes)
    assert passes.names == ["a"]
    assert queue.waiting() == [B]


def test_a_cancelled_pass_waits_again() -> None:
    async def run() -> WorkQueue:
        queue = WorkQueue(PLAIN)
        working = asyncio.create_task(queue.work(Passes(seconds=10), 1, asyncio.Event()))
        queue.add(A)
        await asyncio.sleep(1)
        working.cancel()
        await asyncio.wait([working])
        return queue

    assert run_virtually(run()).waiting() == [A]


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(["urgent", "normal", "later"]),
        st.floats(min_value=0, max_value=5),
    ),
    max_size=40,
)


@settings(max_examples=100, deadline=None)
@given(steps=STEPS, workers=st.integers(1, 4), failing=st.lists(st.booleans(), max_size=20))
def test_no_key_is_worked_on_twice_at_a_time_and_no_wish_is_lost(
    steps: list[tuple[str, str, float]], workers: int, failing: list[bool]
) -> None:
    """After the last wish for a key a pass of it begins, whatever happened in between."""
    running: Counter[str] = Counter()
    last_begun: dict[str, float] = {}
    last_wished: dict[str, float] = {}
    failures = list(failing)

    async def one_pass(which: ObjectKey) -> Outcome:
        running[which.name] += 1
        assert running[which.name] == 1
        last_begun[which.name] = asyncio.get_running_loop().time()
        await asyncio.sleep(1)
        running[which.name] -= 1
        if failures and failures.pop():
            raise ValueError("a defect")
        return SETTLED

    async def prepare(queue: WorkQueue) -> None:
        loop = asyncio.get_running_loop()
        for name, how, pause in steps:
            await asyncio.sleep(pause)
            last_wished[name] = loop.time()
            if how == "later":
                queue.add_after(key(name), 3.0)
            else:
                queue.add(key(name), urgent=how == "urgent")

    queue = work_for(10_000, prepare, one_pass, workers)
    assert queue.is_idle
    assert not queue.resting()
    assert all(last_begun.get(name, -1) >= wished for name, wished in last_wished.items())


def test_jitter_spreads_what_failed_together() -> None:
    delays = {RetryDelay().delay(5) for _ in range(20)}
    assert len(delays) > 1
    assert all(8.0 <= delay <= 16.0 for delay in delays)


def test_who_waits_tells_for_how_long_and_who_waited_for_a_leader_does_not_count() -> None:
    """A standby fills its queue for hours; how long that was says nothing of the leader that it becomes."""

    async def waiting() -> None:
        queue, stop = WorkQueue(PLAIN), asyncio.Event()
        queue.add(A, urgent=False)
        queue.add(B, urgent=False)
        await asyncio.sleep(3600)
        working = asyncio.create_task(queue.work(Passes(seconds=10), 1, stop))
        await asyncio.sleep(1)
        assert queue.seen() == QueueSeen(waiting=1, running=1, oldest_wait=1.0)
        await asyncio.sleep(10)
        assert queue.seen() == QueueSeen(running=1)
        queue.add(A, urgent=False)
        await asyncio.sleep(2)
        queue.add(C)
        queue.add(A)
        await asyncio.sleep(3)
        assert queue.seen() == QueueSeen(waiting=2, running=1, oldest_wait=5.0), (
            "urgent now, and waiting since then"
        )
        stop.set()
        await working

    run_virtually(waiting())


def test_who_asked_for_another_try_is_failing_until_it_succeeds() -> None:
    async def failing() -> None:
        queue, stop = WorkQueue(PLAIN), asyncio.Event()
        queue.add(A)
        working = asyncio.create_task(queue.work(Passes(RETRY, SETTLED), 1, stop))
        await asyncio.sleep(0.5)
        assert queue.seen().failing == 1
        await asyncio.sleep(10)
        assert queue.seen().failing == 0
        stop.set()
        await working

    run_virtually(failing())
