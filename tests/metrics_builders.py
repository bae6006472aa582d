"""Scrapes for tests: what a leader knows unless a test says otherwise, and the samples that come of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from subscription_builders import NOW, a_tenant_subscription
from tenant_billing.api.conditions import Condition, ConditionStatus
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.metrics.exposition import families
from tenant_billing.metrics.instruments import Instruments
from tenant_billing.metrics.snapshot import Leading, Objects, Snapshot
from tenant_billing.ports import AccountSeen, QueueSeen

Labels = frozenset[tuple[str, str]]


class Samples:
    """Samples by name and labels."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._values: dict[tuple[str, Labels], float] = {}
        for metric in metrics:
            for each in metric.samples:
                key = (each.name, frozenset(each.labels.items()))
                assert key not in self._values, f"{key} comes twice: Prometheus refuses the whole scrape"
                self._values[key] = each.value

    def of(self, name: str, /, **labels: str) -> float | None:
        """One sample; None where there is none. The name without its prefix."""
        return self._values.get((f"tenant_billing_{name}", frozenset(labels.items())))

    def all(self, name: str) -> list[tuple[Mapping[str, str], float]]:
        """All samples of one name without its prefix."""
        return [
            (dict(labels), value)
            for (each, labels), value in self._values.items()
            if each == f"tenant_billing_{name}"
        ]

    def names(self) -> set[str]:
        """Every name, with its prefix."""
        return {name for name, _ in self._values}


def a_condition(kind: str, reason: str, status: ConditionStatus = ConditionStatus.TRUE) -> Condition:
    """A condition that has stood since now."""
    return Condition(type=kind, status=status, reason=reason, message="", last_transition_time=NOW)


PAID: Final = a_condition("PaymentCurrent", "Paid")
UNPAID: Final = a_condition("PaymentCurrent", "Unpaid", ConditionStatus.FALSE)
OVERDUE: Final = a_condition("PaymentCurrent", "PastDue", ConditionStatus.FALSE)


def a_payer(name: str = "acme", *conditions: Condition, **status: Any) -> TenantSubscription:
    """A tenant that is approved and paid for unless told otherwise; fields of the status as Kubernetes spells them."""
    spec = status.pop("spec", {})
    metadata = status.pop("metadata", {})
    known = {"tenantState": "Approved", "planRef": {"name": "starter"}, "subscriptionID": f"sub_{name}"}
    told = {"conditions": conditions or (PAID,)}
    return a_tenant_subscription(
        name, tenant={"id": name}, metadata=metadata, status=known | told | status, **spec
    )


def a_snapshot(
    *subscriptions: TenantSubscription, accounts: tuple[AccountSeen, ...] = (), **objects: Any
) -> Snapshot:
    """What a leader knows."""
    seen = Objects(subscriptions=subscriptions, **objects)
    return Snapshot(
        version="1.2.3",
        now=NOW,
        watch_age=3.0,
        deliveries={("stored", ""): 4, ("dropped", "OwnEcho"): 2},
        reports={"stored": 1},
        leading=Leading(seen, accounts, QueueSeen(waiting=3, running=2, failing=1, oldest_wait=1.5)),
    )


def shown(snapshot: Snapshot, *, tenants_too: bool = False) -> Samples:
    """The samples of a scrape."""
    return Samples(families(snapshot, tenants_too=tenants_too))


def scraped(text: str) -> Samples:
    """The samples of a scrape that came by HTTP."""
    return Samples(text_string_to_metric_families(text))


def instruments() -> tuple[Instruments, CollectorRegistry]:
    """Counters at zero, and what they are collected from."""
    registry = CollectorRegistry()
    return Instruments(registry), registry
