"""Calls that wait while one is under way go together in the next."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

RequestT = TypeVar("RequestT")
AnswerT = TypeVar("AnswerT")


class GroupedCalls(Generic[RequestT, AnswerT]):
    """Serves many callers by few calls, without making the first one wait.

    A request never joins a call that has begun: its answer is always of a call that began after it was asked.

    Args:
        call: Serves all requests of one group. What it raises is raised to each of them.
    """

    def __init__(self, call: Callable[[list[RequestT]], Awaitable[AnswerT]]) -> None:
        self._call = call
        self._running = asyncio.Lock()
        self._waiting: list[RequestT] = []
        self._next: asyncio.Future[AnswerT] | None = None

    async def ask(self, request: RequestT) -> AnswerT:
        """Ask for one thing; gives the answer to the whole group."""
        self._waiting.append(request)
        if self._next is None:
            self._next = asyncio.ensure_future(self._serve())
        return await asyncio.shield(self._next)

    async def _serve(self) -> AnswerT:
        async with self._running:
            requests, self._waiting, self._next = self._waiting, [], None
            return await self._call(requests)
