"""An account of a payment provider with a memory; it decides nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from endpoints_memory import EndpointsMemory
from hand_clock import NOW
from tenant_billing.domain import predictions, requests
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
from tenant_billing.ports import OnTurn, Subject


@dataclass
class AccountMemory(EndpointsMemory):
    """One account of a payment provider."""

    identity: Account = field(default_factory=lambda: Account("acct_1", livemode=False))
    moment: datetime | None = NOW
    products: dict[str, Product] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    meters: dict[str, Meter] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    clocks: dict[str, datetime] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)
    reports: list[UsageReport] = field(default_factory=list)
    mistakes: list[MeterErrors] = field(default_factory=list)
    while_errors_are_read: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def account(self) -> Account:
        self.called("account")
        return self.identity

    def time(self) -> datetime | None:
        return self.moment

    async def clock_time(self, test_clock_id: str) -> datetime | None:
        return self.clocks.get(test_clock_id)

    async def list_products(self) -> AsyncIterator[Product]:
        async for each in self._listed("list_products", self.products.values()):
            yield each

    async def list_prices(self) -> AsyncIterator[Price]:
        async for each in self._listed("list_prices", self.prices.values()):
            yield each

    async def list_meters(self) -> AsyncIterator[Meter]:
        async for each in self._listed("list_meters", self.meters.values()):
            yield each

    async def list_customers(self) -> AsyncIterator[Customer]:
        async for each in self._listed("list_customers", self.customers.values()):
            if not each.deleted:
                yield each

    async def list_subscriptions(self) -> AsyncIterator[Subscription]:
        async for each in self._listed("list_subscriptions", self.subscriptions.values()):
            yield each

    async def created_since(self, moment: datetime) -> Sequence[Customer | Subscription]:
        self.called("created_since")
        customers = [each for each in self.customers.values() if not each.deleted]
        return [
            *(each for each in customers if (each.created or NOW) >= moment),
            *(each for each in self.subscriptions.values() if each.created >= moment),
        ]

    async def list_open_invoices(self) -> AsyncIterator[Invoice]:
        async for each in self._listed("list_open_invoices", self.invoices):
            if each.status == "open":
                yield each

    async def subscriptions_of(
        self, customer_id: str, on_turn: OnTurn | None = None, *, urgent: bool = True
    ) -> Sequence[Subscription]:
        if on_turn is not None:
            on_turn()
        self.called("subscriptions_of", urgent=urgent)
        return [each for each in self.subscriptions.values() if each.customer_id == customer_id]

    async def subscription(self, subscription_id: str) -> Subscription | None:
        self.called("subscription")
        return self.subscriptions.get(subscription_id)

    async def customer(self, customer_id: str) -> Customer | None:
        self.called("customer")
        return self.customers.get(customer_id)

    async def price(self, price_id: str) -> Price | None:
        self.called("price")
        return self.prices.get(price_id)

    async def product(self, product_id: str) -> Product | None:
        self.called("product")
        return self.products.get(product_id)

    async def meter(self, meter_id: str) -> Meter | None:
        self.called("meter")
        return self.meters.get(meter_id)

    async def create_meter(self, request: requests.NewMeter, key: str, subject: Subject) -> Meter:
        self._wrote("create_meter", subject)
        known = self.answers.get(key)
        if known is None:
            identity = f"mtr_{len(self.meters) + 1}"
            known = predictions.meter_made(request, identity, self.moment or NOW)
            self.answers[key] = self.meters[identity] = known
        self.called("create_meter:committed")
        return self.meters[known.id]

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        self._wrote("create_product", subject)
        known = self.answers.get(key)
        if known is None:
            identity = f"prod_{len(self.products) + 1}"
            known = Product(identity, request.name, active=True, metadata=request.metadata)
            known = replace(known, description=request.description, tax_code=request.tax_code)
            self.answers[key] = self.products[identity] = known
        self.called("create_product:committed")
        return self.products[known.id]

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        self._wrote("update_product", subject)
        fields = ("name", "description", "tax_code", "default_price_id", "active")
        changed = {name: value for name in fields if (value := getattr(change, name)) is not None}
        self.products[product_id] = replace(self.products[product_id], **changed)
        return self.products[product_id]

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        self._wrote("create_price", subject)
        known = self.answers.get(key)
        if known is None:
            for each in list(self.prices.values()):
                if each.lookup_key == request.lookup_key:
                    self.prices[each.id] = replace(each, lookup_key=None)
            known = predictions.price_made(request, f"price_{len(self.prices) + 1}", self.moment or NOW)
            self.answers[key] = self.prices[known.id] = known
        self.called("create_price:committed")
        return self.prices[known.id]

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        self._wrote("archive_price", subject)
        self.prices[price_id] = replace(self.prices[price_id], active=False)
        return self.prices[price_id]

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        return self._unused("create_customer")

    async def mark_customer(
        self, customer_id: str, metadata: Mapping[str, str], subject: Subject
    ) -> Customer:
        return self._unused("mark_customer")

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        return self._unused("create_subscription")

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        return self._unused("change_item")

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        return self._unused("attach_schedule")

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        return self._unused("plan_move")

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        return self._unused("release_schedule")

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        return self._unused("change_subscription")

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        return self._unused("cancel_subscription")

    async def report_usage(self, report: UsageReport, subject: Subject) -> None:
        self._wrote("report_usage", subject)
        if all(each.identifier != report.identifier for each in self.reports):
            self.reports.append(report)
        self.called("report_usage:committed")

    async def usage_sum(
        self, meter_id: str, customer_id: str, start: datetime, end: datetime
    ) -> Decimal | None:
        self.called("usage_sum")
        return self.metered(meter_id, customer_id, start, end)

    def metered(self, meter_id: str, customer_id: str, start: datetime, end: datetime) -> Decimal | None:
        """What the meter's formula ``last`` makes of the reports that were not lost."""
        counted = [
            each
            for each in self.reports
            if each.meter.id == meter_id and each.customer_id == customer_id and start <= each.timestamp < end
        ]
        return Decimal(max(counted, key=lambda each: each.timestamp).quantity) if counted else None

    async def meter_errors(self, after: str | None) -> AsyncIterator[MeterErrors]:
        self.called("meter_errors")
        while self.while_errors_are_read:
            await self.while_errors_are_read.pop()()
        for each in self.mistakes:
            if each.id == after:
                return
            yield each

    async def events_after(self, cursor: str | None, since: datetime | None) -> AsyncIterator[Event]:
        self.called("events_after")
        ids = [each.id for each in self.events]
        start = ids.index(cursor) + 1 if cursor in ids else 0
        for each in self.events[start:]:
            if since is None or each.created >= since:
                yield each

    async def newest_event(self) -> Event | None:
        self.called("newest_event")
        return self.events[-1] if self.events else None

    async def _listed(self, name: str, objects: Any) -> AsyncIterator[Any]:
        self.called(name)
        for each in list(objects):
            yield each

    def _wrote(self, name: str, subject: Subject) -> None:
        self.subjects.append(subject)
        self.called(name)

    def _unused(self, name: str) -> NoReturn:
        raise AssertionError(f"{name}: no reconciler of these kinds makes this call")
