"""How a client waits before it tries a call again by itself: a few times, longer each time, never in step."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from secrets import SystemRandom


@dataclass(frozen=True)
class Backoff:
    """A few tries; what still fails then is the queue's affair.

    Attributes:
        attempts: Tries in all.
        first: Seconds before the second try; doubled before each further one.
        longest: Seconds at most. A system that asks for more patience than this gets no further try from here.
        fraction: Gives a number from 0 to 1: half of every delay is left to chance.
        sleep: Waits so many seconds.
    """

    attempts: int = 3
    first: float = 0.5
    longest: float = 5.0
    fraction: Callable[[], float] = SystemRandom().random
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    def allows(self, attempt: int, asked_for: float | None = None) -> bool:
        """Whether another try may follow this one, counted from 1, given the seconds that the system asked for."""
        return attempt < self.attempts and (asked_for is None or asked_for <= self.longest)

    async def pause(self, attempt: int, asked_for: float | None = None) -> None:
        """Wait after a failed try, counted from 1: never less than the system asked for."""
        delay = min(self.longest, self.first * 2 ** (attempt - 1)) * (0.5 + self.fraction() / 2)
        await self.sleep(max(delay, asked_for or 0.0))
