"""Who wins on the plan, and how a subscription is moved (product.md, "Who wins on the plan").

A changed ``planRef`` is applied once; the plan last applied stands in the subscription's metadata. A later change at
the provider wins unless the object enforces its spec. Other items and quantities are never touched.
"""

from dataclasses import dataclass

from tenant_billing.api.billing_plan import ProrationPolicy
from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import PlanConflictPolicy, Renewal
from tenant_billing.domain.access import KNOWN
from tenant_billing.domain.actions import Action, ChangeItem, ChangeSubscription
from tenant_billing.domain.counting import is_incomplete
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.identity import idempotency_key, key_of
from tenant_billing.domain.observations import BillingReference, Subscription, SubscriptionItem
from tenant_billing.domain.requests import ItemChange, SubscriptionChange
from tenant_billing.domain.world import Offer, World

_PRORATION = {
    ProrationPolicy.NEXT_INVOICE: "create_prorations",
    ProrationPolicy.INVOICE_NOW: "always_invoice",
    ProrationPolicy.NONE: "none",
}


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


def plan_was_changed_outside(world: World, subscription: Subscription, current: InForce) -> Finding | None:
    """Another plan is in force than the one last applied, and the object follows Stripe."""
    wanted = world.offer
    if wanted is None or current.offer is None or current.offer.name == wanted.name:
        return None
    if _is_new_wish(world, subscription):
        return None
    if world.resource.spec.plan_conflict_policy is PlanConflictPolicy.ENFORCE_SPEC:
        return None
    if subscription.pending_change:
        return Finding(
            Reason.UPGRADE_DECLINED,
            f"The change to plan {wanted.name} waits for its payment; plan {current.offer.name} and its limits "
            "stay until it is paid. The customer pays at status.hostedInvoiceURL.",
            Hold.NOTHING,
            stalled=False,
        )
    return Finding(
        Reason.PLAN_CHANGED_IN_STRIPE,
        f"The plan was changed in Stripe to {current.offer.name}; limits follow what is paid. Set spec.planRef to "
        "it, or planConflictPolicy: EnforceSpec to revert.",
        Hold.NOTHING,
        stalled=False,
    )


def _last_applied(world: World, subscription: Subscription) -> str | None:
    """The plan last applied, or None: a successor that was born at the provider carries no mark of ours.

    What its customer chose there is a change outside, so the newest mark of the tenant's former subscriptions stands.
    """
    newest = sorted(world.subscriptions, key=lambda each: each.created, reverse=True)
    marks = (each.metadata.get(StripeMetadata.PLAN) for each in (subscription, *newest))
    return next((mark for mark in marks if mark is not None), None)


def _is_new_wish(world: World, subscription: Subscription) -> bool:
    """Whether ``planRef`` names a plan that was not applied yet."""
    wanted = world.offer
    return wanted is not None and _last_applied(world, subscription) != wanted.name


def _is_to_be_moved(world: World, subscription: Subscription, current: InForce) -> bool:
    """Whether another plan is in force than the one to bring about; a later change at the provider is followed."""
    wanted = world.offer
    if wanted is None or current.offer is None or wanted.name == current.offer.name:
        return False
    enforces = world.resource.spec.plan_conflict_policy is PlanConflictPolicy.ENFORCE_SPEC
    return enforces or _is_new_wish(world, subscription)


def plans_do_not_fit(world: World, subscription: Subscription, current: InForce) -> Finding | None:
    """The plan asked for cannot be reached from the one in force by a change of price, or not yet."""
    wanted, item = world.offer, current.item
    moves = _is_to_be_moved(world, subscription, current)
    if wanted is None or current.offer is None or item is None or not moves:
        return None
    if wanted.price_id is None or not wanted.ready:
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
    if wanted.interval is not None and (item.interval, item.interval_count) != wanted.interval:
        return Finding(
            Reason.NOT_YET_SUPPORTED,
            f"spec.planRef: plan {wanted.name} has another billing interval than {current.offer.name}; "
            "this version does not carry out such a change.",
            Hold.PROVIDER,
        )
    return None


def schedule_is_attached(subscription: Subscription) -> bool:
    """Whether a schedule owns the items: none is written then."""
    return subscription.schedule_id is not None


def actions(world: World, subscription: Subscription, current: InForce) -> tuple[Action, ...]:
    """What to write to a live subscription so that plan and renewal are as the object asks, or nothing."""
    wanted, item = world.offer, current.item
    closed = is_incomplete(subscription) or subscription.status not in KNOWN
    if wanted is None or current.offer is None or item is None or closed:
        return ()
    new_wish = _is_new_wish(world, subscription)
    elsewhere = current.offer.name != wanted.name
    if _is_to_be_moved(world, subscription, current) and not schedule_is_attached(subscription):
        if not subscription.pending_change:
            return (_move(world, subscription, current, item, wanted),)
        if new_wish:
            return (_mark(world, subscription, wanted),)
    if new_wish and not elsewhere and _last_applied(world, subscription) is not None:
        return (_mark(world, subscription, wanted),)
    return _renewal(world, subscription, None if elsewhere else wanted.name)


def _mark(world: World, subscription: Subscription, wanted: Offer) -> ChangeSubscription:
    change = SubscriptionChange(metadata=_marks(world, subscription, wanted.name))
    return ChangeSubscription(subscription.id, change)


def _marks(world: World, subscription: Subscription, plan: str | None) -> dict[str, str]:
    """What joins a write that is needed anyway, so that an adopted subscription is known again by its metadata.

    Another installation's marks stay.
    """
    present = key_of(subscription.metadata)
    identity = world.key.metadata() if present is None else {}
    return identity if plan is None else identity | {StripeMetadata.PLAN: plan}


def _move(
    world: World, subscription: Subscription, current: InForce, item: SubscriptionItem, wanted: Offer
) -> ChangeItem:
    policy = wanted.plan.spec.proration_policy
    dearer = (
        wanted.unit_amount is not None
        and current.offer is not None
        and current.offer.unit_amount is not None
        and wanted.unit_amount > current.offer.unit_amount
    )
    change = ItemChange(
        subscription_id=subscription.id,
        item_id=item.id,
        price_id=wanted.price_id or "",
        quantity=None if item.metered else item.quantity,
        proration=_PRORATION[policy],
        only_when_paid=dearer and policy is ProrationPolicy.INVOICE_NOW,
        metadata=_marks(world, subscription, wanted.name),
    )
    # The hour: what was moved back in Stripe is moved again, and a stored answer must not pretend that it was.
    step = f"ChangePlan-{world.wish}-{item.price_id}-{wanted.price_id}-{world.now:%Y%m%dT%H}"
    return ChangeItem(change, idempotency_key(world.resource.metadata.uid, step, 1))


def _renewal(world: World, subscription: Subscription, plan: str | None) -> tuple[Action, ...]:
    match world.resource.spec.renewal:
        case Renewal.RENEW if subscription.cancel_at_period_end:
            ends = False
        case Renewal.CANCEL_AT_PERIOD_END if not subscription.cancel_at_period_end:
            ends = True
        case _:
            return ()
    change = SubscriptionChange(cancel_at_period_end=ends, metadata=_marks(world, subscription, plan))
    return (ChangeSubscription(subscription.id, change),)
