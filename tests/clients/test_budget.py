"""One budget of requests per account, shared by all work (product.md, "Budgets")."""

import asyncio
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from outside_stubs import VirtualTimeLoop, in_virtual_time
from tenant_billing.clients.budget import URGENT_IN_A_ROW, Budget

ARRIVALS = st.lists(
    st.tuples(
        st.floats(0, 5, allow_nan=False), st.sampled_from(["GetPrice", "ListPrices", "Search"]), st.booleans()
    ),
    max_size=60,
)


async def _admitted(
    budget: Budget, loop: VirtualTimeLoop, arrivals: list[tuple[float, str, bool]]
) -> list[tuple[float, str, bool]]:
    """When each request was let through, in that order."""
    log: list[tuple[float, str, bool]] = []

    async def request(at: float, operation: str, urgent: bool) -> None:
        await asyncio.sleep(at)
        await budget.admit(operation, urgent=urgent)
        log.append((loop.time(), operation, urgent))

    await asyncio.gather(*(request(*arrival) for arrival in arrivals))
    return log


def _most_in_a_second(times: list[float]) -> int:
    return max((sum(start <= time < start + 0.999999 for time in times) for start in times), default=0)


@settings(deadline=None, max_examples=60)
@given(ARRIVALS, st.integers(1, 12), st.integers(1, 6))
def test_no_second_ever_sees_more_than_the_budget_and_nobody_is_forgotten(
    arrivals: list[tuple[float, str, bool]], rate: int, searches: int
) -> None:
    async def scenario(loop: VirtualTimeLoop) -> list[tuple[float, str, bool]]:
        budget = Budget(rate, loop, per_operation={"Search": searches})
        return await _admitted(budget, loop, arrivals)

    log = in_virtual_time(scenario)
    assert len(log) == len(arrivals)
    assert _most_in_a_second([time for time, _, _ in log]) <= rate
    assert _most_in_a_second([time for time, operation, _ in log if operation == "Search"]) <= searches


def test_a_burst_after_silence_does_not_wait() -> None:
    async def scenario(loop: VirtualTimeLoop) -> list[float]:
        log = await _admitted(Budget(10, loop), loop, [(3.0, "GetPrice", True)] * 10)
        return [time for time, _, _ in log]

    assert set(in_virtual_time(scenario)) == {3.0}


def test_the_budget_is_used_in_full() -> None:
    async def scenario(loop: VirtualTimeLoop) -> float:
        log = await _admitted(Budget(10, loop), loop, [(0.0, "GetPrice", True)] * 50)
        return log[-1][0]

    assert in_virtual_time(scenario) < 4.001


def test_the_urgent_go_before_a_resync_that_came_first() -> None:
    async def scenario(loop: VirtualTimeLoop) -> list[bool]:
        arrivals = [(0.0, "GetPrice", False)] * 5 + [(0.1, "GetPrice", True)] * 3
        return [urgent for _, _, urgent in await _admitted(Budget(1, loop), loop, arrivals)]

    assert in_virtual_time(scenario) == [False, True, True, True, False, False, False, False]


def test_a_resync_ends_even_under_urgent_load() -> None:
    async def scenario(loop: VirtualTimeLoop) -> list[bool]:
        arrivals = [(0.0, "GetPrice", True)] * 40 + [(0.0, "ListPrices", False)]
        return [urgent for _, _, urgent in await _admitted(Budget(1, loop), loop, arrivals)]

    assert in_virtual_time(scenario).index(False) == URGENT_IN_A_ROW


def test_those_of_one_kind_are_served_in_their_order() -> None:
    async def scenario(loop: VirtualTimeLoop) -> list[float]:
        budget = Budget(2, loop)
        order: list[float] = []

        async def request(number: int) -> None:
            await budget.admit("GetPrice", urgent=True)
            order.append(number)

        await asyncio.gather(*(request(number) for number in range(9)))
        return order

    assert all(one < next_one for one, next_one in pairwise(in_virtual_time(scenario)))


def test_an_operation_at_its_own_limit_holds_up_no_other() -> None:
    async def scenario(loop: VirtualTimeLoop) -> dict[str, float]:
        arrivals = [(0.0, "Search", True)] * 3 + [(0.1, "GetPrice", False)]
        budget = Budget(10, loop, per_operation={"Search": 1})
        return {operation: time for time, operation, _ in await _admitted(budget, loop, arrivals)}

    admitted = in_virtual_time(scenario)
    assert admitted["GetPrice"] == 0.1
    assert admitted["Search"] >= 2.0


def test_whoever_gives_up_waiting_takes_nothing_from_the_budget() -> None:
    async def scenario(loop: VirtualTimeLoop) -> float:
        budget = Budget(1, loop)
        await budget.admit("GetPrice", urgent=True)
        gave_up = [asyncio.create_task(budget.admit("GetPrice", urgent=True)) for _ in range(20)]
        waiting = asyncio.create_task(budget.admit("GetPrice", urgent=False))
        await asyncio.sleep(0)
        for task in gave_up:
            task.cancel()
        await waiting
        return loop.time()

    assert in_virtual_time(scenario) < 1.001
