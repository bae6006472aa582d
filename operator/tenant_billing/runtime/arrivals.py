"""From what the watches bring to what is worked on: fills the store, then turns changes into keys to look at.

The first pass of all must see complete stores, and never take "not seen yet" for "not there". Kopf says when it has
handed over whole lists to its indices only, and those take the square of the number of objects (1.45.2,
``aiotoggles.ToggleSet``: each object that is indexed wakes all that wait; 20 s of processor time for 2,000 of them). So
the API server is asked what there is, and nothing is looked at before the watches have brought it.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import ListObjects
from tenant_billing.runtime.dependents import affected_by, is_birth
from tenant_billing.runtime.resources import Change, ResourceStore
from tenant_billing.runtime.roll_call import still_missing
from tenant_billing.runtime.work_queue import WorkQueue

ASK_AGAIN: Final = 1.0
"""Seconds after the API server gave no answer."""
GATHERING: Final = 5.0
"""Seconds in which changes gather before an object that only counts others is looked at."""


class Arrivals:
    """What the handlers feed."""

    def __init__(self, store: ResourceStore, queue: WorkQueue) -> None:
        self._store = store
        self._queue = queue
        self._log = structlog.get_logger("arrivals")
        self.complete = asyncio.Event()
        """Set once everything that existed at the start is in the store."""

    async def fill(self, list_objects: ListObjects) -> None:
        """Wait until the watches have brought everything that exists; from then on changes are looked at."""
        while not await self._has_arrived(list_objects):
            pass
        self._store.listen(self._on_change)
        self.complete.set()

    def handle(self, event_type: str | None, body: Mapping[str, Any]) -> None:
        """Take in one event of a watch, or an object of a list (type None)."""
        if event_type == "DELETED":
            self._store.forget(body)
        else:
            self._store.arrive(body)

    async def _has_arrived(self, list_objects: ListObjects) -> bool:
        """Whether everything that exists now comes within two seconds."""
        try:
            listing = await list_objects()
        except OutsideError as error:
            self._log.warning("objects cannot be listed", error=str(error))
            await asyncio.sleep(ASK_AGAIN)
            return False
        return not await still_missing(self._store, listing)

    def enqueue_everything(self) -> None:
        """Look at every object, in the order in which they depend on one another; what a new leader begins with."""
        for key in self._store.everything():
            self._queue.add(key, urgent=False)

    def _on_change(self, change: Change) -> None:
        affected = affected_by(change, self._store)
        for key in affected.itself:
            self._queue.add(key, urgent=not is_birth(change))
        for key in affected.others:
            self._queue.add(key, urgent=False)
        for key in affected.soon:
            self._queue.add_after(key, GATHERING)
        for key in affected.strange:
            if not self._queue.is_worked_on(key):
                self._queue.add_after(key, GATHERING)
