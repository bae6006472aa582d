"""From Stripe's JSON to the facts that the operator knows (stripe.md 1.2 and 1.3).

Every function takes what ``to_dict()`` of an SDK object gives and raises ``KeyError``, ``TypeError`` or ``ValueError``
for an answer that is not Stripe's; the calls turn these into :class:`tenant_billing.domain.errors.Unreachable`.
"""

from collections.abc import Sequence
from decimal import Decimal

from tenant_billing.clients.stripe_fields import (
    Fields,
    to_admin_password,
    to_fields,
    to_id,
    to_list,
    to_metadata,
    to_moment,
    to_required_id,
    to_time,
)
from tenant_billing.domain.observations import (
    Account,
    Customer,
    Discount,
    Invoice,
    Price,
    PriceTier,
    Product,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
)


def to_account(fields: Fields, *, livemode: bool) -> Account:
    """An account; it does not say its mode, the key does."""
    return Account(id=to_required_id(fields["id"]), livemode=livemode)


def to_product(fields: Fields) -> Product:
    """A product."""
    return Product(
        id=to_required_id(fields["id"]),
        name=fields.get("name") or "",
        active=bool(fields.get("active", not fields.get("deleted"))),
        description=fields.get("description"),
        tax_code=to_id(fields.get("tax_code")),
        default_price_id=to_id(fields.get("default_price")),
        metadata=to_metadata(fields.get("metadata")),
    )


def to_price(fields: Fields) -> Price:
    """A price, recurring or not."""
    recurring = to_fields(fields.get("recurring"))
    return Price(
        id=to_required_id(fields["id"]),
        product_id=to_required_id(fields["product"]),
        active=bool(fields["active"]),
        currency=fields["currency"].upper(),
        unit_amount=fields.get("unit_amount"),
        unit_amount_decimal=_to_decimal(fields.get("unit_amount_decimal")),
        interval=recurring.get("interval"),
        interval_count=recurring.get("interval_count") or 1,
        metered=recurring.get("usage_type") == "metered",
        meter_id=to_id(recurring.get("meter")),
        tiered=fields.get("billing_scheme") == "tiered",
        tiers=_to_tiers(fields.get("tiers")),
        tiers_mode=fields.get("tiers_mode"),
        tax_behavior=fields.get("tax_behavior") or "unspecified",
        lookup_key=fields.get("lookup_key"),
        created=to_time(fields.get("created")),
        metadata=to_metadata(fields.get("metadata")),
    )


def _to_tiers(value: object) -> tuple[PriceTier, ...] | None:
    """The steps of a price; None where Stripe did not tell them: it does only when asked."""
    if not isinstance(value, list):
        return None
    return tuple(
        PriceTier(
            up_to=each.get("up_to"),
            unit_amount=_to_decimal(each.get("unit_amount_decimal")) or Decimal(0),
            flat_amount=_to_decimal(each.get("flat_amount_decimal")) or Decimal(0),
        )
        for each in to_list(value)
    )


def to_customer(fields: Fields) -> Customer:
    """A customer; a deleted one has only its id."""
    return Customer(
        id=to_required_id(fields["id"]),
        deleted=bool(fields.get("deleted")),
        name=fields.get("name"),
        email=fields.get("email"),
        description=fields.get("description"),
        created=to_time(fields.get("created")),
        test_clock_id=to_id(fields.get("test_clock")),
        metadata=to_metadata(fields.get("metadata")),
    )


