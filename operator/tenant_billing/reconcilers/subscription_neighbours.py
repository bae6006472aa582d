"""What the watches know around a TenantSubscription: plan, backend and cluster, siblings, rivals, who pays for it."""

from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.world import World
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.offers import Offers
from tenant_billing.reconcilers.other_objects import OtherObjects, namespace_of
from tenant_billing.reconcilers.paying_backend import PayingBackends
from tenant_billing.reconcilers.reporting import Surroundings


class Neighbours:
    """Finds the resources around an object; nothing outside is asked.

    Attributes:
        others: The objects that have something in common with one.
    """

    def __init__(self, surroundings: Surroundings, accounts: Accounts, paying: PayingBackends) -> None:
        self._resources = surroundings.resources
        self._clock = surroundings.clock
        self._paying = paying
        self._offers = Offers(accounts)
        self.others = OtherObjects(surroundings.resources, paying)

    def world(self, resource: TenantSubscription) -> World:
        """What the watches know: the resources around the object."""
        spec, namespace = resource.spec, resource.metadata.namespace or ""
        plan = self._resources.plan(spec.plan_ref.name) if spec.plan_ref else None
        backend_name = self._paying.of(resource)
        payer = spec.customer.subscription_ref if spec.customer else None
        return World(
            resource=resource,
            now=self._clock.now(),
            namespace=namespace_of(self._resources, resource),
            backend=self._resources.backend(backend_name),
            cluster=self._resources.cluster(spec.cluster_ref.name),
            offer=self._offers.of(plan) if plan else None,
            offers=tuple(self._offers.of(each) for each in self._resources.plans_of(backend_name)),
            siblings=self.others.of_tenant(resource),
            claimants=self.others.of_subscription(resource, backend_name),
            payer=self._resources.subscription(namespace, payer.name) if payer else None,
        )
