"""A change of plan that waits for the end of the period, and the schedule of ours that carries it out.

While our schedule is attached, anything else is written only after it was released: its phases would undo it.
"""

from typing import Final

from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain import period_end, plan_wish, subscription_settings
from tenant_billing.domain.actions import (
    Action,
    AttachSchedule,
    LookAgain,
    PlanMove,
    ReleaseSchedule,
    StoreIntent,
)
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.observations import Subscription, SubscriptionItem
from tenant_billing.domain.world import Offer, World

_FIRST_ATTEMPT: Final = 1


def is_ours(world: World, subscription: Subscription) -> bool:
    """Whether the attached schedule is one of ours."""
    return period_end.is_ours(subscription, world.key, intended=_is_intended(world, subscription))


def is_foreign(world: World, subscription: Subscription) -> bool:
    """Whether somebody else's schedule owns the items: none is written then."""
    return subscription.schedule_id is not None and not is_ours(world, subscription)


def _is_intended(world: World, subscription: Subscription) -> bool:
    intent = world.intent
    return (
        intent is not None
        and intent.step == period_end.SCHEDULE
        and intent.parameters.get(period_end.SUBSCRIPTION) == subscription.id
    )


def move_later(
    world: World, subscription: Subscription, item: SubscriptionItem, wanted: Offer
) -> period_end.Move | None:
    """The move to the plan that ``planRef`` names; None where no period follows in which it could take place."""
    ends = subscription_settings.ends_with_period(world.resource.spec, subscription)
    if ends or wanted.price_id is None or wanted.interval is None:
        return None
    return period_end.Move(
        subscription=subscription,
        item=item,
        price_id=wanted.price_id,
        metered=wanted.metered,
        interval=wanted.interval,
        metadata=plan_wish.identity_marks(world, subscription) | {StripeMetadata.PLAN: wanted.name},
        plan=wanted.name,
    )


def has_to_wait(world: World, subscription: Subscription, item: SubscriptionItem, wanted: Offer) -> bool:
    """Whether another plan is to be brought about, and only at the period's end."""
    return (
        plan_wish.is_open(world, subscription)
        and wanted.interval is not None
        and period_end.waits_for_period_end(item, wanted.interval, metered=wanted.metered)
    )


def steps(
    world: World, subscription: Subscription, now: tuple[Action, ...], later: period_end.Move | None
) -> tuple[Action, ...]:
    """The next step.

    Args:
        world: What was read.
        subscription: Whose schedule, if any, is ours.
        now: What is to be written at once.
        later: What is to take place at the period's end.
    """
    schedule_id = subscription.schedule_id
    if schedule_id is not None and (now or later is None):
        return (ReleaseSchedule(subscription.id, schedule_id),)
    if now:
        return now
    if later is None:
        return _without_intent(world)
    if schedule_id is None:
        return _attach(world, subscription)
    return () if period_end.is_planned(later, world.key) else (period_end.plan(later, world.key),)


def _without_intent(world: World) -> tuple[Action, ...]:
    """A schedule that is not wanted any more may have been attached all the same: it is looked for, and released."""
    intended = world.intent is not None and world.intent.step == period_end.SCHEDULE
    return (LookAgain(),) if intended and not world.looked else ()


def _attach(world: World, subscription: Subscription) -> tuple[Action, ...]:
    intent = world.intent
    if subscription.pending_change:
        return ()
    if intent is None or not _is_intended(world, subscription):
        return (StoreIntent(_intent(world, subscription)),)
    if not world.looked:
        return (LookAgain(),)
    return (AttachSchedule(subscription.id, intent.idempotency_key),)


def _intent(world: World, subscription: Subscription) -> PendingOperation:
    # The second: a schedule that was released is made anew, and a stored answer must not pretend that it was.
    step = f"{period_end.SCHEDULE}-{world.wish}-{subscription.id}-{world.now:%Y%m%dT%H%M%S}"
    return PendingOperation(
        step=period_end.SCHEDULE,
        attempt=_FIRST_ATTEMPT,
        idempotency_key=idempotency_key(world.resource.metadata.uid, step, _FIRST_ATTEMPT),
        parameters={period_end.SUBSCRIPTION: subscription.id},
        start_time=world.now,
    )


def schedule_is_foreign(world: World, subscription: Subscription) -> Finding | None:
    """Somebody else's schedule is attached: nothing is written that its phases decide about."""
    if not is_foreign(world, subscription):
        return None
    return Finding(
        Reason.SCHEDULE_ATTACHED,
        f"Schedule {subscription.schedule_id} owns the items of subscription {subscription.id}: neither plan nor "
        "renewal, collection or discounts are written until it is released in Stripe.",
        Hold.NOTHING,
        stalled=False,
    )


def change_is_waiting(
    world: World, subscription: Subscription, item: SubscriptionItem | None, present: Offer | None
) -> Finding | None:
    """The plan asked for comes at the period's end, or would come there if there were a next period."""
    wanted = world.offer
    if wanted is None or present is None or item is None or wanted.name == present.name:
        return None
    if not has_to_wait(world, subscription, item, wanted):
        return None
    if subscription_settings.ends_with_period(world.resource.spec, subscription):
        message = (
            f"The change to plan {wanted.name} would take place at the end of the current period, with which the "
            "subscription ends; set spec.renewal: Renew to have it go on."
        )
    else:
        message = (
            f"The change to plan {wanted.name} takes place at the end of the current period (status.currentPeriod); "
            f"plan {present.name} and its limits stay until then."
        )
    return Finding(Reason.PENDING, message, Hold.NOTHING, stalled=False)


def is_unfinished(due: tuple[Action, ...]) -> bool:
    """Whether what is due includes work that the intent to attach a schedule stands for."""
    return any(isinstance(each, LookAgain | AttachSchedule | PlanMove | ReleaseSchedule) for each in due)
