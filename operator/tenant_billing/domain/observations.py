"""What was seen outside: facts of the payment provider and of the tenant registry, without wire formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.catalogue import Meter, Price, PriceTier, Product
from tenant_billing.domain.nothing import EMPTY

__all__ = [
    "EMPTY",
    "LIMIT_NAMES",
    "Account",
    "BillingReference",
    "Customer",
    "Discount",
    "Event",
    "Invoice",
    "Limits",
    "Meter",
    "Price",
    "PriceTier",
    "Product",
    "Schedule",
    "SchedulePhase",
    "Subscription",
    "SubscriptionItem",
    "Tenant",
    "TenantState",
    "Totals",
]


@dataclass(frozen=True)
class Customer:
    """Who pays.

    Attributes:
        deleted: A deleted customer keeps its id and nothing else; it is never created again.
        test_clock_id: The provider's test clock that the customer lives on.
    """

    id: str
    deleted: bool = False
    name: str | None = None
    email: str | None = None
    description: str | None = None
    created: datetime | None = None
    test_clock_id: str | None = None
    metadata: Mapping[str, str] = EMPTY


@dataclass(frozen=True)
class SubscriptionItem:
    """One price of a subscription, with its own period."""

    id: str
    price_id: str
    quantity: int | None
    current_period_start: datetime | None
    current_period_end: datetime | None
    metered: bool = False
    currency: str = ""
    interval: str | None = None
    interval_count: int = 1


@dataclass(frozen=True)
class Invoice:
    """One invoice of a subscription.

    Attributes:
        status: ``draft``, ``open``, ``paid``, ``uncollectible`` or ``void``.
        hosted_url: Where the customer pays it; a bearer link.
        amount_remaining: What is still to be paid, in minor units of the currency.
        currency: Upper-case ISO 4217.
    """

    id: str
    subscription_id: str | None
    status: str
    created: datetime
    due_date: datetime | None = None
    finalized_at: datetime | None = None
    hosted_url: str | None = None
    amount_remaining: int = 0
    currency: str = ""


@dataclass(frozen=True)
class SchedulePhase:
    """One phase of a schedule.

    Attributes:
        price_ids: What the subscription is on while it lasts.
        metadata: Merged into the subscription's when it starts (stripe.md 7).
    """

    price_ids: tuple[str, ...]
    metadata: Mapping[str, str] = EMPTY


@dataclass(frozen=True)
class Schedule:
    """What is attached to a subscription to change it at a later time.

    Attributes:
        phases: In the order of time; the first is the one that runs, or ran first.
        releases: Whether it lets the subscription go on at its end, instead of ending it.
    """

    id: str
    phases: tuple[SchedulePhase, ...]
    metadata: Mapping[str, str] = EMPTY
    releases: bool = True


@dataclass(frozen=True)
class Discount:
    """One discount of a subscription; None where its coupon was not read."""

    id: str
    coupon_id: str | None = None


@dataclass(frozen=True)
class Subscription:
    """One subscription as the provider has it.

    Attributes:
        status: The provider's raw word: new ones may come, only the domain compares it.
        collection_paused: Whether collection (not the subscription) is paused.
        cancel_at_period_end: Whether it ends when what was paid for ends.
        schedule_id: An attached schedule owns the items.
        schedule: That schedule, or None where there is none or where it was not read.
        days_until_due: How long an invoice may be paid, where it is sent instead of charged.
        discounts: What lowers its invoices.
        pending_change: Whether a change waits for its payment.
        open_invoices: Invoices that wait for payment, or None where they were not read.
        latest_invoice: The newest invoice, or None where it was not read.
        metadata: All but the key ``admin-password``.
        admin_password: What stood under that key (things-stack.md 1.3); never shown.
    """

    id: str
    customer_id: str
    status: str
    created: datetime
    items: tuple[SubscriptionItem, ...] = ()
    metadata: Mapping[str, str] = EMPTY
    collection_method: str = "charge_automatically"
    collection_paused: bool = False
    cancel_at_period_end: bool = False
    cancel_at: datetime | None = None
    ended_at: datetime | None = None
    trial_start: datetime | None = None
    trial_end: datetime | None = None
    schedule_id: str | None = None
    schedule: Schedule | None = None
    days_until_due: int | None = None
    discounts: tuple[Discount, ...] = ()
    pending_change: bool = False
    pause_reason: str | None = None
    test_clock_id: str | None = None
    open_invoices: tuple[Invoice, ...] | None = None
    latest_invoice: Invoice | None = None
    admin_password: str = field(default="", repr=False)


LIMIT_NAMES = ("applications", "clients", "end_devices", "gateways", "organizations", "users")
"""The six kinds of entities that a tenant's limits count, as the registry's totals name them."""

Limits = Mapping[str, int | None]
"""By name of :data:`LIMIT_NAMES`; None is unlimited, 0 is none."""


@dataclass(frozen=True)
class BillingReference:
    """The structured ``billing`` of a tenant: the provider's four identities of what pays for it."""

    customer_id: str
    plan_id: str
    subscription_id: str
    subscription_item_id: str


@dataclass(frozen=True)
class Tenant:
    """One tenant of the registry.

    Attributes:
        limits: All six, None where unlimited.
        billing: What pays for it, where the registry says so.
        billed_by_other: Whether ``billing`` names another provider.
        counts_only_activated: Whether ``billing.counting`` counts activated end devices only.
    """

    id: str
    state: TenantState
    state_description: str = ""
    name: str = ""
    description: str = ""
    attributes: Mapping[str, str] = EMPTY
    limits: Limits = field(default_factory=dict)
    billing: BillingReference | None = None
    billed_by_other: bool = False
    counts_only_activated: bool = False


@dataclass(frozen=True)
class Totals:
    """How many entities a tenant has; None where the registry did not say."""

    applications: int | None = None
    clients: int | None = None
    end_devices: int | None = None
    activated_end_devices: int | None = None
    gateways: int | None = None
    organizations: int | None = None
    users: int | None = None

    def of(self, name: str) -> int | None:
        """The total of one name of :data:`LIMIT_NAMES`."""
        value: int | None = getattr(self, name)
        return value


@dataclass(frozen=True)
class Account:
    """Whom a key belongs to."""

    id: str
    livemode: bool


@dataclass(frozen=True)
class Event:
    """One entry of the provider's event list: it says where to look again, nothing more.

    Attributes:
        object_id: The id of the object it is about.
        related: Ids of other objects it names: ``customer``, ``subscription``, ``price``, ``product`` by key.
        metadata: The metadata of the object it is about, or of the subscription behind an invoice.
        request_key: The idempotency key of the request that caused it, empty where none did.
    """

    id: str
    type: str
    created: datetime
    livemode: bool
    account_id: str | None = None
    object_id: str | None = None
    object_kind: str | None = None
    related: Mapping[str, str] = EMPTY
    metadata: Mapping[str, str] = EMPTY
    request_key: str = ""