def to_subscription(fields: Fields, open_invoices: Sequence[Invoice] | None = None) -> Subscription:
    """A subscription, with the invoices that were read for it."""
    latest = to_fields(fields.get("latest_invoice"))
    return Subscription(
        id=to_required_id(fields["id"]),
        customer_id=to_required_id(fields["customer"]),
        status=str(fields["status"]),
        created=to_moment(fields["created"]),
        items=tuple(to_item(item) for item in to_list(fields.get("items"))),
        metadata=to_metadata(fields.get("metadata")),
        collection_method=fields.get("collection_method") or "charge_automatically",
        collection_paused=fields.get("pause_collection") is not None,
        cancel_at_period_end=bool(fields.get("cancel_at_period_end")),
        cancel_at=to_time(fields.get("cancel_at")),
        ended_at=to_time(fields.get("ended_at")),
        trial_start=to_time(fields.get("trial_start")),
        trial_end=to_time(fields.get("trial_end")),
        schedule_id=to_id(fields.get("schedule")),
        schedule=to_schedule(schedule) if (schedule := to_fields(fields.get("schedule"))) else None,
        days_until_due=fields.get("days_until_due"),
        discounts=tuple(to_discount(each) for each in fields.get("discounts") or ()),
        pending_change=fields.get("pending_update") is not None,
        pause_reason=_pause_reason(fields),
        test_clock_id=to_id(fields.get("test_clock")),
        open_invoices=None if open_invoices is None else tuple(open_invoices),
        latest_invoice=to_invoice(latest) if latest else None,
        admin_password=to_admin_password(fields.get("metadata")),
    )


def to_schedule(fields: Fields) -> Schedule:
    """A schedule with its phases."""
    return Schedule(
        id=to_required_id(fields["id"]),
        phases=tuple(
            SchedulePhase(
                price_ids=tuple(to_required_id(item["price"]) for item in to_list(phase["items"])),
                metadata=to_metadata(phase.get("metadata")),
            )
            for phase in to_list(fields["phases"])
        ),
        metadata=to_metadata(fields.get("metadata")),
        releases=fields["end_behavior"] == "release",
    )


def to_discount(value: object) -> Discount:
    """A discount, expanded or not; only an expanded one names its coupon."""
    coupon = to_fields(to_fields(value).get("source")).get("coupon")
    return Discount(id=to_required_id(value), coupon_id=to_id(coupon))


def to_item(fields: Fields) -> SubscriptionItem:
    """One item; the period stands here and not on the subscription (stripe.md 1.3)."""
    price = to_fields(fields["price"])
    recurring = to_fields(price.get("recurring"))
    return SubscriptionItem(
        id=to_required_id(fields["id"]),
        price_id=to_required_id(fields["price"]),
        quantity=fields.get("quantity"),
        current_period_start=to_time(fields.get("current_period_start")),
        current_period_end=to_time(fields.get("current_period_end")),
        metered=recurring.get("usage_type") == "metered",
        currency=(price.get("currency") or "").upper(),
        interval=recurring.get("interval"),
        interval_count=recurring.get("interval_count") or 1,
    )


def to_invoice(fields: Fields) -> Invoice:
    """An invoice; its subscription stands under ``parent`` (stripe.md 1.3)."""
    details = to_fields(to_fields(fields.get("parent")).get("subscription_details"))
    return Invoice(
        id=to_required_id(fields["id"]),
        subscription_id=to_id(details.get("subscription")),
        status=fields.get("status") or "draft",
        created=to_moment(fields["created"]),
        due_date=to_time(fields.get("due_date")),
        finalized_at=to_time(to_fields(fields.get("status_transitions")).get("finalized_at")),
        hosted_url=fields.get("hosted_invoice_url"),
        amount_remaining=int(fields.get("amount_remaining") or 0),
        currency=(fields.get("currency") or "").upper(),
    )


def _pause_reason(fields: Fields) -> str | None:
    """Why a subscription is ``paused``: one of five reasons, failed payment among them (stripe.md 1.2)."""
    paused = to_fields(to_fields(fields.get("status_details")).get("paused"))
    reason = to_fields(paused.get("subscription")).get("type")
    return None if reason is None else str(reason)


def _to_decimal(value: object) -> Decimal | None:
    """The SDK gives ``Decimal``, or a string where a simulator left the SDK's types out."""
    return None if value is None else Decimal(str(value))
