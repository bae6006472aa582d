"""Which events were told already, by webhook or by the event list: each asks for one fresh read, not for two."""

from collections import OrderedDict
from typing import Final

from tenant_billing.ports import ObjectKey

MOST_REMEMBERED: Final = 50_000
"""Pairs of object and event that are remembered; an older one costs a read more, nothing else."""


class SeenEvents:
    """Remembers, for a leadership, which object was told of which event."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[ObjectKey, str], None] = OrderedDict()

    def is_first(self, key: ObjectKey, event_id: str) -> bool:
        """Note that an object is told of an event; gives whether it was not told before."""
        pair = (key, event_id)
        if pair in self._seen:
            return False
        self._seen[pair] = None
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return True
