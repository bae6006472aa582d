"""Which events were told already, by webhook or by the event list: each asks for one fresh read, not for two."""

from collections import OrderedDict
from enum import Enum, auto
from typing import Final

from tenant_billing.ports import ObjectKey

MOST_REMEMBERED: Final = 50_000
"""Pairs of object and event that are remembered; an older one costs a read more, nothing else."""


class Teller(Enum):
    """Who tells of events."""

    WEBHOOK = auto()
    """Its nudge may cover up another one, so that the same nudge again is news again."""
    LIST = auto()


class SeenEvents:
    """Remembers, for a leadership, which object was told of which event by whom."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[ObjectKey, str], Teller] = OrderedDict()

    def is_news(self, key: ObjectKey, event_id: str, teller: Teller) -> bool:
        """Note that an object is told of an event; gives whether the other teller has not told it before."""
        first = self._seen.setdefault((key, event_id), teller)
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return first is teller
