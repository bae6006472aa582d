"""What the provider would answer to a write to a subscription, as far as that can be told beforehand.

Two things depend on people and are predicted so: a *first* invoice above zero is not paid at once, because somebody
has to open its page; a charge of a card that is on file succeeds.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from tenant_billing.domain import requests
from tenant_billing.domain.access import INCOMPLETE
from tenant_billing.domain.observations import (
    Discount,
    Price,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
)

_PAID: Final = "active"
_IN_TRIAL: Final = "trialing"
_ENDED: Final = "canceled"
_CHARGED: Final = "charge_automatically"
_INVOICED: Final = "send_invoice"


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
        collection_method=_CHARGED if request.days_until_due is None else _INVOICED,
        days_until_due=request.days_until_due,
        discounts=tuple(map(_discount, request.coupon_ids)),
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
    after = replace(before, metadata=_merged(before.metadata, change.metadata))
    if change.cancel_at_period_end is not None:
        after = replace(after, cancel_at_period_end=change.cancel_at_period_end)
    if change.clears_cancel_at or change.cancel_at_period_end is False:
        after = replace(after, cancel_at=None)
    if change.collection is not None:
        days = change.collection.days_until_due
        method = _CHARGED if days is None else _INVOICED
        after = replace(after, collection_method=method, days_until_due=days)
    if change.discounts is not None:
        kept = (each for each in before.discounts if each.id in change.discounts.kept_ids)
        new = map(_discount, change.discounts.coupon_ids)
        after = replace(after, discounts=(*kept, *new))
    return after


def schedule_attached(before: Subscription, identity: str) -> Subscription:
    """A subscription with a schedule that plans nothing yet."""
    return _with_schedule(before, Schedule(identity, (_present(before),)))


def move_planned(before: Subscription, move: requests.PeriodEndMove) -> Subscription:
    """A subscription whose schedule moves an item at the period's end."""
    present = _present(before)
    after = tuple(move.price_id if each == move.former_price_id else each for each in present.price_ids)
    phases = (present, SchedulePhase(after, move.metadata))
    return _with_schedule(before, Schedule(move.schedule_id, phases, move.schedule_metadata))


def schedule_released(before: Subscription) -> Subscription:
    """A subscription without a schedule."""
    return replace(before, schedule_id=None, schedule=None)


def subscription_canceled(before: Subscription, now: datetime) -> Subscription:
    """A subscription that was ended at once."""
    return replace(schedule_released(before), status=_ENDED, ended_at=now)


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


def _present(subscription: Subscription) -> SchedulePhase:
    return SchedulePhase(tuple(each.price_id for each in subscription.items))


def _with_schedule(subscription: Subscription, schedule: Schedule) -> Subscription:
    return replace(subscription, schedule_id=schedule.id, schedule=schedule)


def _discount(coupon_id: str) -> Discount:
    return Discount(f"discount of {coupon_id}", coupon_id)


def _merged(metadata: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """Metadata after a write: an empty value takes its key away."""
    return {key: value for key, value in {**metadata, **change}.items() if value}
