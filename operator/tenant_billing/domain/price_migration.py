"""Moving a subscriber to the changed price of its plan: whether, when and how (product.md, "Plans").

Each object decides by itself from what it reads, so that a killed operator goes on where it was: whoever is on a former
price is moved, whoever is on the current one is done. Other items and quantities are never touched.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tenant_billing.api.billing_plan import BillingPlanSpec, PriceChangePolicy
from tenant_billing.api.names import Annotation
from tenant_billing.domain.access import INCOMPLETE, KNOWN
from tenant_billing.domain.observations import Price, Subscription, SubscriptionItem
from tenant_billing.domain.world import Offer

_PAUSED: Final = "paused"


class When(enum.Enum):
    """When an item goes to the current price."""

    NEVER = "Never"
    """It is on it already, or the plan leaves its subscribers where they are, or the subscription ends before."""
    NOW = "Now"
    AT_PERIOD_END = "AtPeriodEnd"


@dataclass(frozen=True)
class Course:
    """What becomes of one subscriber of a plan.

    Attributes:
        when: When its item goes to the current price.
        hindrance: What has to happen in Stripe first, as a clause; empty where nothing stands in the way.
    """

    when: When
    hindrance: str = ""


def moves_subscribers(offer: Offer) -> bool:
    """Whether a plan moves those who are on a former price of it. Off adopted prices nobody is moved."""
    spec = offer.plan.spec
    return (
        spec.price_change_policy is not PriceChangePolicy.NEW_SUBSCRIPTIONS_ONLY
        and spec.price.existing is None
        and offer.price_id is not None
        and offer.plan.metadata.annotations.get(Annotation.PAUSED) != "true"
    )


def former_item(offer: Offer, subscription: Subscription) -> SubscriptionItem | None:
    """The item that is on a former price of a plan: the first whose price the plan owns counts (TBS-12)."""
    item = next((each for each in subscription.items if each.price_id in offer.price_ids), None)
    return None if item is None or item.price_id == offer.price_id else item


def course(offer: Offer, subscription: Subscription, *, ends: bool) -> Course:
    """What becomes of a live subscription whose plan is the offer's.

    Args:
        offer: The plan.
        subscription: As it was read; schedules are judged elsewhere, because they say whose they are.
        ends: Whether it is not renewed at its period's end.
    """
    item = former_item(offer, subscription)
    if item is None or not moves_subscribers(offer):
        return Course(When.NEVER)
    later = waits_for_period_end(offer, item)
    if ends and (later or renews(offer)):
        return Course(When.NEVER)
    return Course(When.AT_PERIOD_END if later else When.NOW, _hindrance(subscription))


def waits_for_period_end(offer: Offer, item: SubscriptionItem) -> bool:
    """Whether a move must take place between two periods, by a schedule.

    Usage that is reported in the grace period is dropped when the price changes amid a period (stripe.md 4.3); a free
    price that becomes paid would be charged at once, and move the billing date (stripe.md 7).
    """
    return item.metered or offer.metered or (renews(offer) and _is_free(offer, item.price_id))


def named_until_period_end(
    spec: BillingPlanSpec, former: Iterable[Price], subscribers: Iterable[Subscription]
) -> frozenset[str]:
    """The former prices that stay in sale for now: a schedule has to name what its subscriber is on until it moves.

    An archived price goes on billing who has it, but whether it can be named anew is not documented (stripe.md 7).
    """
    if spec.price_change_policy is PriceChangePolicy.NEW_SUBSCRIPTIONS_ONLY:
        return frozenset()
    at_renewal = spec.price_change_policy is PriceChangePolicy.AT_RENEWAL
    late = {each.id for each in former if each.metered or (at_renewal and each.unit_amount == 0)}
    return frozenset(late & {item.price_id for each in subscribers for item in each.items})


def renews(offer: Offer) -> bool:
    """Whether the new price is charged from the next renewal on."""
    return offer.plan.spec.price_change_policy is PriceChangePolicy.AT_RENEWAL


def _is_free(offer: Offer, price_id: str) -> bool:
    return any(each.id == price_id and each.unit_amount == 0 for each in offer.plan.status.prices)


def _hindrance(subscription: Subscription) -> str:
    if subscription.pending_change:
        return "a change of it waits for its payment"
    if subscription.status == INCOMPLETE:
        return "its first payment is outstanding"
    if subscription.status == _PAUSED:
        return "it is paused in Stripe, resume it there"
    if subscription.status not in KNOWN:
        return f"its status {subscription.status!r} is not known to this version"
    return ""
