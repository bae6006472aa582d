"""What the outside would answer to a write, as far as that can be told beforehand.

Used where nothing may be written (``tenant-billing plan``): the next decision needs the answer to the last call. Two
things depend on people and are predicted so: a *first* invoice above zero is not paid at once, because somebody has
to open its page; a charge of a card that is on file succeeds.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from tenant_billing.domain import requests
from tenant_billing.domain.access import INCOMPLETE
from tenant_billing.domain.observations import (
    Customer,
    Discount,
    Meter,
    Price,
    Product,
    Subscription,
    SubscriptionItem,
    Tenant,
)
from tenant_billing.domain.plan_meter import LAST

_PAID: Final = "active"
_IN_TRIAL: Final = "trialing"
_ENDED: Final = "canceled"
_CHANGEABLE: Final = ("name", "description", "tax_code", "default_price_id", "active")


def customer_made(request: requests.NewCustomer, identity: str, now: datetime) -> Customer:
    """The customer that a request makes."""
    return Customer(
        id=identity,
        name=request.name,
        email=request.email,
        description=request.description,
        created=now,
        metadata=dict(request.metadata),
    )


def customer_marked(before: Customer, metadata: Mapping[str, str]) -> Customer:
    """A customer with further metadata."""
    return replace(before, metadata={**before.metadata, **metadata})


def product_made(request: requests.NewProduct, identity: str) -> Product:
    """The product that a request makes."""
    return Product(
        id=identity,
        name=request.name,
        active=True,
        description=request.description,
        tax_code=request.tax_code,
        metadata=dict(request.metadata),
    )


def product_changed(before: Product, change: requests.ProductChange) -> Product:
    """A product after a change."""
    update = {name: value for name in _CHANGEABLE if (value := getattr(change, name)) is not None}
    return replace(before, **update)


def price_made(request: requests.NewPrice, identity: str, now: datetime) -> Price:
    """The price that a request makes."""
    return Price(
        id=identity,
        product_id=request.product_id,
        active=True,
        currency=request.currency,
        unit_amount=request.unit_amount,
        unit_amount_decimal=request.unit_amount_decimal,
        interval=request.interval,
        interval_count=request.interval_count,
        metered=request.meter_id is not None,
        meter_id=request.meter_id,
        tiered=request.tiers is not None,
        tiers=request.tiers,
        tiers_mode=request.tiers_mode,
        tax_behavior=request.tax_behavior,
        lookup_key=request.lookup_key,
        created=now,
        metadata=dict(request.metadata),
    )


def meter_made(request: requests.NewMeter, identity: str, now: datetime) -> Meter:
    """The meter that a request makes: the last report of a period is its quantity."""
    return Meter(
        id=identity,
        event_name=request.event_name,
        active=True,
        formula=LAST,
        customer_key="customer",
        value_key="value",
        created=now,
    )


def subscription_made(
    request: requests.NewSubscription, price: Price | None, identity: str, now: datetime
) -> Subscription:
    """The subscription that a request makes: its first payment is outstanding, unless there is none to make."""
    item = SubscriptionItem(
        id=f"{identity}-item",
        price_id=request.price_id,
        quantity=None if request.metered else 1,
        current_period_start=now,
        current_period_end=None,
        metered=request.metered,
    )
    return Subscription(
        id=identity,
        customer_id=request.customer_id,
        status=_first_status(request, price),
        created=now,
        items=(_on_price(item, price),),
        metadata=dict(request.metadata),
        collection_method=_method(request.days_until_due),
        days_until_due=request.days_until_due,
        discounts=_discounts(request.coupon_ids),
        trial_start=now if request.trial_days is not None else None,
    )


def item_changed(before: Subscription, change: requests.ItemChange, price: Price | None) -> Subscription:
    """A subscription whose item was put on another price."""
    items = tuple(
        _on_price(replace(each, price_id=change.price_id, quantity=change.quantity), price)
        if each.id == change.item_id
        else each
        for each in before.items
    )
    return replace(before, items=items, metadata=_merged(before.metadata, change.metadata))


def subscription_changed(before: Subscription, change: requests.SubscriptionChange) -> Subscription:
    """A subscription whose renewal, collection, discounts or marks were changed."""
    ends, collection, discounts = change.cancel_at_period_end, change.collection, change.discounts
    after = replace(
        before,
        cancel_at_period_end=before.cancel_at_period_end if ends is None else ends,
        metadata=_merged(before.metadata, change.metadata),
    )
    if collection is not None:
        days = collection.days_until_due
        after = replace(after, collection_method=_method(days), days_until_due=days)
    if discounts is not None:
        kept = tuple(each for each in before.discounts if each.id in discounts.kept_ids)
        after = replace(after, discounts=kept + _discounts(discounts.coupon_ids))
    return after


def subscription_canceled(before: Subscription, now: datetime) -> Subscription:
    """A subscription that was ended at once."""
    return replace(before, status=_ENDED, ended_at=now)


def tenant_made(request: requests.NewTenant) -> Tenant:
    """The tenant that a request makes."""
    return Tenant(
        id=request.id,
        state=request.state,
        name=request.name,
        description=request.description,
        attributes=dict(request.attributes),
        limits=dict(request.limits),
        billing=request.billing,
        counts_only_activated=request.counts_only_activated,
    )


def tenant_changed(before: Tenant, change: requests.TenantChange) -> Tenant:
    """A tenant after a change: a state is written together with its description (T-13)."""
    after = replace(
        before,
        name=before.name if change.name is None else change.name,
        description=before.description if change.description is None else change.description,
        attributes=before.attributes if change.attributes is None else dict(change.attributes),
        limits={**before.limits, **change.limits},
        billing=before.billing if change.billing is None else change.billing,
        counts_only_activated=(
            before.counts_only_activated
            if change.counts_only_activated is None
            else change.counts_only_activated
        ),
    )
    if change.state is None:
        return after
    return replace(after, state=change.state, state_description=change.state_description)


def _merged(before: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """Metadata after a write: an empty value removes its key, others stay (stripe.md 5.1)."""
    return {key: value for key, value in {**before, **change}.items() if value}


def _method(days_until_due: int | None) -> str:
    return "charge_automatically" if days_until_due is None else "send_invoice"


def _discounts(coupon_ids: tuple[str, ...]) -> tuple[Discount, ...]:
    return tuple(Discount(f"discount-of-{each}", each) for each in coupon_ids)


def _first_status(request: requests.NewSubscription, price: Price | None) -> str:
    if request.trial_days is not None:
        return _IN_TRIAL
    costs_nothing_yet = request.metered or (price is not None and price.unit_amount == 0)
    invoiced = request.days_until_due is not None
    return _PAID if costs_nothing_yet or invoiced else INCOMPLETE


def _on_price(item: SubscriptionItem, price: Price | None) -> SubscriptionItem:
    if price is None:
        return item
    return replace(
        item,
        metered=price.metered,
        currency=price.currency,
        interval=price.interval,
        interval_count=price.interval_count,
    )
