"""The watched objects by kind, as they are held at a moment."""

from collections import Counter
from collections.abc import Iterable

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.metrics.snapshot import Objects
from tenant_billing.runtime.observed import Observed


def inventory(held: Iterable[Observed]) -> Objects:
    """Sort what is held; namespaces are left out."""
    backends: list[BillingBackend] = []
    clusters: list[ThingsStackCluster] = []
    plans: list[BillingPlan] = []
    subscriptions: list[TenantSubscription] = []
    unreadable: Counter[str] = Counter()
    for each in held:
        match each.resource:
            case TenantSubscription() as subscription:
                subscriptions.append(subscription)
            case BillingPlan() as plan:
                plans.append(plan)
            case ThingsStackCluster() as cluster:
                clusters.append(cluster)
            case BillingBackend() as backend:
                backends.append(backend)
            case None if each.problem is not None:
                unreadable[each.key.kind] += 1
            case _:
                pass
    return Objects(tuple(backends), tuple(clusters), tuple(plans), tuple(subscriptions), unreadable)
