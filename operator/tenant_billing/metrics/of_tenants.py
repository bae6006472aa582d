"""What is said of single tenants: three series each at most, and none where that is switched off."""

from collections.abc import Iterator, Sequence
from math import inf

from prometheus_client.core import Metric

from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.metrics.families import gauge
from tenant_billing.metrics.of_objects import CLUSTER, payment_of, plan_of, state_of

_NAME = ("object_namespace", "object_name")
"""Not ``namespace``: Prometheus puts the operator's own there."""


def of_tenants(subscriptions: Sequence[TenantSubscription]) -> Iterator[Metric]:
    """State and payment, since when a payment is overdue, and how full the tenant is."""
    yield gauge(
        "tenant_info",
        "Each TenantSubscription with the state of its tenant and of its payments; always 1.",
        [*_NAME, CLUSTER, "tenant", "plan", "state", "payment"],
        [
            (
                (
                    *_name(each),
                    each.spec.cluster_ref.name,
                    each.spec.tenant.id,
                    plan_of(each),
                    state_of(each),
                    payment_of(each),
                ),
                1,
            )
            for each in subscriptions
        ],
    )
    yield gauge(
        "tenant_past_due_timestamp_seconds",
        "Since when a payment is overdue, in the account's time.",
        _NAME,
        [
            (_name(each), since.timestamp())
            for each in subscriptions
            if (since := each.status.past_due_since_time) is not None
        ],
    )
    yield gauge(
        "tenant_end_devices_ratio",
        "End devices of a tenant as a share of its limit.",
        _NAME,
        [(_name(each), share) for each in subscriptions if (share := _share_of_devices(each)) is not None],
    )


def _name(resource: TenantSubscription) -> tuple[str, str]:
    return resource.metadata.namespace or "", resource.metadata.name


def _share_of_devices(resource: TenantSubscription) -> float | None:
    """None where a tenant may have any number, or where the total is not known."""
    use = resource.status.entities.end_devices if resource.status.entities is not None else None
    if use is None or use.limit is None:
        return None
    if use.limit == 0:
        return inf if use.total else 0.0
    return use.total / use.limit
