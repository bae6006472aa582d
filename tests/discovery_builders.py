"""Plans that discover, the subscriptions that they look at, and what follows from a look."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from subscription_builders import a_plan, a_subscription
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.discovery import Discovered, Survey
from tenant_billing.domain.observations import Subscription

DISCOVERY = {"namespace": "tenants", "clusterRef": {"name": "eu1"}}


def discovering(name: str = "starter", **spec: Any) -> BillingPlan:
    """A plan whose price ``price_<name>`` stands, and which makes objects in namespace ``tenants``."""
    plan = a_plan(name, **({"discovery": DISCOVERY} | spec))
    status = plan.status.model_copy(update={"price_id": f"price_{name}"})
    return plan.model_copy(update={"status": status})


def born(identity: str = "sub_1", tenant_id: str | None = "acme", **changes: Any) -> Subscription:
    """A paid subscription of ``cus_1`` to plan starter that names a tenant, as Checkout makes it."""
    metadata = {} if tenant_id is None else {"tenant-id": tenant_id}
    return replace(a_subscription(), **({"id": identity, "metadata": metadata} | changes))


@dataclass(frozen=True)
class Standing:
    """What stands in Kubernetes."""

    objects: Sequence[TenantSubscription] = ()
    names: Sequence[str] = ()
    trusted: bool = True

    def naming(self, subscription_id: str) -> Sequence[TenantSubscription]:
        return [
            each
            for each in self.objects
            if subscription_id in (each.spec.subscription_id, each.status.subscription_id)
        ]

    def of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        return [
            each
            for each in self.objects
            if (each.spec.cluster_ref.name, each.spec.tenant.id) == (cluster, tenant_id)
        ]

    def is_trusted(self, resource: TenantSubscription) -> bool:
        return self.trusted

    def exists(self, namespace: str, name: str) -> bool:
        return name in self.names or any(
            (each.metadata.namespace, each.metadata.name) == (namespace, name) for each in self.objects
        )


def survey(*subscriptions: Subscription, **changes: Any) -> Survey:
    """A look at plan starter; no tenant and no object stands."""
    plan = changes.pop("plan", None) or discovering()
    known: dict[str, Any] = {
        "plan": plan,
        "plans": (plan,),
        "owner": "default",
        "subscriptions": subscriptions,
        "objects": Standing(),
        "tenants": {},
    }
    return Survey(**(known | changes))


def made(found: Discovered) -> list[tuple[str, str]]:
    """Tenant and subscription of each object to be made."""
    return [(each.tenant_id, each.subscription.id) for each in found.objects]


def waiting(found: Discovered) -> list[tuple[str, str]]:
    """Id and reason of each subscription that waits."""
    return [(each.subscription.id, each.news.reason) for each in found.waiting]


def message(found: Discovered) -> str:
    (only,) = found.waiting
    return only.news.message
