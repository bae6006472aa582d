"""The store of watched objects: the newest version of each that was seen, with the lookups that the loop needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.resource import Resource
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.ports import ListedObject, ObjectKey
from tenant_billing.runtime import indexes
from tenant_billing.runtime.indexes import Index
from tenant_billing.runtime.observed import NAMESPACE_KIND, AnyResource, Observed, is_later, key_of, read

Kind = TypeVar("Kind", bound=Resource)
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Change:
    """An object came, changed or went.

    Attributes:
        before: What was held until now, None where it came.
        after: What is held now, None where it went.
        ours: Whether it was seen in the answer to a write of our own, not in a watch.
    """

    key: ObjectKey
    before: Observed | None
    after: Observed | None
    ours: bool = False


Listener = Callable[[Change], None]


class ResourceStore:
    """The ``Resources`` port; also tells a listener what changed, whoever noticed it.

    Bodies that are not of the shape of their kind are held as bodies, and found by :meth:`invalid` only: a valid
    version that was seen before is not used any more, because nobody asks for it any more.
    """

    def __init__(self) -> None:
        self._objects: dict[ObjectKey, Observed] = {}
        self._listener: Listener | None = None
        self._plans_by_backend: Index[BillingPlan] = Index(lambda plan: [plan.spec.backend_ref.name])
        self._by_plan = Index(indexes.plan_names)
        self._by_customer = Index(indexes.customer_ids)
        self._by_subscription = Index(indexes.subscription_ids)
        self._by_backend = Index(indexes.backend_names)
        self._by_payer = Index(indexes.payer_reference)
        self._by_cluster: Index[TenantSubscription] = Index(lambda item: [item.spec.cluster_ref.name])
        self._by_tenant: Index[TenantSubscription] = Index(
            lambda item: [(item.spec.cluster_ref.name, item.spec.tenant.id)]
        )
        self._by_namespace: Index[TenantSubscription] = Index(lambda item: [item.metadata.namespace])
        self._of_subscriptions = (
            self._by_plan,
            self._by_backend,
            self._by_customer,
            self._by_subscription,
            self._by_payer,
            self._by_cluster,
            self._by_tenant,
            self._by_namespace,
        )

    def listen(self, listener: Listener) -> None:
        """Be told of every change from now on; the one listener there is."""
        self._listener = listener

    # -- what arrives ------------------------------------------------------

    def observe(self, body: Mapping[str, Any]) -> None:
        """Take in what a write of our own was answered with, if it is newer than the version held."""
        self._take_in(body, ours=True)

    def arrive(self, body: Mapping[str, Any]) -> None:
        """Take in what a list or a watch brought, if it is newer than the version held."""
        self._take_in(body, ours=False)

    def forget(self, body: Mapping[str, Any]) -> None:
        """An object is gone; one that has taken its name meanwhile stays."""
        key = key_of(body)
        held = self._objects.get(key)
        if held is None or held.uid != str(body["metadata"].get("uid", "")):
            return
        del self._objects[key]
        for index in (self._plans_by_backend, *self._of_subscriptions):
            index.remove(key)
        self._tell(Change(key, held, None))

    # -- what is asked -----------------------------------------------------

    def held(self) -> Mapping[ObjectKey, Observed]:
        """Everything that is held now, namespaces and invalid objects too."""
        return dict(self._objects)

    def has(self, listed: ListedObject) -> bool:
        """Whether this very object is held, in the version listed or a later one."""
        held = self._objects.get(listed.key)
        return held is not None and held.uid == listed.uid and not is_later(listed.version, held.version)

    def body(self, key: ObjectKey) -> Mapping[str, Any] | None:
        """The object as Kubernetes wrote it."""
        held = self._objects.get(key)
        return held.body if held else None

    def invalid(self, key: ObjectKey) -> str | None:
        """Why an object cannot be read as its kind, None where it can, or is not there."""
        held = self._objects.get(key)
        return held.problem if held else None

    def resource(self, key: ObjectKey) -> AnyResource | None:
        """An object of any of our kinds, None where it is not there or cannot be read as its kind."""
        held = self._objects.get(key)
        return held.resource if held else None

    def everything(self) -> Sequence[ObjectKey]:
        """All objects of our kinds: accounts and clusters first, then plans, then subscriptions."""
        order = {each.kind: position for position, each in enumerate(names.KINDS)}
        return sorted(
            (key for key in self._objects if key.kind in order), key=lambda key: (order[key.kind], key)
        )

    def backend(self, name: str) -> BillingBackend | None:
        """A BillingBackend by name."""
        return self._get(BillingBackend, "", name)

    def cluster(self, name: str) -> ThingsStackCluster | None:
        """A ThingsStackCluster by name."""
        return self._get(ThingsStackCluster, "", name)

    def plan(self, name: str) -> BillingPlan | None:
        """A BillingPlan by name."""
        return self._get(BillingPlan, "", name)

    def subscription(self, namespace: str, name: str) -> TenantSubscription | None:
        """A TenantSubscription by namespace and name."""
        return self._get(TenantSubscription, namespace, name)

    def backends(self) -> Sequence[BillingBackend]:
        """All BillingBackends, by name."""
        return self._all(BillingBackend)

    def clusters(self) -> Sequence[ThingsStackCluster]:
        """All ThingsStackClusters, by name."""
        return self._all(ThingsStackCluster)

    def plans_of(self, backend: str) -> Sequence[BillingPlan]:
        """All plans of a backend, oldest first."""
        plans = [self.plan(key.name) for key in self._plans_by_backend.find(backend)]
        return sorted(
            (plan for plan in plans if plan is not None),
            key=lambda plan: (plan.metadata.creation_timestamp or _OLDEST, plan.metadata.name),
        )

    def subscriptions_of_plan(self, plan: str) -> Sequence[TenantSubscription]:
        """All objects whose ``spec.planRef`` or ``status.planRef`` names a plan."""
        return self._subscriptions(self._by_plan.find(plan))

    def subscriptions_of_cluster(self, cluster: str) -> Sequence[TenantSubscription]:
        """All objects of one cluster."""
        return self._subscriptions(self._by_cluster.find(cluster))

    def subscriptions_of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        """All objects that stand for one tenant (more than one is a conflict)."""
        return self._subscriptions(self._by_tenant.find((cluster, tenant_id)))

    def subscriptions_of_customer(self, customer_id: str) -> Sequence[TenantSubscription]:
        """All objects whose status or spec names a customer."""
        return self._subscriptions(self._by_customer.find(customer_id))

    def subscriptions_of_namespace(self, namespace: str) -> Sequence[TenantSubscription]:
        """All objects of one namespace."""
        return self._subscriptions(self._by_namespace.find(namespace))

    def subscriptions_of_backend(self, backend: str) -> Sequence[TenantSubscription]:
        """All observed objects, which name their backend themselves; the others do so through their plan."""
        return self._subscriptions(self._by_backend.find(backend))

    def subscriptions_paid_by(self, namespace: str, name: str) -> Sequence[TenantSubscription]:
        """All objects whose ``customer.subscriptionRef`` names a sibling."""
        return self._subscriptions(self._by_payer.find((namespace, name)))

    def by_subscription_id(self, subscription_id: str) -> Sequence[TenantSubscription]:
        """All objects whose status or spec names a subscription of the provider."""
        return self._subscriptions(self._by_subscription.find(subscription_id))

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace, None where it is not known."""
        held = self._objects.get(ObjectKey(NAMESPACE_KIND, "", namespace))
        return None if held is None else held.metadata.get("labels") or {}

    # -- inside ------------------------------------------------------------

    def _take_in(self, body: Mapping[str, Any], *, ours: bool) -> None:
        after = read(body)
        before = self._objects.get(after.key)
        if before is not None and not after.is_newer_than(before):
            return
        if after.is_finished:
            self.forget(body)
            return
        self._objects[after.key] = after
        self._index(after)
        self._tell(Change(after.key, before, after, ours))

    def _get(self, model: type[Kind], namespace: str, name: str) -> Kind | None:
        held = self._objects.get(ObjectKey(model.resource_kind.kind, namespace, name))
        return held.resource if held and isinstance(held.resource, model) else None

    def _all(self, model: type[Kind]) -> list[Kind]:
        found = sorted(key for key in self._objects if key.kind == model.resource_kind.kind)
        items = (self._get(model, key.namespace, key.name) for key in found)
        return [item for item in items if item is not None]

    def _subscriptions(self, keys: Sequence[ObjectKey]) -> list[TenantSubscription]:
        items = (self.subscription(key.namespace, key.name) for key in keys)
        return [item for item in items if item is not None]

    def _index(self, observed: Observed) -> None:
        match observed.resource:
            case BillingPlan() as plan:
                self._plans_by_backend.put(observed.key, plan)
            case TenantSubscription() as subscription:
                for index in self._of_subscriptions:
                    index.put(observed.key, subscription)
            case None:
                for each in (self._plans_by_backend, *self._of_subscriptions):
                    each.remove(observed.key)
            case _:
                pass

    def _tell(self, change: Change) -> None:
        if self._listener is not None:
            self._listener(change)
