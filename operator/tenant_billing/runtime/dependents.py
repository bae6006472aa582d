"""Which objects to look at when one object changes. Pure: decided from the change and the store."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.conditions import ConditionType, find_condition
from tenant_billing.api.resource import Resource
from tenant_billing.api.tenant_subscription import ManagementPolicy, TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.ports import ObjectKey, Resources
from tenant_billing.runtime.observed import NAMESPACE_KIND, AnyResource, Observed
from tenant_billing.runtime.resources import Change


@dataclass(frozen=True)
class Affected:
    """What to look at.

    Attributes:
        itself: The changed object, where somebody's wish changed and not only what we wrote.
        others: Objects that may judge differently now.
        soon: Objects that only count others: a few seconds later will do, so that many changes cost one look.
        strange: The changed object, where a status came that is not the one held: another leader's, or a write of it
            that came late. Unless it is being worked on: then it is the watch that was faster than the answer.
    """

    itself: tuple[ObjectKey, ...] = ()
    others: tuple[ObjectKey, ...] = ()
    soon: tuple[ObjectKey, ...] = ()
    strange: tuple[ObjectKey, ...] = ()


class Lookups(Resources, Protocol):
    """The store, with the lookups that only this room needs."""

    def subscriptions_of_namespace(self, namespace: str) -> Iterable[TenantSubscription]:
        """All objects of one namespace."""
        ...


def affected_by(change: Change, resources: Lookups) -> Affected:
    """Decide what to look at after a change."""
    if change.key.kind == NAMESPACE_KIND:
        return Affected(others=_of_namespace(change, resources))
    itself = (change.key,) if _is_wished(change) else ()
    strange = (change.key,) if not itself and _is_strangers(change) else ()
    before, after = _resource(change.before), _resource(change.after)
    if _standing(before) == _standing(after):
        return Affected(itself, strange=strange)
    others = _of_trust(before, after, resources)
    soon: set[ObjectKey] = set()
    for resource in (before, after):
        match resource:
            case BillingBackend():
                others |= _of_backend(resource.metadata.name, resources)
            case ThingsStackCluster():
                others |= _keys(resources.subscriptions_of_cluster(resource.metadata.name))
            case BillingPlan():
                others |= _of_plan(resource, resources)
            case TenantSubscription():
                others |= _neighbours(resource, resources)
                soon |= _owners(resource, resources)
            case _:
                pass
    return Affected(itself, tuple(sorted(others - {change.key})), tuple(sorted(soon - others)), strange)


def is_birth(change: Change) -> bool:
    """Whether an object came of which nobody edits anything: of a subscription that was born at the provider.

    Hundreds may come at once when a plan begins to discover; they let payments and edits pass.
    """
    resource = _resource(change.after)
    if change.before is not None or not isinstance(resource, TenantSubscription):
        return False
    return resource.spec.management_policy is ManagementPolicy.OBSERVE


def _is_wished(change: Change) -> bool:
    """Whether the object itself needs a look: not for what we wrote ourselves, unless an edit came in between."""
    if change.before is None or change.after is None:
        return True
    return not change.after.has_same_intent(change.before, but_for_finalizers=change.ours)


def _is_strangers(change: Change) -> bool:
    """Whether a watch brought another status than the one held."""
    if change.ours or change.before is None or change.after is None:
        return False
    return bool(change.before.body.get("status") != change.after.body.get("status"))


def _resource(observed: Observed | None) -> AnyResource | None:
    return observed.resource if observed else None


def _standing(resource: AnyResource | None) -> object:
    """What neighbours judge by: an edit, a deletion, readiness, and the ids that others refer to."""
    if resource is None:
        return None
    ready = find_condition(resource.status.conditions, ConditionType.READY)
    common = (
        resource.metadata.uid,
        resource.metadata.generation,
        resource.metadata.is_being_deleted,
        resource.metadata.annotations.get(names.Annotation.PAUSED),
        (ready.status, ready.reason) if ready and not isinstance(resource, TenantSubscription) else None,
    )
    return common, _particulars(resource)


def _particulars(resource: AnyResource) -> object:
    match resource:
        case BillingPlan(status=status):
            return status.price_id, status.product_id
        case ThingsStackCluster(status=status):
            # Not the batch itself: one that grows changes nothing for the tenants that wait, however many they are.
            return status.brake is not None and (status.brake.engaged, bool(status.brake.tenants))
        case BillingBackend(status=status):
            return status.account_id
        case TenantSubscription(status=status):
            return status.customer_id, status.subscription_id, status.plan_ref


def _keys(items: Iterable[Resource]) -> set[ObjectKey]:
    return {
        ObjectKey(item.resource_kind.kind, item.metadata.namespace or "", item.metadata.name)
        for item in items
    }


def _of_namespace(change: Change, resources: Lookups) -> tuple[ObjectKey, ...]:
    """The objects of a namespace whose labels (rules of trust) or whose end (deletion policy) changed."""
    before, after = change.before, change.after
    if before is not None and after is not None and after.has_same_intent(before):
        return ()
    return tuple(sorted(_keys(resources.subscriptions_of_namespace(change.key.name))))


def _of_backend(backend: str, resources: Lookups) -> set[ObjectKey]:
    plans = resources.plans_of(backend)
    subscriptions: set[ObjectKey] = set()
    for plan in plans:
        subscriptions |= _keys(resources.subscriptions_of_plan(plan.metadata.name))
    return _keys(plans) | subscriptions | _keys(resources.subscriptions_of_backend(backend))


def _of_plan(plan: BillingPlan, resources: Lookups) -> set[ObjectKey]:
    """Its subscriptions; the account's other plans, of which one may own the price now; a backend that waits to go.

    Observed objects name no plan: those whose price no plan owned until now wait for one.
    """
    observed = resources.subscriptions_of_backend(plan.spec.backend_ref.name)
    return (
        _keys(resources.subscriptions_of_plan(plan.metadata.name))
        | _keys(each for each in observed if each.status.plan_ref is None)
        | _keys(resources.plans_of(plan.spec.backend_ref.name))
        | _waiting_to_go([resources.backend(plan.spec.backend_ref.name)])
    )


def _of_trust(before: AnyResource | None, after: AnyResource | None, resources: Lookups) -> set[ObjectKey]:
    """The objects of a namespace that a plan begins or ceases to discover into: that makes it a trusted one."""
    changed = {_discovers_into(before)} ^ {_discovers_into(after)}
    return _keys(item for each in changed if each for item in resources.subscriptions_of_namespace(each))


def _discovers_into(resource: AnyResource | None) -> str:
    discovery = resource.spec.discovery if isinstance(resource, BillingPlan) else None
    return discovery.namespace if discovery is not None else ""


def _neighbours(item: TenantSubscription, resources: Lookups) -> set[ObjectKey]:
    """Siblings of the tenant, the customer or the subscription, those it pays for, and whatever waits for its end."""
    named = {each for each in (item.spec.subscription_id, item.status.subscription_id) if each}
    return (
        _keys(resources.subscriptions_of_tenant(item.spec.cluster_ref.name, item.spec.tenant.id))
        | _keys(rival for each in named for rival in resources.by_subscription_id(each))
        | _keys(resources.subscriptions_paid_by(item.metadata.namespace or "", item.metadata.name))
        | _keys(resources.subscriptions_of_customer(item.status.customer_id or ""))
        | _waiting_to_go([*_plans(item, resources), *_connections(item, resources)])
    )


def _owners(item: TenantSubscription, resources: Lookups) -> set[ObjectKey]:
    """The plans that count it."""
    return _keys(plan for plan in _plans(item, resources) if plan is not None)


def _plans(item: TenantSubscription, resources: Lookups) -> list[BillingPlan | None]:
    references = [reference for reference in (item.spec.plan_ref, item.status.plan_ref) if reference]
    return [resources.plan(reference.name) for reference in references]


def _connections(item: TenantSubscription, resources: Lookups) -> list[Resource | None]:
    """Its cluster, and the backend that an observed object names itself."""
    backend = resources.backend(item.spec.backend_ref.name) if item.spec.backend_ref is not None else None
    return [resources.cluster(item.spec.cluster_ref.name), backend]


def _waiting_to_go(owners: Iterable[Resource | None]) -> set[ObjectKey]:
    return _keys(owner for owner in owners if owner is not None and owner.metadata.is_being_deleted)
