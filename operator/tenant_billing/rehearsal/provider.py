"""An account that is read and never written: a :class:`tenant_billing.ports.BillingProvider` for a rehearsal."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from tenant_billing.domain import predictions, requests, subscription_predictions
from tenant_billing.domain.errors import NotFound
from tenant_billing.domain.forecast import System
from tenant_billing.domain.meter_errors import MeterErrors
from tenant_billing.domain.metering import UsageReport
from tenant_billing.domain.observations import (
    Account,
    Customer,
    Event,
    Invoice,
    Meter,
    Price,
    Product,
    Subscription,
)
from tenant_billing.ports import BillingProvider, Clock, OnTurn, Subject
from tenant_billing.rehearsal.record import Overlay, Record
from tenant_billing.rehearsal.webhook_endpoints import RehearsedWebhookEndpoints

SeenT = TypeVar("SeenT")


class RehearsedProvider(RehearsedWebhookEndpoints):
    """Reads from a real account; a write is noted, and answered by what it would bring.

    Args:
        real: Where reads go.
        record: Where writes are noted.
        clock: Time until the account has told its own.
    """

    def __init__(self, real: BillingProvider, record: Record, clock: Clock) -> None:
        super().__init__(real, record)
        self._real = real
        self._record = record
        self._clock = clock
        self._products: Overlay[Product] = Overlay(lambda each: each.id)
        self._prices: Overlay[Price] = Overlay(lambda each: each.id)
        self._meters: Overlay[Meter] = Overlay(lambda each: each.id)
        self._customers: Overlay[Customer] = Overlay(lambda each: each.id)
        self._subscriptions: Overlay[Subscription] = Overlay(lambda each: each.id)

    # -- what is read from the real account alone ----------------------------

    async def account(self) -> Account:
        """Whom the key belongs to."""
        return await self._real.account()

    def time(self) -> datetime | None:
        """The account's time by the newest answer, or None before the first answer."""
        return self._real.time()

    async def clock_time(self, test_clock_id: str) -> datetime | None:
        """The frozen time of a test clock."""
        return await self._real.clock_time(test_clock_id)

    def list_open_invoices(self) -> AsyncIterator[Invoice]:
        """All open invoices that belong to a subscription."""
        return self._real.list_open_invoices()

    def events_after(self, cursor: str | None, since: datetime | None) -> AsyncIterator[Event]:
        """The events after the one named, oldest first."""
        return self._real.events_after(cursor, since)

    async def newest_event(self) -> Event | None:
        """The newest event of the account, or None where there is none yet."""
        return await self._real.newest_event()

    async def usage_sum(
        self, meter_id: str, customer_id: str, start: datetime, end: datetime
    ) -> Decimal | None:
        """What the reports of a customer come to."""
        return await self._real.usage_sum(meter_id, customer_id, start, end)

    def meter_errors(self, after: str | None) -> AsyncIterator[MeterErrors]:
        """What the provider found wrong with reports."""
        return self._real.meter_errors(after)

    async def close(self) -> None:
        """Give connections back."""
        await self._real.close()

    # -- what is read with the writes laid over it ---------------------------

    def list_products(self) -> AsyncIterator[Product]:
        """All products, archived ones too."""
        return self._products.over(self._real.list_products())

    def list_prices(self) -> AsyncIterator[Price]:
        """All recurring prices, archived ones too."""
        return self._prices.over(self._real.list_prices())

    def list_meters(self) -> AsyncIterator[Meter]:
        """All meters, inactive ones too."""
        return self._meters.over(self._real.list_meters())

    def list_customers(self) -> AsyncIterator[Customer]:
        """All customers."""
        return self._customers.over(self._real.list_customers())

    def list_subscriptions(self) -> AsyncIterator[Subscription]:
        """All subscriptions."""
        return self._subscriptions.over(self._real.list_subscriptions())

    async def created_since(self, moment: datetime) -> Sequence[Customer | Subscription]:
        """The customers and subscriptions created since a time, and all that were written."""
        found = await self._real.created_since(moment)
        made: list[Customer | Subscription] = [*self._customers.all(), *self._subscriptions.all()]
        known = {each.id for each in made}
        return [*(each for each in found if each.id not in known), *made]

    async def subscriptions_of(
        self, customer_id: str, on_turn: OnTurn | None = None, *, urgent: bool = True
    ) -> Sequence[Subscription]:
        """All subscriptions of one customer."""
        made_here = self._record.has_made(customer_id)
        found = () if made_here else await self._real.subscriptions_of(customer_id, on_turn, urgent=urgent)
        known = {each.id for each in found}
        made = [
            each
            for each in self._subscriptions.all()
            if each.customer_id == customer_id and each.id not in known
        ]
        return [*(self._subscriptions.get(each.id) or each for each in found), *made]

    async def subscription(self, subscription_id: str) -> Subscription | None:
        """One subscription."""
        return self._subscriptions.get(subscription_id) or await self._real.subscription(subscription_id)

    async def customer(self, customer_id: str) -> Customer | None:
        """One customer."""
        return self._customers.get(customer_id) or await self._real.customer(customer_id)

    async def price(self, price_id: str) -> Price | None:
        """One price."""
        return self._prices.get(price_id) or await self._real.price(price_id)

    async def product(self, product_id: str) -> Product | None:
        """One product."""
        return self._products.get(product_id) or await self._real.product(product_id)

    async def meter(self, meter_id: str) -> Meter | None:
        """One meter."""
        return self._meters.get(meter_id) or await self._real.meter(meter_id)

    # -- what is written -----------------------------------------------------

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        """Note that a product would be created."""
        made = predictions.product_made(request, self._record.new_id("product"))
        self._note("CreateProduct", subject, made.id, request)
        return self._products.put(made)

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        """Note that a product would be changed."""
        before = _found(await self.product(product_id), "product", product_id)
        self._note("UpdateProduct", subject, product_id, change, before)
        return self._products.put(predictions.product_changed(before, change))

    async def create_meter(self, request: requests.NewMeter, key: str, subject: Subject) -> Meter:
        """Note that a meter would be created."""
        made = predictions.meter_made(request, self._record.new_id("meter"), self._now())
        self._note("CreateMeter", subject, made.id, request)
        return self._meters.put(made)

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        """Note that a price would be created; the lookup key moves to it."""
        made = predictions.price_made(request, self._record.new_id("price"), self._now())
        self._note("CreatePrice", subject, made.id, request)
        async for each in self.list_prices():
            if each.lookup_key == made.lookup_key:
                self._prices.put(replace(each, lookup_key=None))
        return self._prices.put(made)

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        """Note that a price would be taken out of sale."""
        before = _found(await self.price(price_id), "price", price_id)
        self._note("ArchivePrice", subject, price_id, {})
        return self._prices.put(replace(before, active=False))

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        """Note that a customer would be created."""
        made = predictions.customer_made(request, self._record.new_id("customer"), self._now())
        self._note("CreateCustomer", subject, made.id, request)
        return self._customers.put(made)

    async def mark_customer(
        self, customer_id: str, metadata: Mapping[str, str], subject: Subject
    ) -> Customer:
        """Note that metadata would be merged into a customer."""
        before = _found(await self.customer(customer_id), "customer", customer_id)
        self._note("MarkCustomer", subject, customer_id, {"metadata": dict(metadata)}, before)
        return self._customers.put(predictions.customer_marked(before, metadata))

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        """Note that a subscription would be created."""
        price = await self.price(request.price_id)
        made = subscription_predictions.subscription_made(
            request, price, self._record.new_id("subscription"), self._now()
        )
        self._note("CreateSubscription", subject, made.id, request)
        return self._subscriptions.put(made)

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        """Note that an item would be put on another price."""
        before = await self._subscription(change.subscription_id)
        item = next((each for each in before.items if each.id == change.item_id), None)
        self._note("ChangeItem", subject, change.subscription_id, change, item)
        price = await self.price(change.price_id)
        return self._subscriptions.put(subscription_predictions.item_changed(before, change, price))

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        """Note that the rest of a subscription would be changed."""
        before = await self._subscription(subscription_id)
        self._note("ChangeSubscription", subject, subscription_id, change, before)
        return self._subscriptions.put(subscription_predictions.subscription_changed(before, change))

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        """Note that a schedule would be attached."""
        before = await self._subscription(subscription_id)
        self._note("AttachSchedule", subject, subscription_id, {})
        identity = self._record.new_id("schedule")
        return self._subscriptions.put(subscription_predictions.schedule_attached(before, identity))

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        """Note that a schedule would plan a move."""
        before = await self._subscription(move.subscription_id)
        self._note("PlanMove", subject, move.subscription_id, move)
        return self._subscriptions.put(subscription_predictions.move_planned(before, move))

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        """Note that a schedule would be taken off."""
        before = await self._subscription(subscription_id)
        self._note("ReleaseSchedule", subject, subscription_id, {"schedule_id": schedule_id})
        return self._subscriptions.put(subscription_predictions.schedule_released(before))

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        """Note that a subscription would be ended at once."""
        before = await self._subscription(subscription_id)
        self._note("CancelSubscription", subject, subscription_id, {})
        return self._subscriptions.put(subscription_predictions.subscription_canceled(before, self._now()))

    async def report_usage(self, report: UsageReport, subject: Subject) -> None:
        """Note that usage would be reported."""
        said = {"quantity": report.quantity, "event_name": report.meter.event_name}
        self._note("ReportUsage", subject, report.customer_id, said)

    # -- inside --------------------------------------------------------------

    async def _subscription(self, subscription_id: str) -> Subscription:
        return _found(await self.subscription(subscription_id), "subscription", subscription_id)

    def _now(self) -> datetime:
        return self._real.time() or self._clock.now()

    def _note(
        self, operation: str, subject: Subject, target: str, request: object, seen: object = None
    ) -> None:
        self._record.note(System.STRIPE, operation, subject, target, request, seen)


def _found(seen: SeenT | None, what: str, identity: str) -> SeenT:
    """What is to be changed.

    Raises:
        NotFound: It is not there: the provider would answer so too.
    """
    if seen is None:
        raise NotFound(f"there is no {what} {identity}", code="resource_missing")
    return seen
