"""The watched objects, as the loop asks for them."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.ports.work import ObjectKey


class Resources(Protocol):
    """The watched objects, as last seen; complete before the first pass begins."""

    def backend(self, name: str) -> BillingBackend | None:
        """A BillingBackend by name."""
        ...

    def cluster(self, name: str) -> ThingsStackCluster | None:
        """A ThingsStackCluster by name."""
        ...

    def plan(self, name: str) -> BillingPlan | None:
        """A BillingPlan by name."""
        ...

    def subscription(self, namespace: str, name: str) -> TenantSubscription | None:
        """A TenantSubscription by namespace and name."""
        ...

    def backends(self) -> Sequence[BillingBackend]:
        """All BillingBackends."""
        ...

    def clusters(self) -> Sequence[ThingsStackCluster]:
        """All ThingsStackClusters."""
        ...

    def plans_of(self, backend: str) -> Sequence[BillingPlan]:
        """All plans of a backend, oldest first."""
        ...

    def subscriptions_of_plan(self, plan: str) -> Sequence[TenantSubscription]:
        """All objects whose ``spec.planRef`` or ``status.planRef`` names a plan."""
        ...

    def subscriptions_of_backend(self, backend: str) -> Sequence[TenantSubscription]:
        """All observed objects of a backend, which name it themselves; the others do so through their plan."""
        ...

    def subscriptions_of_cluster(self, cluster: str) -> Sequence[TenantSubscription]:
        """All objects of one cluster."""
        ...

    def subscriptions_of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        """All objects that stand for one tenant (more than one is a conflict)."""
        ...

    def subscriptions_of_customer(self, customer_id: str) -> Sequence[TenantSubscription]:
        """All objects whose status or spec names a customer."""
        ...

    def subscriptions_paid_by(self, namespace: str, name: str) -> Sequence[TenantSubscription]:
        """All objects whose ``customer.subscriptionRef`` names a sibling."""
        ...

    def by_subscription_id(self, subscription_id: str) -> Sequence[TenantSubscription]:
        """All objects whose status or spec names a subscription of the provider."""
        ...

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace, None where it is not known."""
        ...

    def body(self, key: ObjectKey) -> Mapping[str, Any] | None:
        """The object as Kubernetes wrote it."""
        ...

    def observe(self, body: Mapping[str, Any]) -> None:
        """Take in a version of an object, if it is newer than the one held."""
        ...

    def forget(self, body: Mapping[str, Any]) -> None:
        """An object is gone, whoever noticed it; one that has taken its name meanwhile stays."""
        ...
