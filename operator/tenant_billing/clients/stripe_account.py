"""The account itself: whom the key belongs to, its time, its list of events (stripe.md 3.5)."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_events import EVENT_TYPES, to_event
from tenant_billing.clients.stripe_fields import to_moment
from tenant_billing.clients.stripe_objects import to_account
from tenant_billing.domain.observations import Account, Event


class StripeAccount(StripeAccess):
    """Reads the account. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def account(self) -> Account:
        """Whom the key belongs to."""
        livemode = self._connection.livemode
        return await self._calls.read(
            "GetAccount",
            self._api.accounts.retrieve_current_async,
            lambda fields: to_account(fields, livemode=livemode),
        )

    def time(self) -> datetime | None:
        """The account's time by the newest answer, or None before the first answer."""
        return self._connection.account_time.now()

    async def clock_time(self, test_clock_id: str) -> datetime | None:
        """The frozen time of a test clock; None where it does not exist (any more)."""
        identifier = wire.from_id(test_clock_id, "test clock")
        return await self._calls.find(
            "GetTestClock",
            lambda: self._api.test_helpers.test_clocks.retrieve_async(identifier),
            lambda fields: to_moment(fields["frozen_time"]),
        )

    async def events_after(self, cursor: str | None, since: datetime | None) -> AsyncIterator[Event]:
        """The events after the one named, oldest first; without a cursor, those created since a time.

        Raises:
            NotFound: The event named is not in the list any more: Stripe keeps 30 days.
        """
        if cursor is not None:
            filters: Mapping[str, Any] = {"ending_before": wire.from_id(cursor, "event")}
            async for event in self._pages(filters, backward=True):
                yield event
            return
        # Stripe lists the newest first: the whole list is read before the oldest is known.
        since_filter = wire.from_created_since(since)
        newest_first = [event async for event in self._pages(since_filter, backward=False)]
        for event in reversed(newest_first):
            yield event

    async def newest_event(self) -> Event | None:
        """The newest event of the account, or None where there is none yet."""
        newest = await self._calls.read(
            "ListEvents",
            lambda: self._api.events.list_async({"types": list(EVENT_TYPES), "limit": 1}),
            lambda page: [to_event(fields) for fields in page["data"]],
        )
        return newest[0] if newest else None

    def _pages(self, filters: Mapping[str, Any], *, backward: bool) -> AsyncIterator[Event]:
        wanted = {"types": list(EVENT_TYPES), **filters}
        return self._calls.pages(
            "ListEvents", self._connection.listing("/v1/events"), wanted, to_event, backward=backward
        )
