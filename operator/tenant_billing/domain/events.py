"""Which objects an event of the account concerns. An event only says "look again" (product.md, "Events")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.identity import is_own_key, key_of
from tenant_billing.domain.observations import Customer, Event, Subscription
from tenant_billing.domain.plan import price_ids_of

EVENT_TYPES: Final = (
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "customer.subscription.pending_update_expired",
    "customer.deleted",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.overdue",
    "invoice.marked_uncollectible",
    "invoice.voided",
    "invoice.finalization_failed",
    "invoice.upcoming",
    "price.updated",
    "product.updated",
    "billing.meter.deactivated",
    "checkout.session.completed",
)
"""The 20 types that matter, which one filtered list can ask for (stripe.md 3.1)."""

_CATALOGUE_TYPES: Final = frozenset({"price.updated", "product.updated", "billing.meter.deactivated"})
_KIND_OF_TYPE: Final = (("customer.subscription.", "subscription"), ("customer.", "customer"))
_SUBSCRIBING: Final = ("customer.subscription.", "checkout.session.completed")
_RELATED: Final = ("subscription", "customer", "price", "product")


class KnownObjects(Protocol):
    """The watched objects, by what an event may name."""

    def by_subscription_id(self, subscription_id: str) -> Sequence[TenantSubscription]:
        """Objects whose status or spec names a subscription."""
        ...

    def subscriptions_of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        """Objects that stand for one tenant."""
        ...

    def subscriptions_of_customer(self, customer_id: str) -> Sequence[TenantSubscription]:
        """Objects whose status or spec names a customer."""
        ...

    def plans_of(self, backend: str) -> Sequence[BillingPlan]:
        """All plans of a backend."""
        ...


@dataclass(frozen=True)
class Receiver:
    """The account that events are judged for.

    Attributes:
        backend: Name of the BillingBackend.
        owner: Its ``spec.owner``.
        account_id: Its account.
        livemode: Whether its mode is Live.
    """

    backend: str
    owner: str
    account_id: str
    livemode: bool


@dataclass(frozen=True)
class Route:
    """Where an event leads.

    Attributes:
        subscriptions: Namespace and name of each TenantSubscription to look at.
        plans: Names of the plans to look at.
        backend: Whether nothing more exact is known, so that its BillingBackend is to look at the event list.
        dropped: Why the event concerns nothing of ours; empty otherwise.
        stale: Ids of the account's objects that may have changed.
        stranger: Id of a subscription that no object stands for: perhaps one is to be made of it.
    """

    subscriptions: tuple[tuple[str, str], ...] = ()
    plans: tuple[str, ...] = ()
    backend: bool = False
    dropped: str = ""
    stale: frozenset[str] = frozenset()
    stranger: str | None = None


def route(event: Event, receiver: Receiver, known: KnownObjects) -> Route:
    """Find what an event concerns: by subscription id, then by our metadata, then by customer, else the backend."""
    dropped = _not_for(receiver, event) or _of_another_installation(receiver, event, known)
    if dropped:
        return Route(dropped=dropped)
    if event.type in _CATALOGUE_TYPES:
        return _of_catalogue(event, receiver, known)
    stale = _ids(event)
    found = _named_by(event, known)
    if any(not _only_names(each, _id(event, "subscription")) for each in found):
        return Route(subscriptions=_names(found), stale=stale)
    if event.type == "customer.deleted" and not found:
        return Route(dropped="NothingWeSell")
    return Route(subscriptions=_names(found), backend=True, stale=stale, stranger=_stranger(event))


def _only_names(resource: TenantSubscription, subscription_id: str | None) -> bool:
    """Whether an object names a subscription that it does not have (yet): anybody can name one."""
    return (
        subscription_id is not None
        and resource.spec.subscription_id == subscription_id
        and resource.status.subscription_id != subscription_id
    )


def _stranger(event: Event) -> str | None:
    """The subscription of which an object may have to be made: never one that carries our marks."""
    tells_of_it = event.type.startswith(_SUBSCRIBING) and key_of(event.metadata) is None
    return _id(event, "subscription") if tells_of_it else None


def _not_for(receiver: Receiver, event: Event) -> str:
    """Why an event is none of this backend's; empty where it is.

    What a keyed request of ours caused was said by its answer, or is looked for before that request is repeated.
    """
    reasons = {
        "AnotherAccount": event.account_id is not None and event.account_id != receiver.account_id,
        "AnotherMode": event.livemode is not receiver.livemode,
        "OwnEcho": is_own_key(event.request_key),
        "AnotherType": event.type not in EVENT_TYPES,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _of_another_installation(receiver: Receiver, event: Event, known: KnownObjects) -> str:
    """Whether its marks are another installation's, and no object has it: of what was adopted the marks stay."""
    key = key_of(event.metadata)
    if key is None or key.owner == receiver.owner:
        return ""
    subscription_id, customer_id = _id(event, "subscription"), _id(event, "customer")
    if subscription_id is not None:
        ours = bool(known.by_subscription_id(subscription_id))
    else:
        ours = customer_id is not None and bool(known.subscriptions_of_customer(customer_id))
    return "" if ours else "AnotherInstallation"


def _named_by(event: Event, known: KnownObjects) -> Sequence[TenantSubscription]:
    return _concerned(_id(event, "subscription"), event.metadata, _id(event, "customer"), known)


def concerned_by(seen: Subscription | Customer, known: KnownObjects) -> Sequence[TenantSubscription]:
    """The objects to look at after something of the account was seen to have changed, event or not."""
    if isinstance(seen, Customer):
        return _concerned(None, seen.metadata, seen.id, known)
    return _concerned(seen.id, seen.metadata, seen.customer_id, known)


def _concerned(
    subscription_id: str | None, metadata: Mapping[str, str], customer_id: str | None, known: KnownObjects
) -> Sequence[TenantSubscription]:
    naming = known.by_subscription_id(subscription_id) if subscription_id is not None else ()
    if any(not _only_names(each, subscription_id) for each in naming):
        return naming
    key = key_of(metadata)
    found = known.subscriptions_of_tenant(key.cluster, key.tenant_id) if key is not None else ()
    if not found and customer_id is not None:
        found = known.subscriptions_of_customer(customer_id)
    return (*naming, *found)


def _of_catalogue(event: Event, receiver: Receiver, known: KnownObjects) -> Route:
    """A price, product or meter that no plan names is somebody else's business."""
    named = _ids(event)
    plans = tuple(
        plan.metadata.name
        for plan in known.plans_of(receiver.backend)
        if (price_ids_of(plan) | {plan.status.product_id, plan.status.meter_id}) & named
    )
    return Route(plans=plans, stale=named) if plans else Route(dropped="NothingWeSell")


def _ids(event: Event) -> frozenset[str]:
    named = (event.object_id, *(event.related.get(kind) for kind in _RELATED))
    return frozenset(each for each in named if each)


def _id(event: Event, kind: str) -> str | None:
    """The id of the object of a kind that an event is about, or that it names."""
    stated = next((kind_ for prefix, kind_ in _KIND_OF_TYPE if event.type.startswith(prefix)), None)
    return event.object_id if stated == kind else event.related.get(kind)


def _names(found: Sequence[TenantSubscription]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(each.metadata.namespace or "", each.metadata.name) for each in found}))
