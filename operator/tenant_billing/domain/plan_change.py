"""Who wins on the plan, and how a subscription is moved (product.md, "Who wins on the plan").

A changed ``planRef`` is applied once; the plan last applied stands in the subscription's metadata. A later change at
the provider wins unless the object enforces its spec. Other items and quantities are never touched.
"""

from dataclasses import dataclass, replace

from tenant_billing.api.billing_plan import ProrationPolicy
from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import enrolment, plan_wish, price_move, scheduled_change, subscription_settings
from tenant_billing.domain.access import KNOWN
from tenant_billing.domain.actions import Action, ChangeItem, ChangeSubscription
from tenant_billing.domain.counting import is_incomplete
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.observations import EMPTY, BillingReference, Subscription, SubscriptionItem
from tenant_billing.domain.proration import PRORATION
from tenant_billing.domain.requests import ItemChange, SubscriptionChange
from tenant_billing.domain.world import Offer, World


@dataclass(frozen=True)
class InForce:
    """The plan whose price is charged.

    Attributes:
        offer: The plan, or None where no plan owns the price.
        item: The item that carries it, or None where the subscription has none.
        finding: Why the plan cannot be told, or is not the one asked for.
    """

    offer: Offer | None
    item: SubscriptionItem | None
    finding: Finding | None = None


def in_force(world: World, subscription: Subscription) -> InForce:
    """The plan of the price that is in force: the first item whose price a plan owns (TBS-12)."""
    owned = [
        (offer, item)
        for item in subscription.items
        if (offer := world.offer_of_price(item.price_id)) is not None
    ]
    plans = {offer.name for offer, _ in owned}
    if len(plans) > 1:
        return InForce(
            None,
            None,
            Finding(
                Reason.AMBIGUOUS_PLAN,
                f"Subscription {subscription.id} has items of several plans ({', '.join(sorted(plans))}); "
                "remove all but one in Stripe. The tenant is kept as it is.",
                Hold.PROVIDER,
            ),
        )
    if not owned and (unknown := [offer.name for offer in world.offers if not offer.price_ids]):
        return InForce(
            None,
            None,
            Finding(
                Reason.PLAN_NOT_READY,
                f"The prices of BillingPlan {', '.join(sorted(unknown))} are not known yet; see its conditions. "
                "The tenant is kept as it is.",
                Hold.PROVIDER,
                stalled=False,
            ),
        )
    if not owned:
        prices = ", ".join(item.price_id for item in subscription.items) or "none"
        return InForce(
            None,
            subscription.items[0] if subscription.items else None,
            Finding(
                Reason.UNMANAGED_PRICE,
                f"Subscription {subscription.id} is on a price that no BillingPlan owns ({prices}); move it to a "
                "plan's price, or adopt the price with price.existing. The tenant is kept as it is.",
                Hold.PROVIDER,
            ),
        )
    return InForce(*owned[0])


def reference_of(subscription: Subscription, current: InForce) -> BillingReference | None:
    """What a tenant says of what pays for it: the item that a plan owns (TBS-12); all four ids or none (T-10)."""
    if current.offer is None or current.item is None:
        return None
    return BillingReference(subscription.customer_id, current.item.price_id, subscription.id, current.item.id)


def difference(world: World, subscription: Subscription, current: InForce) -> Finding | None:
    """Why plan and subscription differ from the spec although the object is carried out."""
    return (
        plan_was_changed_outside(world, subscription, current)
        or scheduled_change.schedule_is_foreign(world, subscription)
        or scheduled_change.change_is_waiting(world, subscription, current.item, current.offer)
        or _price_is_waiting(world, subscription, current)
    )


def _price_is_waiting(world: World, subscription: Subscription, current: InForce) -> Finding | None:
    wanted = world.offer
    if wanted is None or current.offer is None or current.offer.name != wanted.name:
        return None
    return price_move.is_waiting(world, subscription, wanted)


def plan_was_changed_outside(world: World, subscription: Subscription, current: InForce) -> Finding | None:
    """Another plan is in force than the one last applied, and the object follows Stripe."""
    wanted = world.offer
    if wanted is None or current.offer is None or current.offer.name == wanted.name:
        return None
    if plan_wish.was_asked_for_payment(world, subscription):
        return _upgrade_is_not_paid(subscription, current.offer, wanted)
    if plan_wish.is_open(world, subscription):
        return None
    return Finding(
        Reason.PLAN_CHANGED_IN_STRIPE,
        f"The plan was changed in Stripe to {current.offer.name}; limits follow what is paid. Set spec.planRef to "
        "it, or planConflictPolicy: EnforceSpec to revert.",
        Hold.NOTHING,
        stalled=False,
    )


def _upgrade_is_not_paid(subscription: Subscription, present: Offer, wanted: Offer) -> Finding:
    if subscription.pending_change:
        message = (
            f"The change to plan {wanted.name} waits for its payment; plan {present.name} and its limits stay until "
            "it is paid. The customer pays at status.hostedInvoiceURL."
        )
    else:
        message = (
            f"The change to plan {wanted.name} was not paid in time; plan {present.name} and its limits stay. To ask "
            f"for it again set spec.planRef to {present.name} and then back."
        )
    return Finding(Reason.UPGRADE_DECLINED, message, Hold.NOTHING, stalled=False)


