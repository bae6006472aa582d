"""What is asked of the outside systems: the parameters of every write, as values.

They are also what ``status.pendingOperation.parameters`` remembers, so that a replay sends the very same request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tenant_billing.domain.observations import EMPTY, BillingReference, Limits, PriceTier, TenantState


@dataclass(frozen=True)
class NewProduct:
    """A product to be created."""

    name: str
    description: str | None
    tax_code: str | None
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class ProductChange:
    """What to change of a product; None leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    tax_code: str | None = None
    default_price_id: str | None = None
    active: bool | None = None


@dataclass(frozen=True)
class NewMeter:
    """A meter to be created: the last report of a period is its quantity (stripe.md 4.1, ``last``)."""

    event_name: str
    display_name: str


@dataclass(frozen=True)
class NewPrice:
    """A recurring price to be created (prices are immutable, stripe.md 7).

    Exactly one of ``unit_amount``, ``unit_amount_decimal`` and ``tiers`` is set.

    Attributes:
        currency: Upper-case ISO 4217.
        unit_amount: Minor units.
        unit_amount_decimal: Minor units, below one too.
        meter_id: What counts the usage that is charged; None for a licensed price.
        tiers_mode: ``graduated`` or ``volume``, with tiers only.
        interval: ``day``, ``week``, ``month`` or ``year``.
        tax_behavior: ``unspecified``, ``inclusive`` or ``exclusive``.
        lookup_key: Moves to this price from the one that has it.
    """

    product_id: str
    currency: str
    unit_amount: int | None
    interval: str
    interval_count: int
    tax_behavior: str
    lookup_key: str
    metadata: Mapping[str, str]
    unit_amount_decimal: Decimal | None = None
    meter_id: str | None = None
    tiers: tuple[PriceTier, ...] | None = None
    tiers_mode: str | None = None


@dataclass(frozen=True)
class Address:
    """A postal address."""

    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class NewCustomer:
    """A customer to be created."""

    email: str | None
    name: str | None
    description: str | None
    address: Address | None
    tax_ids: tuple[tuple[str, str], ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class NewSubscription:
    """A subscription to be created.

    Attributes:
        days_until_due: Invoiced instead of charged when set.
        trial_days: Days of trial, None for none.
        trial_without_payment_method: ``create_invoice``, ``pause`` or ``cancel``.
        coupon_ids: Coupons that discount it.
    """

    customer_id: str
    price_id: str
    metadata: Mapping[str, str]
    metered: bool = False
    days_until_due: int | None = None
    trial_days: int | None = None
    trial_without_payment_method: str | None = None
    coupon_ids: tuple[str, ...] = ()
    automatic_tax: bool = False


@dataclass(frozen=True)
class ItemChange:
    """Put one item of a subscription on another price; other items and the quantity stay.

    Attributes:
        quantity: Sent back as it was read: without it the provider sets 1 (stripe.md 7). None for metered.
        proration: ``create_prorations``, ``always_invoice`` or ``none``.
        only_when_paid: The change waits until its invoice is paid (``pending_if_incomplete``).
        metadata: Marks to merge once it has taken place, such as the plan last applied.
        metadata_while_waiting: Marks to merge instead while it waits for its payment.
    """

    subscription_id: str
    item_id: str
    price_id: str
    quantity: int | None
    proration: str
    only_when_paid: bool
    metadata: Mapping[str, str]
    metadata_while_waiting: Mapping[str, str] = EMPTY


@dataclass(frozen=True)
class PeriodEndMove:
    """Put one item of a subscription on another price when its running period ends; the other items stay.

    Attributes:
        schedule_id: The schedule that is attached to the subscription for this.
        former_price_id: What the item is on: phases name prices, not items.
        quantity: Of the item from then on; None for a metered price.
        interval: Of the new price, such as ``("year", 1)``: for so long the schedule holds, unless it is released.
        metadata: Marks that the subscription gets when the move takes place.
        schedule_metadata: Marks of the schedule, by which it is known again.
    """

    subscription_id: str
    schedule_id: str
    former_price_id: str
    price_id: str
    quantity: int | None
    interval: tuple[str, int]
    metadata: Mapping[str, str]
    schedule_metadata: Mapping[str, str]


@dataclass(frozen=True)
class CollectionChange:
    """How money is collected from now on.

    Attributes:
        days_until_due: An invoice is sent, to be paid within so many days; None: the payment method is charged.
    """

    days_until_due: int | None


@dataclass(frozen=True)
class DiscountsChange:
    """The whole list of discounts from now on.

    Attributes:
        kept_ids: Discounts that stay.
        coupon_ids: Coupons of which a discount is made.
    """

    kept_ids: tuple[str, ...]
    coupon_ids: tuple[str, ...]


@dataclass(frozen=True)
class SubscriptionChange:
    """What else to change of a subscription; None leaves a field as it is, metadata is merged.

    Attributes:
        cancel_at_period_end: Whether it ends with its period; False also takes back an end at another time.
        clears_cancel_at: Whether an end at a time of its own is taken back.
    """

    cancel_at_period_end: bool | None = None
    clears_cancel_at: bool | None = None
    metadata: Mapping[str, str] = EMPTY
    collection: CollectionChange | None = None
    discounts: DiscountsChange | None = None


@dataclass(frozen=True)
class InitialUser:
    """The tenant's administrator, used at creation only.

    Attributes:
        password: Left empty, the server makes one and mails it (T-17). Never shown.
    """

    user_id: str
    email: str
    full_name: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class NewTenant:
    """A tenant to be created."""

    id: str
    name: str
    description: str
    state: TenantState
    attributes: Mapping[str, str]
    limits: Limits
    billing: BillingReference | None
    initial_user: InitialUser
    billing_email: str | None = None
    technical_email: str | None = None
    counts_only_activated: bool = False
    configuration: Mapping[str, object] | None = None


@dataclass(frozen=True)
class TenantChange:
    """What to write of an existing tenant; None leaves a field as it is.

    Attributes:
        state: Always written together with its description (T-13).
        attributes: The whole map, foreign keys included (T-11).
        limits: Only the limits to write; a value of None makes one unlimited.
    """

    state: TenantState | None = None
    state_description: str = ""
    name: str | None = None
    description: str | None = None
    attributes: Mapping[str, str] | None = None
    limits: Limits = field(default_factory=dict)
    billing: BillingReference | None = None
    counts_only_activated: bool | None = None
