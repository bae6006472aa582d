"""The writes that move one subscriber to the current price of its plan."""

from tenant_billing.api.reasons import Reason
from tenant_billing.domain import period_end, plan_wish, subscription_settings
from tenant_billing.domain.actions import Action, ChangeItem
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.observations import Subscription, SubscriptionItem
from tenant_billing.domain.price_migration import When, course, former_item, renews
from tenant_billing.domain.proration import PRORATION
from tenant_billing.domain.requests import ItemChange
from tenant_billing.domain.world import Offer, World


def due(
    world: World, subscription: Subscription, offer: Offer
) -> tuple[tuple[Action, ...], period_end.Move | None]:
    """What moves a subscriber to the current price: at once, or at the period's end, or neither.

    Args:
        world: What was read.
        subscription: Live, on the plan that ``planRef`` names.
        offer: That plan.
    """
    item, when = former_item(offer, subscription), _when(world, subscription, offer)
    if item is None or offer.price_id is None or offer.interval is None:
        return (), None
    # What is planned stays planned while the plan is not ready: an outage takes nothing back.
    if when is When.AT_PERIOD_END and (offer.ready or subscription.schedule_id is not None):
        return (), period_end.Move(
            subscription=subscription,
            item=item,
            price_id=offer.price_id,
            metered=offer.metered,
            interval=offer.interval,
            metadata=plan_wish.marks(world, subscription, offer.name),
            plan=offer.name,
        )
    if when is When.NOW and offer.ready:
        return (_at_once(world, subscription, item, offer),), None
    return (), None


def is_waiting(world: World, subscription: Subscription, offer: Offer) -> Finding | None:
    """The changed price of the plan comes at the period's end."""
    if _when(world, subscription, offer) is not When.AT_PERIOD_END:
        return None
    return Finding(
        Reason.PENDING,
        f"The changed price of plan {offer.name} is charged from the end of the current period on "
        "(status.currentPeriod).",
        Hold.NOTHING,
        stalled=False,
    )


def _when(world: World, subscription: Subscription, offer: Offer) -> When:
    """When the subscriber moves, where nothing stands in the way."""
    ends = subscription_settings.ends_with_period(world.resource.spec, subscription)
    path = course(offer, subscription, ends=ends)
    return When.NEVER if path.hindrance else path.when


def _at_once(world: World, subscription: Subscription, item: SubscriptionItem, offer: Offer) -> ChangeItem:
    """The item on the current price. At renewal means that nothing is charged before: no proration (stripe.md 7).

    A declined invoice does not undo the move: a subscriber must neither be left behind for good, nor be invoiced anew
    with every attempt. What is unpaid takes its ordinary way.
    """
    spec = offer.plan.spec
    change = ItemChange(
        subscription_id=subscription.id,
        item_id=item.id,
        price_id=offer.price_id or "",
        quantity=item.quantity,
        proration="none" if renews(offer) else PRORATION[spec.proration_policy],
        only_when_paid=False,
        metadata=plan_wish.marks(world, subscription, offer.name),
    )
    # The hour: what was moved back in Stripe is moved again, and a stored answer must not pretend that it was.
    step = f"ChangePrice-{item.price_id}-{offer.price_id}-{world.now:%Y%m%dT%H}"
    key = idempotency_key(world.resource.metadata.uid, step, 1)
    return ChangeItem(change, key, urgent=False)
