"""Deadlines in an account's time: a suspension that falls due, an override that ends.

An account's time may stand still (a frozen test clock), run as ours does, or jump by weeks (a sandbox), so nothing can
be planned on the process's own clock: what is due is found by looking (product.md, "Now").
"""

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime

from tenant_billing.ports import ObjectKey, Queue

AccountTime = Callable[[str], datetime | None]


class Deadlines:
    """At what time of which account each object is to be looked at again; at most one deadline per object."""

    def __init__(self, account_time: AccountTime) -> None:
        """Remember nothing yet.

        Args:
            account_time: The present time of a BillingBackend by its name, None while it is not known.
        """
        self._account_time = account_time
        self._by_key: dict[ObjectKey, tuple[str, datetime]] = {}
        self._by_backend: dict[str, list[tuple[datetime, ObjectKey]]] = {}

    def set(self, key: ObjectKey, backend: str, due: datetime | None) -> None:
        """Replace an object's deadline; None removes it."""
        if due is None:
            self._by_key.pop(key, None)
            return
        if self._by_key.get(key) == (backend, due):
            return
        self._by_key[key] = (backend, due)
        heapq.heappush(self._by_backend.setdefault(backend, []), (due, key))

    def pop_due(self) -> list[ObjectKey]:
        """The objects whose time has come, the most overdue of each account first; they are forgotten."""
        due: list[ObjectKey] = []
        for backend in list(self._by_backend):
            now = self._account_time(backend)
            if now is not None:
                due.extend(self._pop_due_of(backend, now))
        return due

    async def run(self, queue: Queue, interval: float = 1.0) -> None:
        """Put what is due into the queue, for ever.

        Args:
            queue: Where due objects go.
            interval: Seconds of real time between two looks at the accounts' clocks.
        """
        while True:
            for key in self.pop_due():
                queue.add(key, urgent=True)
            await asyncio.sleep(interval)

    def _pop_due_of(self, backend: str, now: datetime) -> list[ObjectKey]:
        waiting = self._by_backend[backend]
        due: list[ObjectKey] = []
        while waiting and (waiting[0][0] <= now or not self._is_current(backend, waiting[0])):
            entry = heapq.heappop(waiting)
            if self._is_current(backend, entry):
                del self._by_key[entry[1]]
                due.append(entry[1])
        if not waiting:
            del self._by_backend[backend]
        return due

    def _is_current(self, backend: str, entry: tuple[datetime, ObjectKey]) -> bool:
        due, key = entry
        return self._by_key.get(key) == (backend, due)
