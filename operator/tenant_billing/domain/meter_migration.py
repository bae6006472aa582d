"""Leaving an old metered price: the switch of a subscription to a plan with a meter, at the end of its period.

Usage of the running period goes to the subscription's item, as the Tenant Billing Server reports it, and is billed by
the invoice that closes the period. From the next second on the price with the meter is in force, and the operator
reports. So no unit is billed twice, and none is lost (stripe.md 4.3 and 4.7).

The steps are remembered at the provider alone: a mark on the subscription is the intent, because Stripe attaches a
schedule in one call and takes its phases, with marks, in the next. Whoever dies in between finds all of it again.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain import counting, period_end
from tenant_billing.domain.actions import AttachSchedule, ChangeSubscription, PlanMove
from tenant_billing.domain.identity import TenantKey, idempotency_key
from tenant_billing.domain.observations import Price, Schedule, Subscription, SubscriptionItem
from tenant_billing.domain.period_end import Move
from tenant_billing.domain.requests import SubscriptionChange

Step = ChangeSubscription | AttachSchedule | PlanMove


class Stage(enum.StrEnum):
    """How far a subscription is."""

    DUE = "due"
    """Something is to be written."""
    PLANNED = "planned"
    """A schedule of ours moves it at the period's end."""
    MOVED = "moved"
    """It is on the price with the meter."""
    REFUSED = "refused"
    """It cannot be moved, or not now."""


@dataclass(frozen=True)
class Candidate:
    """One subscription that is to leave an old metered price.

    Attributes:
        uid: Of the TenantSubscription; part of idempotency keys.
        key: The tenant.
        subscription: As it was read now, with its schedule.
        others: Further subscriptions of the same customer.
        prices: The account's prices by id.
        target: The price with the meter.
        plan: The BillingPlan that it belongs to.
        again: Whether the key of the last attempt leads to a schedule that was taken off since.
    """

    uid: str
    key: TenantKey
    subscription: Subscription
    others: tuple[Subscription, ...]
    prices: Mapping[str, Price]
    target: Price
    plan: str
    again: bool = False

    @property
    def attempt(self) -> int:
        """Of the intent that stands on the subscription; 0 where none for this plan does."""
        plan, _, attempt = self.subscription.metadata.get(StripeMetadata.METER_MIGRATION, "").partition("/")
        return int(attempt) if plan == self.plan and attempt.isdecimal() else 0


@dataclass(frozen=True)
class Verdict:
    """What follows for one candidate.

    Attributes:
        stage: How far it is.
        step: What to write next, None where nothing is to be written.
        message: Why it cannot be moved, and what to do about it.
    """

    stage: Stage
    step: Step | None = None
    message: str = ""


def decide(candidate: Candidate) -> Verdict:
    """The next step of one subscription."""
    subscription, target = candidate.subscription, candidate.target
    if any(each.price_id == target.id for each in subscription.items):
        return Verdict(Stage.MOVED)
    item = _legacy_item(candidate)
    problem = _problem(candidate, item)
    if problem or item is None:
        return Verdict(Stage.REFUSED, message=problem)
    move = _move(candidate, item)
    if period_end.is_planned(move, candidate.key):
        return Verdict(Stage.PLANNED)
    return Verdict(Stage.DUE, _next(candidate, move))


def _next(candidate: Candidate, move: Move) -> Step:
    subscription = candidate.subscription
    if subscription.schedule is not None:
        return period_end.plan(move, candidate.key)
    attempt = candidate.attempt
    if attempt == 0 or candidate.again:
        return ChangeSubscription(subscription.id, SubscriptionChange(metadata=_mark(candidate, attempt + 1)))
    step = f"MigrateMeter-{subscription.id}-{candidate.target.id}"
    return AttachSchedule(subscription.id, idempotency_key(candidate.uid, step, attempt))


def _mark(candidate: Candidate, attempt: int) -> dict[str, str]:
    """The intent, as it stands on the subscription."""
    return {StripeMetadata.METER_MIGRATION: f"{candidate.plan}/{attempt}"}


def _legacy_item(candidate: Candidate) -> SubscriptionItem | None:
    """The item whose usage is reported in the old way."""
    for each in candidate.subscription.items:
        price = candidate.prices.get(each.price_id)
        if price is not None and price.metered and price.meter_id is None:
            return each
    return None


def _problem(candidate: Candidate, item: SubscriptionItem | None) -> str:
    """Why a subscription cannot be moved, with what to do; empty where it can."""
    subscription, target = candidate.subscription, candidate.target
    if counting.has_ended(subscription):
        return f"subscription {subscription.id} has ended; there is nothing to move"
    if counting.is_incomplete(subscription):
        return f"the first payment of subscription {subscription.id} is outstanding; move it once it is paid"
    if item is None:
        on = ", ".join(each.price_id for each in subscription.items) or "no price"
        return f"subscription {subscription.id} is on {on}, which is not of the old kind; nothing to move"
    if item.currency and item.currency != target.currency:
        return f"plan {candidate.plan} has the currency {target.currency}, not {item.currency}; choose another plan"
    if subscription.cancel_at_period_end or subscription.cancel_at is not None:
        return f"subscription {subscription.id} is going to end; have it renewed in Stripe, or leave it"
    if _is_foreign(candidate, subscription.schedule):
        return (
            f"schedule {subscription.schedule_id} owns the items of subscription {subscription.id}; "
            "release it in Stripe first"
        )
    rival = _on_the_same_meter(candidate)
    if rival is not None:
        return (
            f"subscription {rival.id} of the same customer counts on the same meter, and each would be billed for "
            "both; give one of the tenants a customer of its own, or another plan"
        )
    return ""


def _is_foreign(candidate: Candidate, schedule: Schedule | None) -> bool:
    """Whether somebody else's schedule is attached: ours carries the tenant's marks, or follows our intent."""
    if candidate.subscription.schedule_id is None:
        return False
    intended = candidate.attempt > 0
    return schedule is None or not period_end.is_ours(
        candidate.subscription, candidate.key, intended=intended
    )


def _on_the_same_meter(candidate: Candidate) -> Subscription | None:
    """Another live subscription of the customer that counts on the meter, or is going to (stripe.md 4.4)."""
    for each in candidate.others:
        on = {item.price_id for item in each.items}
        on |= {
            price for phase in (each.schedule.phases if each.schedule else ()) for price in phase.price_ids
        }
        meters = {price.meter_id for identity in on if (price := candidate.prices.get(identity)) is not None}
        if not counting.has_ended(each) and candidate.target.meter_id in meters:
            return each
    return None


def _move(candidate: Candidate, item: SubscriptionItem) -> Move:
    target = candidate.target
    return Move(
        subscription=candidate.subscription,
        item=item,
        price_id=target.id,
        metered=True,
        interval=(target.interval or "month", target.interval_count),
        metadata=_mark(candidate, max(candidate.attempt, 1)),
        plan=candidate.plan,
    )
