"""Moving an item to another price when its period ends, by a schedule of our own (stripe.md 7, "At the period end").

Stripe attaches a schedule in one call and takes its phases in the next, and in between the schedule carries no mark.
So the intent to attach one is stored first, where no schedule stands: a bare one that is found after that is ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tenant_billing.domain.actions import PlanMove
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.observations import Schedule, Subscription, SubscriptionItem
from tenant_billing.domain.requests import PeriodEndMove

SCHEDULE: Final = "AttachSchedule"
"""The step of the intent."""
SUBSCRIPTION: Final = "subscriptionID"
"""The intent's parameter: which subscription gets the schedule."""


@dataclass(frozen=True)
class Move:
    """One item on another price from the end of the running period on.

    Attributes:
        subscription: As it was read, with its schedule.
        item: What moves.
        price_id: Where to.
        metered: Whether that price is metered, and takes no quantity.
        interval: Of that price, such as ``("year", 1)``.
        metadata: What the subscription is marked with when it has moved.
        plan: Where to, in the words of ``planRef``.
    """

    subscription: Subscription
    item: SubscriptionItem
    price_id: str
    metered: bool
    interval: tuple[str, int]
    metadata: Mapping[str, str]
    plan: str

    def price_ids(self) -> tuple[str, ...]:
        """The prices of the subscription once it has moved."""
        return tuple(
            self.price_id if each.id == self.item.id else each.price_id for each in self.subscription.items
        )


def waits_for_period_end(item: SubscriptionItem, interval: tuple[str, int], *, metered: bool) -> bool:
    """Whether a change of an item to such a price must wait (product.md, "Who wins on the plan").

    Another interval would move the billing date. A metered price has no proration by time, and a change amid the period
    drops usage (stripe.md 4.3 and 7).
    """
    return (item.interval, item.interval_count) != interval or item.metered or metered


def is_ours(subscription: Subscription, key: TenantKey, *, intended: bool) -> bool:
    """Whether the attached schedule was made by us for this tenant.

    Args:
        subscription: As it was read.
        key: The tenant.
        intended: Whether the intent to attach one to this very subscription stands.
    """
    schedule = subscription.schedule
    if schedule is None:
        return False
    return key.is_named_by(schedule.metadata) or (intended and _is_bare(schedule))


def _is_bare(schedule: Schedule) -> bool:
    """Whether it plans nothing, as it is right after it was attached."""
    marked = schedule.metadata or any(phase.metadata for phase in schedule.phases)
    return not marked and len(schedule.phases) == 1 and schedule.releases


def is_planned(move: Move, key: TenantKey) -> bool:
    """Whether the attached schedule is going to do exactly this move."""
    schedule = move.subscription.schedule
    if schedule is None or not schedule.releases or not key.is_named_by(schedule.metadata):
        return False
    match schedule.phases:
        case [_, last]:
            marked = all(last.metadata.get(name) == value for name, value in move.metadata.items())
            return marked and sorted(last.price_ids) == sorted(move.price_ids())
        case _:
            return False


def plan(move: Move, key: TenantKey) -> PlanMove:
    """Have the attached schedule do this move."""
    quantity = None if move.metered else (move.item.quantity or 1)
    return PlanMove(
        PeriodEndMove(
            subscription_id=move.subscription.id,
            schedule_id=move.subscription.schedule_id or "",
            former_price_id=move.item.price_id,
            price_id=move.price_id,
            quantity=quantity,
            interval=move.interval,
            metadata=move.metadata,
            schedule_metadata=key.metadata(move.plan),
        )
    )
