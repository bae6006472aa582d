"""Subscriptions of one Stripe account, read with the invoices that tell since when payment is due."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_calls import Answer
from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_fields import Fields, to_fields
from tenant_billing.clients.stripe_objects import to_customer, to_invoice, to_item, to_subscription
from tenant_billing.domain.observations import Invoice, Subscription
from tenant_billing.ports import OnTurn

WAITING_FOR_PAYMENT: Final = frozenset({"past_due", "incomplete", "unpaid"})
"""Statuses of which the open invoices are read too (product.md, "Past due since")."""
INVOICED: Final = "send_invoice"
"""A collection method that leaves invoices open while the subscription is active."""


class StripeSubscriptions(StripeAccess):
    """Reads subscriptions. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def list_subscriptions(self) -> AsyncIterator[Subscription]:
        """All subscriptions, ended ones and those on test clocks too."""
        async for subscription in self._connection.everywhere(self.subscriptions_where):
            yield subscription

    async def subscriptions_where(
        self, filters: Mapping[str, Any], *, urgent: bool = False
    ) -> AsyncIterator[Subscription]:
        """A list of subscriptions, ended ones too, by Stripe's filters.

        Invoices are left out: lists with expansions are the slow requests (stripe.md 6).
        """
        listing, wanted = self._connection.listing("/v1/subscriptions"), {"status": "all", **filters}
        async for fields in self._calls.pages("ListSubscriptions", listing, wanted, checked, urgent=urgent):
            yield self._seen(to_subscription(await self._with_all_items(fields)))

    async def list_open_invoices(self) -> AsyncIterator[Invoice]:
        """All open invoices that belong to a subscription; on test clocks too, which are listed by customer only."""
        async for invoice in self._open_invoices({}):
            yield invoice
        for clock_id in await self._connection.test_clock_ids():
            filters = {"test_clock": clock_id}
            customers = self._calls.pages(
                "ListCustomers", self._connection.listing("/v1/customers"), filters, to_customer
            )
            async for customer in customers:
                async for invoice in self._open_invoices({"customer": customer.id}):
                    yield invoice

    async def subscriptions_of(
        self, customer_id: str, on_turn: OnTurn | None = None, *, urgent: bool = True
    ) -> Sequence[Subscription]:
        """All subscriptions of one customer, ended ones too, freshly read, with their invoices where past due.

        Args:
            customer_id: Which customer.
            on_turn: Called when the first page is asked for.
            urgent: Whether it goes before what can wait.
        """
        filters = {
            "customer": wire.from_id(customer_id, "customer"),
            "status": "all",
            "expand": [f"data.{each}" for each in wire.EXPANDED_OF_SUBSCRIPTION],
        }
        listing = self._connection.listing("/v1/subscriptions")

        async def send_page(parameters: Mapping[str, Any]) -> Answer:
            if on_turn is not None and "starting_after" not in parameters:
                on_turn()
            return await listing(parameters)

        pages = self._calls.pages("ListSubscriptions", send_page, filters, checked, urgent=urgent)
        return [await self._complete(fields, urgent=urgent) async for fields in pages]

    async def subscription(self, subscription_id: str) -> Subscription | None:
        """One subscription, freshly read, its open invoices included where it is past due or incomplete."""
        identifier = wire.from_id(subscription_id, "subscription")
        fields = await self._calls.find(
            "GetSubscription",
            lambda: self._api.subscriptions.retrieve_async(
                identifier, {"expand": [*wire.EXPANDED_OF_SUBSCRIPTION]}
            ),
            checked,
        )
        return None if fields is None else await self._complete(fields)

    async def _complete(self, fields: Fields, *, urgent: bool = True) -> Subscription:
        """A subscription with what Stripe did not send along: further items, and the invoices that wait."""
        whole = await self._with_all_items(fields, urgent=urgent)
        if whole["status"] not in WAITING_FOR_PAYMENT and whole.get("collection_method") != INVOICED:
            return self._seen(to_subscription(whole, []))
        filters = {"subscription": whole["id"], "status": "open"}
        pages = self._calls.pages(
            "ListInvoices", self._connection.listing("/v1/invoices"), filters, to_invoice, urgent=urgent
        )
        return self._seen(to_subscription(whole, [invoice async for invoice in pages]))

    async def _with_all_items(self, fields: Fields, *, urgent: bool = True) -> Fields:
        """The same subscription with all its items: Stripe inlines the first page of them only."""
        if not to_fields(fields.get("items")).get("has_more"):
            return fields
        filters = {"subscription": fields["id"]}
        items = self._calls.pages(
            "ListSubscriptionItems",
            self._connection.listing("/v1/subscription_items"),
            filters,
            _checked_item,
            urgent=urgent,
        )
        return {**fields, "items": {"data": [item async for item in items], "has_more": False}}

    async def _open_invoices(self, filters: dict[str, str]) -> AsyncIterator[Invoice]:
        wanted = {"status": "open", **filters}
        pages = self._calls.pages(
            "ListInvoices", self._connection.listing("/v1/invoices"), wanted, to_invoice
        )
        async for invoice in pages:
            if invoice.subscription_id is not None:
                yield invoice

    def _seen(self, subscription: Subscription) -> Subscription:
        self._calls.locks.learn(subscription.id, subscription.customer_id)
        return subscription


def checked(fields: Fields) -> Fields:
    """The fields themselves, once it is sure that they can be understood."""
    to_subscription(fields)
    return fields


def _checked_item(fields: Fields) -> Fields:
    to_item(fields)
    return fields
