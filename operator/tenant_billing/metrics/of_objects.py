"""What the watched objects say: counts by kind, cluster and plan, so that their number grows no series."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from prometheus_client.core import Metric

from tenant_billing.api.conditions import ConditionType, find_condition
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain import brake
from tenant_billing.domain.access_gaps import AccessGap, access_gap
from tenant_billing.domain.unsent_usage import unsent_since
from tenant_billing.metrics.families import Series, counted, gauge
from tenant_billing.metrics.snapshot import AnyResource, Objects
from tenant_billing.ports import System

CLUSTER: Final = "things_stack_cluster"
"""A label ``cluster`` would take the place of the one by which many people tell Kubernetes clusters apart."""
NONE: Final = "None"
"""Value of a label where there is nothing to name."""


def of_objects(objects: Objects, times: Mapping[str, datetime], now: datetime) -> Iterator[Metric]:
    """All but what is said of single tenants.

    Args:
        objects: What is watched.
        times: The present time of each account that is known, by BillingBackend.
        now: The local time, where an account's is not known.
    """
    yield from _conditions(objects)
    yield from _tenants(objects)
    yield from _plans(objects)
    yield from _brakes(objects)
    yield from _budgets(objects)
    yield _endpoints(objects)
    yield _unsent_usage(objects, times, now)


def payment_of(resource: TenantSubscription) -> str:
    """Reason of ``PaymentCurrent``."""
    payment = find_condition(resource.status.conditions, ConditionType.PAYMENT_CURRENT)
    return payment.reason if payment is not None else NONE


def state_of(resource: TenantSubscription) -> str:
    """The tenant's state as last read."""
    return resource.status.tenant_state or NONE


def plan_of(resource: TenantSubscription) -> str:
    """The plan in force, else the one asked for."""
    reference = resource.status.plan_ref or resource.spec.plan_ref
    return reference.name if reference is not None else NONE


def _conditions(objects: Objects) -> Iterator[Metric]:
    few: tuple[AnyResource, ...] = (*objects.backends, *objects.clusters, *objects.plans)
    numbers: Counter[tuple[str, ...]] = Counter()
    for each in (*few, *objects.subscriptions):
        kind = each.resource_kind.kind
        for condition in each.status.conditions:
            numbers[kind, condition.type, condition.status, condition.reason] += 1
    yield gauge(
        "conditions",
        "Objects with a condition of that type, status and reason.",
        ["kind", "type", "status", "reason"],
        counted(numbers),
    )
    yield gauge(
        "condition_info",
        "Each condition of each cluster-scoped object; always 1.",
        ["kind", "name", "type", "status", "reason"],
        [
            ((each.resource_kind.kind, each.metadata.name, told.type, told.status, told.reason), 1)
            for each in few
            for told in each.status.conditions
        ],
    )
    yield gauge(
        "unreadable_objects",
        "Objects that are not of the shape of their kind, so that nothing is done for them.",
        ["kind"],
        [([kind], number) for kind, number in sorted(objects.unreadable.items())],
    )


def _tenants(objects: Objects) -> Iterator[Metric]:
    states: Counter[tuple[str, ...]] = Counter()
    payments: Counter[tuple[str, ...]] = Counter()
    gaps: Counter[tuple[str, ...]] = Counter(
        {(cluster.metadata.name, gap): 0 for cluster in objects.clusters for gap in AccessGap}
    )
    for each in objects.subscriptions:
        cluster, gap = each.spec.cluster_ref.name, access_gap(each)
        states[cluster, state_of(each)] += 1
        payments[plan_of(each), payment_of(each)] += 1
        if gap is not None:
            gaps[cluster, gap] += 1
    yield gauge("tenants", "TenantSubscriptions by state of the tenant.", [CLUSTER, "state"], counted(states))
    yield gauge(
        "subscriptions",
        "TenantSubscriptions by plan and state of the payments.",
        ["plan", "payment"],
        counted(payments),
    )
    yield gauge(
        "access_gaps",
        "Tenants whose access is not what their payments ask for.",
        [CLUSTER, "gap"],
        counted(gaps),
    )


def _plans(objects: Objects) -> Iterator[Metric]:
    yield gauge(
        "plan_waiting_subscriptions",
        "Subscriptions born in Stripe of which no tenant can be made yet.",
        ["plan"],
        [
            ([each.metadata.name], each.status.waiting.count if each.status.waiting is not None else 0)
            for each in objects.plans
        ],
    )


def _brakes(objects: Objects) -> Iterator[Metric]:
    managed = Counter(each.spec.cluster_ref.name for each in objects.subscriptions)
    rows = [
        (each.metadata.name, each.status.brake, each.spec.brake.max_disruptions_per_hour)
        for each in objects.clusters
    ]

    def of(name: str, text: str, series: Series) -> Metric:
        return gauge(f"brake_{name}", text, [CLUSTER], series)

    yield of(
        "engaged",
        "1 while taking access away waits for approval.",
        [([name], 1 if state is not None and state.engaged else 0) for name, state, _ in rows],
    )
    yield of(
        "held_tenants",
        "Tenants that keep their access until somebody approves.",
        [([name], state.held if state is not None else 0) for name, state, _ in rows],
    )
    yield of(
        "disruptions",
        "Tenants whose access was taken away in the window that runs, or ran last.",
        [([name], state.count if state is not None else 0) for name, state, _ in rows],
    )
    yield of(
        "limit",
        "Tenants whose access may be taken away in an hour.",
        [([name], brake.limit_of(setting, managed[name])) for name, _, setting in rows],
    )


def _budgets(objects: Objects) -> Iterator[Metric]:
    yield gauge(
        "budget_limit",
        "Requests per second that an account gets.",
        ["system", "account"],
        [
            *(
                ((System.STRIPE, each.metadata.name), each.spec.account.request_budget)
                for each in objects.backends
            ),
            *(
                ((System.THE_THINGS_STACK, each.metadata.name), each.spec.requests_per_second)
                for each in objects.clusters
            ),
        ],
    )


def _endpoints(objects: Objects) -> Metric:
    return gauge(
        "webhook_endpoint_info",
        "Each registered webhook endpoint as Stripe last showed it; always 1.",
        ["backend", "status", "api_version"],
        [
            ((each.metadata.name, endpoint.status or NONE, endpoint.api_version or NONE), 1)
            for each in objects.backends
            if (endpoint := each.status.webhook_endpoint) is not None
        ],
    )


def _unsent_usage(objects: Objects, times: Mapping[str, datetime], now: datetime) -> Metric:
    oldest: dict[str, float] = {each.metadata.name: 0.0 for each in objects.clusters}
    for cluster, age in _ages(objects, times, now):
        oldest[cluster] = max(oldest.get(cluster, 0.0), age)
    return gauge(
        "usage_unsent_age_seconds",
        "Time for which usage has been stuck, of the tenant for which it has been longest; 0 where none is.",
        [CLUSTER],
        [([cluster], age) for cluster, age in sorted(oldest.items())],
    )


def _ages(objects: Objects, times: Mapping[str, datetime], now: datetime) -> Iterable[tuple[str, float]]:
    backends = {each.metadata.name: each.spec.backend_ref.name for each in objects.plans}
    for each in objects.subscriptions:
        since = unsent_since(each)
        if since is not None:
            present = times.get(backends.get(plan_of(each), ""), now)
            yield each.spec.cluster_ref.name, (present - since).total_seconds()
