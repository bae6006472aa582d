"""Objects of our kinds as the API server spells them: valid by default, a test names only what matters to it."""

import uuid
from typing import Any

from tenant_billing.api.names import API_VERSION
from tenant_billing.ports import ListedObject, Listing, ObjectKey

NOW = "2026-11-20T10:00:00Z"


def a_body(
    kind: str, name: str, spec: dict[str, Any], namespace: str | None = None, **metadata: Any
) -> dict[str, Any]:
    """Any object, version 1 of generation 1 unless told otherwise; its uid follows from its name."""
    known = {
        "name": name,
        "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}")),
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": NOW,
    }
    if namespace:
        known["namespace"] = namespace
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": known | metadata, "spec": spec}


def a_backend(name: str = "main", *, status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    spec = {
        "stripe": {
            "mode": "Test",
            "apiKeySecretRef": {"name": "stripe"},
            "webhookSecretRefs": [{"name": f"{name}-webhook"}],
        }
    }
    return a_body("BillingBackend", name, spec, **metadata) | {"status": status or {}}


def a_cluster(name: str = "eu1", *, status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    spec = {"url": "https://lns.example.com", "tenantAdminKeySecretRef": {"name": "tts", "key": "key"}}
    return a_body("ThingsStackCluster", name, spec, **metadata) | {"status": status or {}}


def a_plan(
    name: str = "starter", *, backend: str = "main", status: dict[str, Any] | None = None, **metadata: Any
) -> dict[str, Any]:
    spec = {
        "backendRef": {"name": backend},
        "displayName": name,
        "price": {"recurring": {"currency": "EUR", "unitAmount": 4900, "interval": "Month"}},
        "allowedNamespaces": {"from": "All"},
    }
    return a_body("BillingPlan", name, spec, **metadata) | {"status": status or {}}


def a_subscription(
    name: str = "acme",
    *,
    namespace: str = "tenants",
    plan: str = "starter",
    cluster: str = "eu1",
    tenant: str | None = None,
    payer: str | None = None,
    status: dict[str, Any] | None = None,
    **metadata: Any,
) -> dict[str, Any]:
    customer = {"subscriptionRef": {"name": payer}} if payer else {"details": {"email": "a@acme.example"}}
    spec = {
        "planRef": {"name": plan},
        "clusterRef": {"name": cluster},
        "tenant": {"id": tenant or name},
        "customer": customer,
    }
    return a_body("TenantSubscription", name, spec, namespace, **metadata) | {"status": status or {}}


def an_observed_subscription(name: str = "acme", **changes: Any) -> dict[str, Any]:
    """One that follows a subscription which was born in Stripe."""
    body = a_subscription(name, **changes)
    spec = {key: body["spec"][key] for key in ("clusterRef", "tenant")}
    observed = {"managementPolicy": "Observe", "backendRef": {"name": "main"}, "subscriptionID": "sub_A"}
    return body | {"spec": spec | observed}


def a_namespace(name: str = "tenants", **metadata: Any) -> dict[str, Any]:
    return a_body("Namespace", name, {}, **metadata) | {"apiVersion": "v1"}


def newer(body: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    """The next version of an object, with some of its metadata changed."""
    version = str(int(body["metadata"]["resourceVersion"]) + 1)
    return body | {"metadata": body["metadata"] | {"resourceVersion": version} | metadata}


def key(body: dict[str, Any]) -> ObjectKey:
    metadata = body["metadata"]
    return ObjectKey(body["kind"], metadata.get("namespace", ""), metadata["name"])


def listed(*bodies: dict[str, Any], kinds: tuple[str, ...] = ()) -> Listing:
    """What the API server lists where these objects exist; of some kinds there may be none."""
    found: dict[str, list[ListedObject]] = {kind: [] for kind in kinds}
    for body in bodies:
        metadata = body["metadata"]
        one = ListedObject(key(body), metadata["uid"], metadata["resourceVersion"])
        found.setdefault(body["kind"], []).append(one)
    return found
