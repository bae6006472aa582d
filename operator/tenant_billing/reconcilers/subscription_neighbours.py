"""What the watches know around a TenantSubscription: plan, backend and cluster, siblings, rivals, who pays for it."""

from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.observations import Customer
from tenant_billing.domain.world import Namespace, World
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.offers import Offers
from tenant_billing.reconcilers.paying_backend import PayingBackends
from tenant_billing.reconcilers.reporting import Surroundings


class Neighbours:
    """Finds the resources around an object; nothing outside is asked."""

    def __init__(self, surroundings: Surroundings, accounts: Accounts, paying: PayingBackends) -> None:
        self._resources = surroundings.resources
        self._clock = surroundings.clock
        self._paying = paying
        self._offers = Offers(accounts)

    def world(self, resource: TenantSubscription) -> World:
        """What the watches know: the resources around the object."""
        spec, namespace = resource.spec, resource.metadata.namespace or ""
        plan = self._resources.plan(spec.plan_ref.name) if spec.plan_ref else None
        backend_name = self._paying.of(resource)
        payer = spec.customer.subscription_ref if spec.customer else None
        others = self._resources.subscriptions_of_tenant(spec.cluster_ref.name, spec.tenant.id)
        return World(
            resource=resource,
            now=self._clock.now(),
            namespace=Namespace(namespace, self._resources.namespace_labels(namespace) or {}),
            backend=self._resources.backend(backend_name),
            cluster=self._resources.cluster(spec.cluster_ref.name),
            offer=self._offers.of(plan) if plan else None,
            offers=tuple(self._offers.of(each) for each in self._resources.plans_of(backend_name)),
            siblings=tuple(each for each in others if each.metadata.uid != resource.metadata.uid),
            claimants=self._claimants(resource, backend_name),
            payer=self._resources.subscription(namespace, payer.name) if payer else None,
        )

    def _claimants(self, resource: TenantSubscription, backend: str) -> tuple[TenantSubscription, ...]:
        """Objects for other tenants that name one of the object's subscriptions; ids are an account's own."""
        named = {each for each in (resource.status.subscription_id, resource.spec.subscription_id) if each}
        key = (resource.spec.cluster_ref.name, resource.spec.tenant.id)
        found = {
            each.metadata.uid: each
            for subscription_id in named
            for each in self._resources.by_subscription_id(subscription_id)
            if (each.spec.cluster_ref.name, each.spec.tenant.id) != key and self._paying.of(each) == backend
        }
        return tuple(found.values())

    def sharing(self, world: World, customer: Customer | None) -> tuple[TenantSubscription, ...]:
        """The objects of other tenants that have the same customer, or will have."""
        if customer is None:
            return ()
        found = list(self._resources.subscriptions_of_customer(customer.id))
        if world.payer is not None:
            found += self._resources.subscriptions_paid_by(world.namespace.name, world.payer.metadata.name)
        spec = world.resource.spec
        others = {
            each.metadata.uid: each
            for each in found
            if (each.spec.cluster_ref, each.spec.tenant.id) != (spec.cluster_ref, spec.tenant.id)
        }
        return tuple(others.values())
