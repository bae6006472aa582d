"""From what the watches bring to what is worked on: fills the store, then turns changes into keys to look at.

Until the first event is handled kopf fills its indices: every object of every kind has passed :meth:`Arrivals.prefill`
by then (kopf 1.45.2, ``processing.process_resource_event``: indexing, then waiting for all kinds, then handlers). So
the first pass of all sees complete stores, and never takes "not seen yet" for "not there".
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from tenant_billing.runtime.dependents import affected_by
from tenant_billing.runtime.resources import Change, ResourceStore
from tenant_billing.runtime.work_queue import WorkQueue

GATHERING: Final = 5.0
"""Seconds in which changes gather before an object that only counts others is looked at."""


class Arrivals:
    """What the handlers feed."""

    def __init__(self, store: ResourceStore, queue: WorkQueue) -> None:
        self._store = store
        self._queue = queue
        self.complete = asyncio.Event()
        """Set once everything that existed at the start is in the store."""

    def prefill(self, body: Mapping[str, Any]) -> None:
        """Take in an object that existed at the start; nothing is looked at for its sake yet."""
        if not self.complete.is_set():
            self._store.arrive(body)

    def handle(self, event_type: str | None, body: Mapping[str, Any]) -> None:
        """Take in one event of a watch, or an object of a list (type None); the first one ends the prefilling."""
        if not self.complete.is_set():
            self._store.listen(self._on_change)
            self.complete.set()
        if event_type == "DELETED":
            self._store.forget(body)
        else:
            self._store.arrive(body)

    def enqueue_everything(self) -> None:
        """Look at every object, in the order in which they depend on one another; what a new leader begins with."""
        for key in self._store.everything():
            self._queue.add(key, urgent=False)

    def _on_change(self, change: Change) -> None:
        affected = affected_by(change, self._store)
        for key in affected.itself:
            self._queue.add(key, urgent=True)
        for key in affected.others:
            self._queue.add(key, urgent=False)
        for key in affected.soon:
            self._queue.add_after(key, GATHERING)
