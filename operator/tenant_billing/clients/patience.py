"""How long a whole answer may take: httpx limits each of its steps only."""

import asyncio
from collections.abc import Awaitable
from typing import Final

import httpx

LONGEST: Final = 60.0
"""Seconds from the request to the last byte of its answer."""


async def answered_in_time(answer: Awaitable[httpx.Response], longest: float = LONGEST) -> httpx.Response:
    """The answer. One that comes in byte by byte, each in time, would hold whoever waits for it without end.

    Args:
        answer: What is waited for.
        longest: Seconds at most.

    Raises:
        httpx.ReadTimeout: It took longer.
    """
    try:
        async with asyncio.timeout(longest):
            return await answer
    except TimeoutError:
        problem = f"no whole answer within {longest:g} s"
    raise httpx.ReadTimeout(problem)
