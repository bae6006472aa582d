"""What else of a subscription follows the spec: renewal, collection, discounts.

Only what differs from what was last applied is written. A discount or a way of collecting that somebody else chose in
Stripe stays; so marks on the subscription tell which are ours. A coupon may be used up by its first invoice: it is
applied once, and not again because it is not there any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.tenant_subscription import Renewal, TenantSubscriptionSpec
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.requests import CollectionChange, DiscountsChange, SubscriptionChange

INVOICED: Final = "send_invoice"
_BY_SPEC: Final = "Invoice"
_DIGEST: Final = 12
"""Characters per coupon: twenty of them fit into one value of metadata."""


@dataclass(frozen=True)
class Settings:
    """What to write, with the marks that remember it."""

    change: SubscriptionChange
    marks: Mapping[str, str]


def first_marks(spec: TenantSubscriptionSpec) -> dict[str, str]:
    """The marks of a subscription that is made as the spec says."""
    collection = {StripeMetadata.COLLECTION: _BY_SPEC} if spec.collection.days_until_due is not None else {}
    discounts = {StripeMetadata.DISCOUNTS: ",".join(_wanted(spec))} if spec.discounts else {}
    return collection | discounts


def differing(spec: TenantSubscriptionSpec, subscription: Subscription) -> Settings | None:
    """What to write so that renewal, collection and discounts are as the object asks; None for nothing."""
    collection, of_collection = _collection(spec, subscription)
    discounts, of_discounts = _discounts(spec, subscription)
    change = replace(_renewal(spec, subscription), collection=collection, discounts=discounts)
    marks = of_collection | of_discounts
    return Settings(change, marks) if marks or change != SubscriptionChange() else None


def ends_with_period(spec: TenantSubscriptionSpec, subscription: Subscription) -> bool:
    """Whether the subscription is not renewed: nothing can begin after its period."""
    if spec.renewal is Renewal.FOLLOW_STRIPE:
        return subscription.cancel_at_period_end or subscription.cancel_at is not None
    return spec.renewal is Renewal.CANCEL_AT_PERIOD_END


def _renewal(spec: TenantSubscriptionSpec, subscription: Subscription) -> SubscriptionChange:
    """An end that somebody else set, with the period or at a time of its own, is taken back where the spec renews."""
    match spec.renewal:
        case Renewal.RENEW if subscription.cancel_at_period_end:
            return SubscriptionChange(cancel_at_period_end=False)
        case Renewal.RENEW if subscription.cancel_at is not None:
            return SubscriptionChange(clears_cancel_at=True)
        case Renewal.CANCEL_AT_PERIOD_END if not subscription.cancel_at_period_end:
            return SubscriptionChange(cancel_at_period_end=True)
        case _:
            return SubscriptionChange()


def _collection(
    spec: TenantSubscriptionSpec, subscription: Subscription
) -> tuple[CollectionChange | None, dict[str, str]]:
    """Invoices are sent while the spec says so; what somebody else chose is not turned into charges of a card."""
    days = spec.collection.days_until_due
    ours = StripeMetadata.COLLECTION in subscription.metadata
    invoiced = subscription.collection_method == INVOICED
    if days is not None:
        differs = not invoiced or subscription.days_until_due != days
        return CollectionChange(days) if differs else None, {} if ours else {
            StripeMetadata.COLLECTION: _BY_SPEC
        }
    if not ours:
        return None, {}
    return CollectionChange(None) if invoiced else None, {StripeMetadata.COLLECTION: ""}


def _discounts(
    spec: TenantSubscriptionSpec, subscription: Subscription
) -> tuple[DiscountsChange | None, dict[str, str]]:
    wanted = _wanted(spec)
    applied = set(applied_coupons(subscription))
    if wanted.keys() == applied:
        return None, {}
    gone = applied - wanted.keys()
    kept = [each for each in subscription.discounts if coupon_digest(each.coupon_id or "") not in gone]
    present = {each.coupon_id for each in kept}
    new = [coupon for digest, coupon in wanted.items() if digest not in applied and coupon not in present]
    change = DiscountsChange(tuple(each.id for each in kept), tuple(new))
    return change, {StripeMetadata.DISCOUNTS: ",".join(wanted)}


def applied_coupons(subscription: Subscription) -> list[str]:
    """Digests of the coupons that the spec named last, in its order."""
    return list(filter(None, subscription.metadata.get(StripeMetadata.DISCOUNTS, "").split(",")))


def _wanted(spec: TenantSubscriptionSpec) -> dict[str, str]:
    """Coupons by their digests, in the order of the spec."""
    return {coupon_digest(each.coupon_id): each.coupon_id for each in spec.discounts}


def coupon_digest(coupon_id: str) -> str:
    """How a coupon is remembered: its id may be longer than metadata allow."""
    return sha256(coupon_id.encode()).hexdigest()[:_DIGEST]