def is_to_be_moved(world: World, subscription: Subscription, current: InForce) -> bool:
    """Whether another plan is in force than the one to bring about."""
    wanted = world.offer
    if wanted is None or current.offer is None or wanted.name == current.offer.name:
        return False
    return plan_wish.is_open(world, subscription)


def plans_do_not_fit(world: World, subscription: Subscription, current: InForce) -> Finding | None:
    """The plan asked for cannot be reached from the one in force, or not yet."""
    wanted, item = world.offer, current.item
    moves = is_to_be_moved(world, subscription, current)
    if wanted is None or current.offer is None or item is None or not moves:
        return None
    closed = enrolment.plan_is_closed(world)
    if closed is not None and plan_wish.is_new(world, subscription):
        return closed
    if wanted.price_id is None or not wanted.ready or wanted.interval is None:
        return Finding(
            Reason.PLAN_NOT_READY,
            f"BillingPlan {wanted.name} is not ready; see its conditions. Plan {current.offer.name} stays until then.",
            Hold.PROVIDER,
            stalled=False,
        )
    if wanted.currency is not None and item.currency and wanted.currency != item.currency:
        return Finding(
            Reason.INCOMPATIBLE_PLAN,
            f"spec.planRef: plan {wanted.name} has another currency than {current.offer.name}; "
            "a subscription cannot move there. Choose a plan of the same currency.",
            Hold.PROVIDER,
        )
    return None


def actions(world: World, subscription: Subscription, current: InForce) -> tuple[Action, ...]:
    """What to write to a live subscription so that it is as the object asks, or nothing."""
    wanted, item = world.offer, current.item
    closed = is_incomplete(subscription) or subscription.status not in KNOWN
    if wanted is None or current.offer is None or item is None or closed:
        return ()
    elsewhere = current.offer.name != wanted.name
    mark = _mark(world, subscription, wanted, elsewhere=elsewhere)
    if scheduled_change.is_foreign(world, subscription):
        return mark
    if not elsewhere:
        now, later = price_move.due(world, subscription, wanted)
    elif scheduled_change.has_to_wait(world, subscription, item, wanted):
        now, later = (), scheduled_change.move_later(world, subscription, item, wanted)
    else:
        now, later = _move(world, subscription, current, item, wanted), None
    now = now or _settings(world, subscription, None if elsewhere else wanted.name)
    return scheduled_change.steps(world, subscription, now, later) or mark


def _mark(world: World, subscription: Subscription, wanted: Offer, *, elsewhere: bool) -> tuple[Action, ...]:
    """Remember which plan was applied, or asked for, where a former write could not, and forget what is settled."""
    applied = plan_wish.last_applied(world, subscription)
    asked = subscription.metadata.get(StripeMetadata.UPGRADE)
    if not elsewhere:
        unsettled = (applied, asked) not in {(wanted.name, None), (None, None)}
        metadata = plan_wish.marks(world, subscription, wanted.name) if unsettled else {}
    elif subscription.pending_change:
        unmarked = asked is None and applied != wanted.name
        metadata = plan_wish.waiting_marks(world, subscription, wanted.name) if unmarked else {}
    else:
        metadata = {StripeMetadata.UPGRADE: ""} if asked not in {None, wanted.name} else {}
    return (ChangeSubscription(subscription.id, SubscriptionChange(metadata=metadata)),) if metadata else ()


def _move(
    world: World, subscription: Subscription, current: InForce, item: SubscriptionItem, wanted: Offer
) -> tuple[Action, ...]:
    if not is_to_be_moved(world, subscription, current) or subscription.pending_change:
        return ()
    policy = wanted.plan.spec.proration_policy
    only_when_paid = policy is ProrationPolicy.INVOICE_NOW and _may_be_dearer(current, item, wanted)
    change = ItemChange(
        subscription_id=subscription.id,
        item_id=item.id,
        price_id=wanted.price_id or "",
        quantity=None if item.metered else item.quantity,
        proration=PRORATION[policy],
        only_when_paid=only_when_paid,
        metadata=plan_wish.marks(world, subscription, wanted.name),
        metadata_while_waiting=plan_wish.waiting_marks(world, subscription, wanted.name)
        if only_when_paid
        else EMPTY,
    )
    # The hour: what was moved back in Stripe is moved again, and a stored answer must not pretend that it was.
    step = f"ChangePlan-{world.wish}-{item.price_id}-{wanted.price_id}-{world.now:%Y%m%dT%H}"
    return (ChangeItem(change, idempotency_key(world.resource.metadata.uid, step, 1)),)


def _may_be_dearer(current: InForce, item: SubscriptionItem, wanted: Offer) -> bool:
    """Whether a plan costs more than the very price that an item is on; one that cannot be told is taken to."""
    present = current.offer.amount_on(item.price_id) if current.offer is not None else None
    asked = wanted.amount_on(wanted.price_id)
    return present is None or asked is None or asked > present


def _settings(world: World, subscription: Subscription, plan: str | None) -> tuple[Action, ...]:
    settings = subscription_settings.differing(world.resource.spec, subscription)
    if settings is None:
        return ()
    marks = {**plan_wish.marks(world, subscription, plan), **settings.marks}
    return (ChangeSubscription(subscription.id, replace(settings.change, metadata=marks)),)
