"""Calls that wait while one is under way go together in the next."""

import asyncio

from tenant_billing.reconcilers.grouping import GroupedCalls


class Call:
    """A call that takes until a test lets it go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.cancelled = 0
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, requests: list[int]) -> int:
        self.groups.append(requests)
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return len(self.groups)


async def test_call_goes_on_while_somebody_waits_for_it() -> None:
    call = Call()
    calls = GroupedCalls(call)
    first, second = (asyncio.create_task(calls.ask(number)) for number in (1, 2))
    await call.begun.wait()
    first.cancel()
    await asyncio.wait({first})
    call.go_on.set()
    assert (await second, call.groups, call.cancelled) == (1, [[1, 2]], 0)


async def test_call_ends_when_nobody_waits_for_it_any_more() -> None:
    call = Call()
    calls = GroupedCalls(call)
    first = asyncio.create_task(calls.ask(1))
    await call.begun.wait()
    second = asyncio.create_task(calls.ask(2))
    await asyncio.wait({second}, timeout=0)  # it asks, and is not answered yet
    for each in (first, second):
        each.cancel()
    await asyncio.wait({first, second})
    call.go_on.set()
    assert await calls.ask(3) == 2
    assert (call.groups, call.cancelled) == ([[1], [3]], 1)


async def test_request_never_joins_a_call_that_has_begun() -> None:
    groups: list[list[int]] = []
    begun, gate = asyncio.Event(), asyncio.Event()

    async def call(requests: list[int]) -> int:
        groups.append(requests)
        begun.set()
        await gate.wait()
        return len(groups)

    calls = GroupedCalls(call)
    first = asyncio.ensure_future(calls.ask(1))
    await begun.wait()
    others = [asyncio.ensure_future(calls.ask(number)) for number in (2, 3)]
    gate.set()
    assert await asyncio.gather(first, *others) == [1, 2, 2]
    assert groups == [[1], [2, 3]]
