"""The whole of an import: all resources in a fixed order, and the report."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from tenant_billing.api.names import API_VERSION, BILLING_BACKEND, THINGS_STACK_CLUSTER, Annotation
from tenant_billing.api.namespaces import NAME_LABEL
from tenant_billing.domain.forecast import Forecast
from tenant_billing.domain.importing.matches import match_all
from tenant_billing.domain.importing.plans import plans_of
from tenant_billing.domain.importing.remarks import Remark, Severity, note
from tenant_billing.domain.importing.sources import Source
from tenant_billing.domain.importing.subscriptions import subscriptions_of

Body = dict[str, Any]


@dataclass(frozen=True)
class Import:
    """What an import gives.

    Attributes:
        resources: BillingBackend, ThingsStackCluster, BillingPlans, TenantSubscriptions; each kind by name.
        remarks: The report, what needs most attention first.
    """

    resources: tuple[Body, ...]
    remarks: tuple[Remark, ...]


def imported(source: Source) -> Import:
    """The objects that stand for what was read, and what could not be mapped."""
    matches = match_all(source)
    plans, about_plans = plans_of(source, matches.found)
    subscriptions = subscriptions_of(source, matches.found, plans)
    resources = [
        _backend(source, subscriptions.trusted),
        _cluster(source),
        *(body for plan in plans for body in plan.bodies),
        *subscriptions.bodies,
    ]
    remarks = [*matches.remarks, *about_plans, *subscriptions.remarks, *_secrets(source)]
    return Import(tuple(resources), _ordered(remarks))


def without_writes(result: Import, forecast: Forecast) -> Import:
    """The same, with every object paused for which applying would write outside.

    Args:
        result: An import.
        forecast: What applying it would do.
    """
    calls: dict[str, list[str]] = {}
    for call in forecast.calls:
        why = f" ({call.why})" if call.why else ""
        calls.setdefault(call.subject, []).append(f"{call.operation}{why}")
    remarks = [
        Remark(
            Severity.PAUSED,
            subject,
            f"applying it would write outside: {', then '.join(operations)}",
            f"see it with tenant-billing plan; to let it happen, remove the annotation {Annotation.PAUSED}",
        )
        for subject, operations in calls.items()
    ]
    resources = tuple(_paused(body) if _subject(body) in calls else body for body in result.resources)
    return Import(resources, _ordered([*result.remarks, *remarks]))


def _subject(body: Body) -> str:
    metadata = body["metadata"]
    namespace = f"{metadata['namespace']}/" if "namespace" in metadata else ""
    return f"{body['kind']} {namespace}{metadata['name']}"


def _paused(body: Body) -> Body:
    metadata = body["metadata"]
    annotations = {**metadata.get("annotations", {}), Annotation.PAUSED: "true"}
    return {**body, "metadata": {**metadata, "annotations": annotations}}


def _ordered(remarks: Collection[Remark]) -> tuple[Remark, ...]:
    order = {severity: place for place, severity in enumerate(Severity)}
    return tuple(sorted(remarks, key=lambda each: (order[each.severity], each.subject, each.problem)))


def _backend(source: Source, trusted: Collection[str]) -> Body:
    names = source.names
    stripe: Body = {
        "mode": "Live" if source.account.livemode else "Test",
        "apiKeySecretRef": {"name": names.api_key_secret, "key": "api-key"},
        "accountID": source.account.id,
    }
    if source.api_url is not None:
        stripe["apiURL"] = source.api_url
    spec: Body = {"stripe": stripe, "owner": names.owner}
    if trusted:
        spec["trustedNamespaces"] = {"from": "Selector", "selector": _selector(trusted)}
    return _resource(BILLING_BACKEND.kind, names.backend, spec)


def _selector(namespaces: Collection[str]) -> Body:
    requirement = {"key": NAME_LABEL, "operator": "In", "values": sorted(namespaces)}
    return {"matchExpressions": [requirement]}


def _cluster(source: Source) -> Body:
    secret = {"name": source.names.admin_key_secret, "key": "tenant-admin-key"}
    spec: Body = {"url": source.url, "tenantAdminKeySecretRef": secret}
    if source.names.ca_bundle_secret is not None:
        spec["caBundleSecretRef"] = {"name": source.names.ca_bundle_secret, "key": "ca.crt"}
    return _resource(THINGS_STACK_CLUSTER.kind, source.names.cluster, spec)


def _resource(kind: str, name: str, spec: Body) -> Body:
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def _secrets(source: Source) -> list[Remark]:
    """The keys stand in no file: how to make the Secrets that the objects name."""
    names = source.names
    create = "kubectl create secret generic {} --namespace tenant-billing-system --from-file={}=FILE"
    return [
        note(
            f"BillingBackend {names.backend}",
            f"Stripe's key stands in no file that was written; the Secret {names.api_key_secret} must hold it",
            create.format(names.api_key_secret, "api-key"),
        ),
        note(
            f"BillingBackend {names.backend}",
            "the signing secret of the webhook cannot be read from Stripe",
            "make a Secret of it and name it in spec.stripe.webhookSecretRefs; the Tenant Billing Server's is "
            "tbs.stripe.endpoint-secret-key, and its endpoint's path is served here too",
        ),
        note(
            f"ThingsStackCluster {names.cluster}",
            f"the tenant admin key stands in no file; the Secret {names.admin_key_secret} must hold it",
            create.format(names.admin_key_secret, "tenant-admin-key"),
        ),
    ]
