"""How far the event list was handled: a cursor that moves only past what has been, and reads a little twice."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from tenant_billing.api.billing_backend import EventCursors
from tenant_billing.domain.observations import Event

OVERLAP: Final = timedelta(seconds=10)
"""The list orders by whole seconds, and an event may join it late: the last of them are read again."""
WRITE_INTERVAL: Final = 30.0
"""Seconds between two writes of the cursor (api.md, ``events``)."""
HISTORY: Final = timedelta(days=30)
"""Older events are not in the list any more (stripe.md 3.2)."""


@dataclass(frozen=True)
class EventProgress:
    """What was handled, in memory; the status keeps its last event.

    Attributes:
        anchor: The event to read after; None reads by time.
        since: Where no anchor is known: the time to read from.
        recent: Events after the anchor that were handled, oldest first: read again, not handled again.
        last: The last event that was handled, with its time.
        written: The cursor that the status holds.
        written_at: Monotonic seconds of the last write, None where this process has written none.
    """

    anchor: str | None = None
    since: datetime | None = None
    recent: tuple[tuple[str, datetime], ...] = ()
    last: tuple[str, datetime] | None = None
    written: str | None = None
    written_at: float | None = None

    @cached_property
    def _recent_ids(self) -> frozenset[str]:
        """Made once for each event that is handled, not for each that is read again: in a rush those are thousands."""
        return frozenset(identity for identity, _ in self.recent)

    def is_new(self, event: Event) -> bool:
        """Whether an event was not handled yet."""
        return event.id not in self._recent_ids and event.id != self.anchor

    def handled(self, event: Event) -> "EventProgress":
        """The progress after an event; it must be called in the order of the list."""
        recent = (*self.recent, (event.id, event.created))
        anchor = self.anchor
        while recent[0][1] < event.created - OVERLAP:
            anchor, recent = recent[0][0], recent[1:]
        return replace(self, anchor=anchor, recent=recent, last=(event.id, event.created))

    def to_write(self, monotonic: float) -> EventCursors | None:
        """The cursor to store now, or None: nothing new was handled, or the last write is too fresh."""
        if self.last is None or self.last[0] == self.written:
            return None
        if self.written_at is not None and monotonic - self.written_at < WRITE_INTERVAL:
            return None
        return EventCursors(cursor=self.last[0], last_event_time=self.last[1])

    def stored(self, cursor: str | None, monotonic: float) -> "EventProgress":
        """The progress after a cursor was written."""
        return replace(self, written=cursor, written_at=monotonic)


def resumed(cursors: EventCursors) -> EventProgress:
    """Go on from what the status holds, reading the overlap by time: an anchor that is too old may be refused."""
    since = cursors.last_event_time - OVERLAP if cursors.last_event_time is not None else None
    anchor = cursors.cursor if since is None else None
    return EventProgress(anchor=anchor, since=since, written=cursors.cursor)


def begun_at(newest: Event | None, now: datetime) -> EventProgress:
    """Begin after the newest event: what was before is in the full listing."""
    if newest is None:
        return EventProgress(since=now)
    return EventProgress(anchor=newest.id, last=(newest.id, newest.created))


def quiet_since(read_at: datetime) -> EventProgress:
    """Go on where the list was read at a time and held nothing new: no event is left in it to read after."""
    return EventProgress(since=read_at - OVERLAP)


def has_expired(cursors: EventCursors, now: datetime) -> bool:
    """Whether the list no longer reaches back to the cursor, so that the account must be listed in full."""
    return cursors.last_event_time is not None and now - cursors.last_event_time > HISTORY
