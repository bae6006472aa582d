"""How far the subscribers of a plan have moved to its current price, and who cannot (``status.migration``)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenant_billing.api.billing_plan import BillingPlanStatus, PriceMigration
from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition, set_condition
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain import price_migration
from tenant_billing.domain.counting import has_ended
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.observations import Price, Subscription
from tenant_billing.domain.price_migration import When
from tenant_billing.domain.subscription_settings import ends_with_period
from tenant_billing.domain.world import Offer

MOST_NAMED: Final = 5
"""Subscribers that a message names; of more the number is told."""
NEVERTHELESS: Final = frozenset({Reason.SUSPENDED_BY_OTHER, Reason.TOO_MANY_ATTRIBUTES, Reason.BRAKE_ENGAGED})
"""What needs a person, and yet stops nothing at the provider."""


@dataclass(frozen=True)
class Subscriber:
    """An object that the operator manages on a plan, with the subscription that it records."""

    resource: TenantSubscription
    subscription: Subscription

    @property
    def name(self) -> str:
        """``namespace/name``."""
        return f"{self.resource.metadata.namespace}/{self.resource.metadata.name}"


@dataclass(frozen=True)
class Progress:
    """How far a plan has come.

    Attributes:
        moved: Subscribers that are on the current price, and were there before it.
        due: Who is to be moved now.
        waiting: Who moves at the period's end, by a schedule that stands.
        hindered: Who cannot be moved, each with what has to happen first.
    """

    moved: int = 0
    due: tuple[Subscriber, ...] = ()
    waiting: int = 0
    hindered: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All that the change of price concerns."""
        return self.moved + len(self.due) + self.waiting + len(self.hindered)


def progress_of(offer: Offer, price: Price | None, owner: str, subscribers: Iterable[Subscriber]) -> Progress:
    """Count the subscribers of a plan by what becomes of them. All is read from what stands, nothing is remembered.

    Args:
        offer: The plan.
        price: Its current price.
        owner: ``spec.owner`` of its backend.
        subscribers: Managed objects whose ``planRef`` names it.
    """
    if price is None or not price_migration.moves_subscribers(offer):
        return Progress()
    moved, waiting = 0, 0
    due: list[Subscriber] = []
    hindered: list[str] = []
    for each in subscribers:
        if has_ended(each.subscription):
            continue
        moved += _was_moved(each.subscription, price)
        ends = ends_with_period(each.resource.spec, each.subscription)
        path = price_migration.course(offer, each.subscription, ends=ends)
        if path.when is When.NEVER:
            continue
        hindrance = path.hindrance or _hindrance(each, owner)
        if hindrance:
            hindered.append(f"{each.name} ({hindrance})")
        elif path.when is When.AT_PERIOD_END and each.subscription.schedule is not None:
            waiting += 1
        else:
            due.append(each)
    return Progress(moved, tuple(due), waiting, tuple(hindered))


def _was_moved(subscription: Subscription, price: Price) -> bool:
    """Whether it has the current price and is not younger than it."""
    has_it = any(each.price_id == price.id for each in subscription.items)
    return has_it and price.created is not None and subscription.created <= price.created


def _hindrance(subscriber: Subscriber, owner: str) -> str:
    resource, subscription = subscriber.resource, subscriber.subscription
    if resource.metadata.annotations.get(Annotation.PAUSED) == "true":
        return f"paused by the annotation {Annotation.PAUSED}"
    stalled = find_condition(resource.status.conditions, ConditionType.STALLED)
    if stalled is not None and stalled.status is ConditionStatus.TRUE and stalled.reason not in NEVERTHELESS:
        return f"{stalled.reason}, see its conditions"
    key = TenantKey(owner, resource.spec.cluster_ref.name, resource.spec.tenant.id)
    schedule = subscription.schedule
    if schedule is not None and not key.is_named_by(schedule.metadata):
        return f"schedule {schedule.id} owns its items, release it in Stripe"
    return ""


def with_progress(
    status: BillingPlanStatus, progress: Progress, generation: int, now: datetime
) -> BillingPlanStatus:
    """The status of a plan that is carried out, with how far its subscribers are."""
    condition, reason, message = _said(status.price_id or "", progress)
    return status.model_copy(
        update={
            "migration": PriceMigration(total=progress.total, moved=progress.moved),
            "conditions": set_condition(
                status.conditions, ConditionType.PRICES_MIGRATED, condition, reason, message, generation, now
            ),
        }
    )


def _said(price_id: str, progress: Progress) -> tuple[ConditionStatus, Reason, str]:
    left = _left_behind(progress.hindered)
    if progress.due or progress.waiting:
        way = "at the end of their periods" if not progress.due else "one after another"
        message = f"subscriptions are moved to price {price_id} {way}, see status.migration. {left}"
        return ConditionStatus.FALSE, Reason.MIGRATING, message.strip()
    if left:
        return ConditionStatus.FALSE, Reason.FAILED, left
    return ConditionStatus.TRUE, Reason.UP_TO_DATE, ""


def _left_behind(hindered: tuple[str, ...]) -> str:
    if not hindered:
        return ""
    named = sorted(hindered)[:MOST_NAMED]
    more = len(hindered) - len(named)
    return f"Not moved: {', '.join(named)}" + (f" and {more} more" if more else "")
