"""Waiting for a condition with a deadline: the one place where a test may let time pass."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

Result = TypeVar("Result")

POLL_INTERVAL = 0.02
PATIENCE = 120.0
"""Seconds: long enough for a machine that is busy with something else; speed is measured in the benchmarks."""


@overload
async def wait_for(
    condition: Callable[[], Awaitable[Result]],
    expected: str,
    deadline: float = PATIENCE,
    interval: float = POLL_INTERVAL,
) -> Result: ...


@overload
async def wait_for(
    condition: Callable[[], Result],
    expected: str,
    deadline: float = PATIENCE,
    interval: float = POLL_INTERVAL,
) -> Result: ...


async def wait_for(
    condition: Callable[[], Awaitable[Result] | Result],
    expected: str,
    deadline: float = PATIENCE,
    interval: float = POLL_INTERVAL,
) -> Result:
    """Ask again and again until the condition gives something true, and return that.

    A condition that fails an assertion is not true yet; the last such message is told in the end.

    Args:
        condition: A function, asynchronous or not.
        expected: What is waited for, completing "waited in vain for …".
        deadline: Patience, in seconds of real time.
        interval: Seconds of real time from one question to the next.

    Raises:
        AssertionError: The time is over.
    """
    clock = asyncio.get_running_loop()
    end = clock.time() + deadline
    while True:
        seen: object
        try:
            answer = condition()
            result = await answer if inspect.isawaitable(answer) else answer
        except AssertionError as error:
            seen = error
        else:
            if result:
                return result
            seen = repr(result)
        if clock.time() > end:
            raise AssertionError(f"waited {deadline:g} s in vain for {expected}; last seen: {seen}")
        await asyncio.sleep(interval)
