"""One account of a payment provider."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tenant_billing.api.billing_backend import PaymentAccount
from tenant_billing.domain import requests
from tenant_billing.domain.health import Health
from tenant_billing.domain.observations import Account, Customer, Event, Invoice, Price, Product, Subscription
from tenant_billing.ports.meters import Meters
from tenant_billing.ports.schedules import SubscriptionSchedules
from tenant_billing.ports.usage import Usage
from tenant_billing.ports.webhook_endpoints import WebhookEndpoints
from tenant_billing.ports.work import OnTurn, Subject


class BillingProvider(Meters, SubscriptionSchedules, Usage, WebhookEndpoints, Protocol):
    """One account of a payment provider.

    Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`. Reads of a single object
    give None where the provider says that it does not exist (``resource_missing``).
    """

    async def account(self) -> Account:
        """Whom the key belongs to."""
        ...

    def time(self) -> datetime | None:
        """The account's time by the newest answer, or None before the first answer."""
        ...

    async def clock_time(self, test_clock_id: str) -> datetime | None:
        """The frozen time of a test clock."""
        ...

    def list_products(self) -> AsyncIterator[Product]:
        """All products, archived ones too."""
        ...

    def list_prices(self) -> AsyncIterator[Price]:
        """All recurring prices, archived ones too, with their tiers."""
        ...

    def list_customers(self) -> AsyncIterator[Customer]:
        """All customers, those on test clocks too (test mode)."""
        ...

    def list_subscriptions(self) -> AsyncIterator[Subscription]:
        """All subscriptions, ended ones and those on test clocks too."""
        ...

    async def created_since(self, moment: datetime) -> Sequence[Customer | Subscription]:
        """The customers and subscriptions that were created at a time or later, and all of those on test clocks."""
        ...

    def list_open_invoices(self) -> AsyncIterator[Invoice]:
        """All open invoices that belong to a subscription."""
        ...

    async def subscriptions_of(
        self, customer_id: str, on_turn: OnTurn | None = None, *, urgent: bool = True
    ) -> Sequence[Subscription]:
        """All subscriptions of one customer, ended ones too, freshly read, with their invoices where past due.

        Args:
            customer_id: Which customer.
            on_turn: Called when the request is sent, after it has waited for its turn: the answer covers whatever
                has happened until then.
            urgent: Whether it goes before what can wait in the account's budget.
        """
        ...

    async def subscription(self, subscription_id: str) -> Subscription | None:
        """One subscription, freshly read, its open invoices included where it is past due or incomplete."""
        ...

    async def customer(self, customer_id: str) -> Customer | None:
        """One customer, freshly read."""
        ...

    async def price(self, price_id: str) -> Price | None:
        """One price, freshly read, with its tiers."""
        ...

    async def product(self, product_id: str) -> Product | None:
        """One product, freshly read."""
        ...

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        """Create a product under an idempotency key."""
        ...

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        """Change a product."""
        ...

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        """Create a price under an idempotency key; the lookup key moves to it."""
        ...

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        """Make a price unavailable to new subscriptions; subscribers go on."""
        ...

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        """Create a customer under an idempotency key."""
        ...

    async def mark_customer(
        self, customer_id: str, metadata: Mapping[str, str], subject: Subject
    ) -> Customer:
        """Merge metadata into a customer."""
        ...

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        """Create a subscription under an idempotency key."""
        ...

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        """Put an item on another price under an idempotency key."""
        ...

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        """Change the rest of a subscription."""
        ...

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        """End a subscription at once: no refund, with a final invoice."""
        ...

    def events_after(self, cursor: str | None, since: datetime | None) -> AsyncIterator[Event]:
        """The events after the one named, oldest first; without a cursor, those created since a time."""
        ...

    async def newest_event(self) -> Event | None:
        """The newest event of the account, or None where there is none yet."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class ProviderFactory(Protocol):
    """Builds the connection to an account; the only place that sees a key beside the client itself."""

    def __call__(
        self, *, backend: str, api_key: str, api_url: str | None, livemode: bool, requests_per_second: int
    ) -> BillingProvider:
        """Connect for the BillingBackend of that name; no call is made yet."""
        ...


@dataclass(frozen=True)
class Provider:
    """How accounts of one provider are connected to.

    Attributes:
        connect: Makes a connection.
        problem_of: What is wrong with a credential for an account, found without sending it anywhere; None: nothing.
    """

    connect: ProviderFactory
    problem_of: Callable[[str, PaymentAccount], Health | None]


Providers = Mapping[str, Provider]
"""By the arm of the union in a BillingBackend's spec: another provider is one more entry."""


class WebhookVerifier(Protocol):
    """Checks the signature of a delivery."""

    def __call__(self, payload: bytes, signature: str, secrets: Sequence[str]) -> Event | None:
        """The event that a delivery carries, or None where no secret verifies it; raises nothing for any input."""
        ...
