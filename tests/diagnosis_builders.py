"""Evidence for ``doctor``: objects as they are applied, and how findings are read."""

from collections.abc import Iterable
from typing import Any

from manifests import a
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.diagnosis.results import Finding, Status

GENERATION = {"metadata.generation": 1, "metadata.uid": "u"}
OBSERVED = {"observedGeneration": 1}


def a_backend(changes: dict[str, Any] | None = None) -> BillingBackend:
    """The sample, with a status of which nothing is known unless told."""
    return BillingBackend.from_kubernetes(a("BillingBackend", GENERATION | (changes or {})))


def a_cluster(changes: dict[str, Any] | None = None) -> ThingsStackCluster:
    """The sample, likewise."""
    return ThingsStackCluster.from_kubernetes(a("ThingsStackCluster", GENERATION | (changes or {})))


def a_plan(changes: dict[str, Any] | None = None) -> BillingPlan:
    """The sample, likewise."""
    return BillingPlan.from_kubernetes(a("BillingPlan", GENERATION | (changes or {})))


def a_subscription(name: str = "acme", changes: dict[str, Any] | None = None) -> TenantSubscription:
    """The sample under another name, likewise."""
    named = {"metadata.name": name, "metadata.namespace": "tenants"}
    return TenantSubscription.from_kubernetes(a("TenantSubscription", GENERATION | named | (changes or {})))


def status(*conditions: dict[str, str], **fields: Any) -> dict[str, Any]:
    """A status that speaks of the present spec."""
    return {"status": OBSERVED | {"conditions": list(conditions)} | fields}


def condition(type_: str, is_true: bool | None, reason: str, message: str = "") -> dict[str, str]:
    """One condition; None: unknown."""
    spelled = {True: "True", False: "False", None: "Unknown"}[is_true]
    moment = "2026-11-20T10:00:00Z"
    return {
        "type": type_,
        "status": spelled,
        "reason": reason,
        "message": message,
        "lastTransitionTime": moment,
    }


def statuses(findings: Iterable[Finding]) -> list[tuple[str, Status]]:
    """Check and status of each finding."""
    return [(each.check, each.status) for each in findings]


def only(findings: Iterable[Finding] | Finding) -> Finding:
    """The one finding; every error and warning has to say what to do."""
    found = [findings] if isinstance(findings, Finding) else list(findings)
    for each in found:
        assert each.remedy or each.status not in (Status.ERROR, Status.WARNING), each
    (one,) = found
    return one
