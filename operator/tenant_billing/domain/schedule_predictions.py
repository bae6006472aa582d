"""What Stripe would answer to the writes of a schedule (see :mod:`tenant_billing.domain.predictions`)."""

from dataclasses import replace

from tenant_billing.domain.observations import Schedule, SchedulePhase, Subscription
from tenant_billing.domain.requests import PeriodEndMove


def schedule_attached(before: Subscription, identity: str) -> Subscription:
    """A subscription with a new schedule, which plans nothing."""
    return replace(before, schedule_id=identity, schedule=Schedule(identity, (_present(before),)))


def move_planned(before: Subscription, move: PeriodEndMove) -> Subscription:
    """A subscription whose schedule moves one item at the period's end."""
    present = _present(before)
    prices = tuple(move.price_id if each == move.former_price_id else each for each in present.price_ids)
    phases = present, SchedulePhase(prices, dict(move.metadata))
    planned = Schedule(move.schedule_id, phases, dict(move.schedule_metadata))
    return replace(before, schedule_id=planned.id, schedule=planned)


def schedule_released(before: Subscription) -> Subscription:
    """A subscription without a schedule; it stays as it is."""
    return replace(before, schedule_id=None, schedule=None)


def _present(subscription: Subscription) -> SchedulePhase:
    return SchedulePhase(tuple(each.price_id for each in subscription.items))
