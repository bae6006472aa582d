"""What was created at one Stripe account since a time: asked before every purchase, so in as few calls as can be."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_customers import StripeCustomers
from tenant_billing.clients.stripe_subscriptions import StripeSubscriptions
from tenant_billing.domain.observations import Customer, Subscription

T = TypeVar("T")


class StripeNewcomers(StripeCustomers, StripeSubscriptions):
    """New customers and subscriptions. Raises subclasses of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def created_since(self, moment: datetime) -> Sequence[Customer | Subscription]:
        """The customers and subscriptions that were created at a time or later, and all of those on test clocks.

        Objects on a test clock were created in its time, so no filter on ``created`` applies to them (stripe.md 6).
        Somebody waits for the answer, so it goes before what nobody waits for.
        """
        try:
            async with asyncio.TaskGroup() as group:
                clock_ids = group.create_task(self._connection.test_clock_ids(urgent=True))
                newcomers = group.create_task(self._both(wire.from_created_since(moment)))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        found = newcomers.result()
        for clock_id in clock_ids.result():
            found += await self._both({"test_clock": clock_id})
        return found

    async def _both(self, filters: Mapping[str, Any]) -> list[Customer | Subscription]:
        """Customers and subscriptions at the same time; where one list fails, the other ends too."""
        try:
            async with asyncio.TaskGroup() as group:
                customers = group.create_task(_all(self.customers_where(filters, urgent=True)))
                subscriptions = group.create_task(_all(self.subscriptions_where(filters, urgent=True)))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        return [*customers.result(), *subscriptions.result()]


async def _all(pages: AsyncIterator[T]) -> list[T]:
    return [each async for each in pages]
