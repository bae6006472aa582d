"""Calls that wait while one is under way go together in the next."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

RequestT = TypeVar("RequestT")
AnswerT = TypeVar("AnswerT")


class GroupedCalls(Generic[RequestT, AnswerT]):
    """Serves many callers by few calls, without making the first one wait.

    A request never joins a call that has begun: its answer is always of a call that began after it was asked.
    A call for which nobody waits any more is cancelled: nothing goes on behind the back of a leader that has ended.

    Args:
        call: Serves all requests of one group. What it raises is raised to each of them.
    """

    def __init__(self, call: Callable[[list[RequestT]], Awaitable[AnswerT]]) -> None:
        self._call = call
        self._running = asyncio.Lock()
        self._waiting: list[RequestT] = []
        self._next: asyncio.Task[AnswerT] | None = None
        self._askers: Counter[asyncio.Task[AnswerT]] = Counter()

    async def ask(self, request: RequestT) -> AnswerT:
        """Ask for one thing; gives the answer to the whole group."""
        self._waiting.append(request)
        if self._next is None:
            self._next = asyncio.create_task(self._serve())
        serving = self._next
        self._askers[serving] += 1
        try:
            return await asyncio.shield(serving)
        finally:
            self._askers[serving] -= 1
            if not self._askers[serving]:
                self._end(serving)

    def _end(self, serving: "asyncio.Task[AnswerT]") -> None:
        del self._askers[serving]
        if serving is self._next:  # it has not begun, and all whom it would have served are gone
            self._waiting, self._next = [], None
        serving.cancel()

    async def _serve(self) -> AnswerT:
        async with self._running:
            requests, self._waiting, self._next = self._waiting, [], None
            return await self._call(requests)
