"""Every metric that the operator can show, as a scrape of a leader that has seen everything."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from metrics_builders import OVERDUE, a_condition, a_payer, a_snapshot, instruments
from subscription_builders import NOW, a_backend, a_cluster, a_plan, an_invoice
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.conditions import ConditionStatus
from tenant_billing.metrics.exposition import families
from tenant_billing.metrics.snapshot import Snapshot
from tenant_billing.ports import AccountSeen, System

OF_THE_TARGET: Final = frozenset({"namespace", "pod", "instance", "job"})
"""Labels that Prometheus itself puts on every series."""


@dataclass(frozen=True)
class Exposed:
    """One metric as documentation names it.

    Attributes:
        kind: ``counter``, ``gauge`` or ``histogram``.
        labels: Names.
        series: Names of the series that queries can ask for.
    """

    kind: str
    labels: frozenset[str]
    series: frozenset[str]


@cache
def exposed() -> Mapping[str, Exposed]:
    """All metrics by the name that documentation gives them: counters with ``_total``, histograms without more."""
    counters, registry = instruments()
    counters.passed("BillingPlan", "failed", 0.1, retry=True)
    counters.corrected("UpdateTenant")
    meter = counters.calls(System.STRIPE, "main")
    meter.queued()
    meter.admitted(0.1)
    meter.answered("ListEvents", "Ok", 0.1, is_read=True)
    found: dict[str, Exposed] = {}
    for metric in (*registry.collect(), *families(_everything(), tenants_too=True)):
        assert metric.samples, f"{metric.name} has no sample, so its labels are not known"
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        labels = frozenset(label for each in metric.samples for label in each.labels) - {"le"}
        found[name] = Exposed(metric.type, labels, frozenset(each.name for each in metric.samples))
    return found


def series() -> Mapping[str, frozenset[str]]:
    """The labels of every series that a query can ask for, by its name."""
    return {
        name: each.labels | ({"le"} if name.endswith("_bucket") else set())
        for each in exposed().values()
        for name in each.series
    }


def _everything() -> Snapshot:
    """A leader that has something to say under every name."""
    stale = a_condition("UsageReported", "Stale", ConditionStatus.FALSE)
    use = {"endDevices": {"total": 400, "limit": 500}}
    late = a_payer("acme", OVERDUE, stale, entities=use, pastDueSinceTime=NOW, subscriptionStatus="past_due")
    owed = replace(an_invoice(), amount_remaining=4900, currency="EUR")
    account = AccountSeen("main", NOW, 3.0, NOW, open_invoices={"sub_acme": (owed,)})
    endpoint = {"id": "we_1", "apiVersion": "2026-10-28.endive", "status": "enabled"}
    ready = a_condition("Ready", "Available").model_dump(by_alias=True)
    backend = a_backend().model_dump(by_alias=True)
    backend["status"] = {"webhookEndpoint": endpoint, "conditions": [ready]}
    return a_snapshot(
        late,
        accounts=(account,),
        backends=(BillingBackend.model_validate(backend),),
        clusters=(a_cluster(),),
        plans=(a_plan(),),
        unreadable={"BillingPlan": 1},
    )
