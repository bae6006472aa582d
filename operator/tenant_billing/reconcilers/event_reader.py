"""The account's event list: read by a cursor, each event turned into work (product.md, "Events")."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend, EventCursors
from tenant_billing.api.conditions import ConditionStatus
from tenant_billing.api.names import BILLING_PLAN, TENANT_SUBSCRIPTION
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import event_progress, events
from tenant_billing.domain.errors import OutsideError, Throttled, Unreachable
from tenant_billing.domain.event_progress import EventProgress
from tenant_billing.domain.observations import Event
from tenant_billing.ports import ObjectKey
from tenant_billing.reconcilers.accounts import AccountConnection
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.reconcilers.seen_events import Teller

_EXPIRED: Final = "no event was seen for 30 days, so the account was listed in full"


@dataclass(frozen=True)
class EventsSeen:
    """What ``EventsCurrent`` says."""

    status: ConditionStatus
    reason: Reason
    message: str = ""


CAUGHT_UP: Final = EventsSeen(ConditionStatus.TRUE, Reason.CAUGHT_UP)


class EventReader:
    """Reads the event list of one account, from where the status says that it was handled."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._resources = surroundings.resources
        self._queue = surroundings.queue
        self._clock = surroundings.clock
        self._seen = surroundings.seen_events
        self._progress: EventProgress | None = None
        self._read_at: datetime | None = None
        self._ended_at: float | None = None
        self._strangers: set[str] = set()

    async def begin(self, resource: BillingBackend, connection: AccountConnection) -> EventsSeen | None:
        """Find where to read from, then see the account in full: in this order nothing falls between both.

        Gives ``HistoryExpired`` where the list does not reach back to what was handled last.
        """
        now = connection.provider.time() or self._clock.now()
        cursors = self._handled() or resource.status.events or EventCursors()
        old = event_progress.has_expired(cursors, now)
        expired = old and (self._read_at is None or now - self._read_at > event_progress.HISTORY)
        if old and self._read_at is not None and not expired:
            # The list was read all the time, and there was nothing: only the last event has left it.
            self._progress = event_progress.quiet_since(self._read_at)
        elif expired or (self._progress is None and cursors.cursor is None):
            self._progress = event_progress.begun_at(await self._newest(connection), now)
        elif self._progress is None:
            self._progress = event_progress.resumed(cursors)
        if expired and connection.picture.is_ready:
            await connection.picture.list_again()
        await connection.picture.ready()
        return EventsSeen(ConditionStatus.FALSE, Reason.HISTORY_EXPIRED, _EXPIRED) if expired else None

    async def read(self, resource: BillingBackend, connection: AccountConnection) -> EventsSeen:
        """Handle what is new in the list.

        Raises:
            OutsideError: The list cannot be read; what was handled before that stays handled.
        """
        assert self._progress is not None, "begin comes first"
        receiver = events.Receiver(
            backend=connection.backend,
            owner=connection.owner,
            account_id=connection.account_id,
            livemode=resource.spec.account.is_live,
        )
        anchor = self._progress.anchor
        since = self._progress.since if anchor is None else None
        begun = connection.provider.time() or self._clock.now()
        async for event in connection.provider.events_after(anchor, since):
            if self._progress.is_new(event):
                self._follow(event, events.route(event, receiver, self._resources), connection)
                self._progress = self._progress.handled(event)
        await self._meet_strangers(connection)
        self._read_at, self._ended_at = begun, self._clock.monotonic()
        return CAUGHT_UP

    @property
    def age(self) -> float | None:
        """Seconds since the list was last read to its end; None where it was not."""
        return None if self._ended_at is None else self._clock.monotonic() - self._ended_at

    @property
    def handled_until(self) -> datetime | None:
        """Account time up to which everything that the list holds is known to be handled."""
        last = self._progress.last[1] if self._progress is not None and self._progress.last else None
        return max((each for each in (self._read_at, last) if each is not None), default=None)

    def to_write(self) -> EventCursors | None:
        """The cursor to store now, None where it is not due."""
        return self._progress.to_write(self._clock.monotonic()) if self._progress is not None else None

    def stored(self, cursors: EventCursors) -> None:
        """Note that a cursor was stored."""
        if self._progress is not None:
            self._progress = self._progress.stored(cursors.cursor, self._clock.monotonic())

    async def _newest(self, connection: AccountConnection) -> Event | None:
        """The newest event; None also where the list gives no answer now.

        The list is one way to hear of changes among several: without it the account is worked with all the same, and
        what happens from the present on is read once it answers again.
        """
        try:
            return await connection.provider.newest_event()
        except (Unreachable, Throttled):
            return None

    def _handled(self) -> EventCursors | None:
        progress = self._progress
        if progress is None:
            return None
        if progress.last is not None:
            return EventCursors(cursor=progress.last[0], last_event_time=progress.last[1])
        return EventCursors(last_event_time=progress.since)

    def _follow(self, event: Event, route: events.Route, connection: AccountConnection) -> None:
        """Let the objects that an event concerns be looked at, on fresh reads, unless a webhook told them.

        What the full listing shows already was looked at after it: events from before the start cost nothing.
        """
        if connection.picture.was_listed_after(event.created):
            return
        keys = [ObjectKey(TENANT_SUBSCRIPTION.kind, *each) for each in route.subscriptions]
        untold = [key for key in keys if self._seen.is_news(key, event.id, Teller.LIST)]
        if keys and not untold:
            return
        connection.picture.stale(route.stale)
        if route.stranger is not None:
            self._strangers.add(route.stranger)
        for key in untold:
            self._queue.add(key)
        for name in route.plans:
            self._queue.add(ObjectKey(BILLING_PLAN.kind, "", name))

    async def _meet_strangers(self, connection: AccountConnection) -> None:
        """See the subscriptions that no object stands for, where a plan makes objects of them.

        Raises:
            OutsideError: One could not be read; it is read next time. A new leader lists the account.
        """
        if not self._strangers:
            return
        plans = [
            each for each in self._resources.plans_of(connection.backend) if each.spec.discovery is not None
        ]
        if not plans:
            connection.picture.pass_over()
            self._strangers.clear()
        while self._strangers:
            subscription_id = min(self._strangers)
            await connection.picture.fresh_subscription(subscription_id)
            self._strangers.discard(subscription_id)
        for plan in plans:
            self._queue.add(ObjectKey(BILLING_PLAN.kind, "", plan.metadata.name))


def unreadable(error: OutsideError) -> EventsSeen:
    """What ``EventsCurrent`` says after a reading that failed."""
    return EventsSeen(ConditionStatus.FALSE, Reason.LAGGING, f"the event list cannot be read: {error}")
