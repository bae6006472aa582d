"""One write at a time per Stripe customer: concurrent ones lock each other out (stripe.md 5.4)."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

REMEMBERED_SUBSCRIPTIONS: Final = 50_000


class CustomerLocks:
    """A lock per customer. A lock lives only while somebody holds it or waits for it."""

    def __init__(self, remembered: int = REMEMBERED_SUBSCRIPTIONS) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}
        self._customers: OrderedDict[str, str] = OrderedDict()
        self._remembered = remembered

    def learn(self, subscription_id: str, customer_id: str) -> None:
        """Remember whose subscription it is; the ones not seen for longest are forgotten first."""
        self._customers[subscription_id] = customer_id
        self._customers.move_to_end(subscription_id)
        if len(self._customers) > self._remembered:
            self._customers.popitem(last=False)

    def customer_of(self, subscription_id: str) -> str:
        """Whose subscription it is; its own id where that is not known, so that it locks itself at least."""
        return self._customers.get(subscription_id, subscription_id)

    @asynccontextmanager
    async def holding(self, owner: str) -> AsyncIterator[None]:
        """Alone among the writes for one customer; no owner, no lock."""
        if not owner:
            yield
            return
        lock = self._locks.setdefault(owner, asyncio.Lock())
        self._users[owner] = self._users.get(owner, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[owner] -= 1
            if not self._users[owner]:
                del self._users[owner], self._locks[owner]

    def __len__(self) -> int:
        """How many customers have a lock now."""
        return len(self._locks)
