"""The objects that have something in common with one: its tenant, its subscription, its customer.

What an author names from a namespace that the backend does not trust is no more than a wish: it counts only once it is
on record.
"""

from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.observations import Customer
from tenant_billing.domain.permissions import may_name_payers
from tenant_billing.domain.world import Namespace, World
from tenant_billing.ports import Resources
from tenant_billing.reconcilers.paying_backend import PayingBackends


def namespace_of(resources: Resources, resource: TenantSubscription) -> Namespace:
    """The namespace of an object, with its labels as last seen."""
    name = resource.metadata.namespace or ""
    return Namespace(name, resources.namespace_labels(name) or {})


def names_payers_by_right(resources: Resources, resource: TenantSubscription, backend: str) -> bool:
    """Whether what an object's spec names of an account counts."""
    namespace = namespace_of(resources, resource)
    return may_name_payers(resources.backend(backend), resources.plans_of(backend), namespace)


class OtherObjects:
    """Finds them among the watched objects."""

    def __init__(self, resources: Resources, paying: PayingBackends) -> None:
        self._resources = resources
        self._paying = paying

    def of_tenant(self, resource: TenantSubscription) -> tuple[TenantSubscription, ...]:
        """Other objects for the same tenant."""
        spec, uid = resource.spec, resource.metadata.uid
        found = self._resources.subscriptions_of_tenant(spec.cluster_ref.name, spec.tenant.id)
        return tuple(each for each in found if each.metadata.uid != uid)

    def of_subscription(self, resource: TenantSubscription, backend: str) -> tuple[TenantSubscription, ...]:
        """Objects for other tenants that have one of the object's subscriptions; ids are an account's own."""
        named = {each for each in (resource.status.subscription_id, resource.spec.subscription_id) if each}
        found = {
            each.metadata.uid: each
            for subscription_id in named
            for each in self._resources.by_subscription_id(subscription_id)
            if _is_of_another_tenant(each, resource) and self._paying.of(each) == backend
            if each.status.subscription_id == subscription_id or self._is_trusted(each, backend)
        }
        return tuple(found.values())

    def of_customer(self, world: World, customer: Customer | None) -> tuple[TenantSubscription, ...]:
        """The objects of other tenants that have the same customer, or will have."""
        if customer is None:
            return ()
        backend = world.backend.metadata.name if world.backend is not None else ""
        found = [
            each
            for each in self._resources.subscriptions_of_customer(customer.id)
            if each.status.customer_id == customer.id or self._is_trusted(each, backend)
        ]
        if world.payer is not None:
            found += self._resources.subscriptions_paid_by(world.namespace.name, world.payer.metadata.name)
        others = {each.metadata.uid: each for each in found if _is_of_another_tenant(each, world.resource)}
        return tuple(others.values())

    def _is_trusted(self, resource: TenantSubscription, backend: str) -> bool:
        return names_payers_by_right(self._resources, resource, backend)


def _is_of_another_tenant(one: TenantSubscription, other: TenantSubscription) -> bool:
    return (one.spec.cluster_ref, one.spec.tenant.id) != (other.spec.cluster_ref, other.spec.tenant.id)
