"""The object that is made for a subscription born at the provider. Its spec is the operator's own (api.md, rule 3)."""

from dataclasses import dataclass
from typing import Any

from tenant_billing.api.names import API_VERSION, FINALIZER, TENANT_SUBSCRIPTION, UNPRUNED
from tenant_billing.api.tenant_subscription import ManagementPolicy
from tenant_billing.domain.observations import Subscription


@dataclass(frozen=True)
class NewObject:
    """An object to be made: it observes the subscription for the tenant, and says nothing else."""

    namespace: str
    tenant_id: str
    cluster: str
    backend: str
    subscription: Subscription

    def manifest(self) -> dict[str, Any]:
        """The object as it is created: no owner reference, no labels, and nothing that prunes may take it."""
        return {
            "apiVersion": API_VERSION,
            "kind": TENANT_SUBSCRIPTION.kind,
            "metadata": {
                "name": self.tenant_id,
                "namespace": self.namespace,
                "annotations": dict(UNPRUNED),
                "finalizers": [FINALIZER],
            },
            "spec": {
                "managementPolicy": ManagementPolicy.OBSERVE.value,
                "backendRef": {"name": self.backend},
                "subscriptionID": self.subscription.id,
                "clusterRef": {"name": self.cluster},
                "tenant": {"id": self.tenant_id},
            },
        }
