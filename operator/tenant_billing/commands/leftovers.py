"""What stays outside of the cluster once the operator lets go of an object, as lines for the person who reads them.

The objects are read as they lie in the API server: one that this version cannot read has to be let go of all the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_billing.api import names
from tenant_billing.api.tenant_subscription import DeletionPolicy, ManagementPolicy, TenantState
from tenant_billing.domain.access import ENDED

ABSENT: Final = frozenset({"", TenantState.ABSENT, TenantState.UNKNOWN})
"""States of a tenant that is not known to be there."""

_METADATA: Final = ("name", "namespace", "deletionTimestamp")
_SPEC: Final = ("managementPolicy", "deletionPolicy", "clusterRef", "tenant")
_STATUS: Final = (
    *("subscriptionID", "subscriptionStatus", "tenantState"),
    *("webhookEndpoint", "productID", "meterID"),
)

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Leftovers:
    """Lines about what goes on without the operator, each naming the object that it belonged to.

    Attributes:
        subscriptions: Subscriptions of Stripe that go on billing.
        unfinished: Subscriptions whose object was being deleted before the operator could end them.
        tenants: Tenants that stay in The Things Stack as they are.
        endpoints: Webhook endpoints that Stripe goes on delivering to.
        catalogue: Products and meters in Stripe.
    """

    subscriptions: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    catalogue: tuple[str, ...] = ()


def left_outside(bodies: Iterable[Body]) -> Leftovers:
    """Tell what stays outside, from the statuses of our objects.

    Args:
        bodies: Objects of our kinds as Kubernetes spells them, in the order in which they are to be told.
    """
    by_kind: dict[str, list[Body]] = {each.kind: [] for each in names.KINDS}
    for body in bodies:
        by_kind[body["kind"]].append(body)
    tenants = by_kind[names.TENANT_SUBSCRIPTION.kind]
    billed = [body for body in tenants if _goes_on_billing(body)]
    return Leftovers(
        subscriptions=tuple(map(_subscription, billed)),
        unfinished=tuple(_subscription(body) for body in billed if _would_have_been_ended(body)),
        tenants=tuple(_tenant(body) for body in tenants if _status(body, "tenantState") not in ABSENT),
        endpoints=tuple(
            f"{endpoint}: {described(body)}"
            for body in by_kind[names.BILLING_BACKEND.kind]
            if (endpoint := ((body.get("status") or {}).get("webhookEndpoint") or {}).get("id"))
        ),
        catalogue=tuple(
            f"{thing}: {described(body)}"
            for body in by_kind[names.BILLING_PLAN.kind]
            for thing in (_status(body, "productID"), _status(body, "meterID"))
            if thing
        ),
    )


def essentials(body: Body) -> Body:
    """The part of an object that `left_outside` reads: of thousands no more is to be held at a time."""
    spec, status = body.get("spec") or {}, body.get("status") or {}
    return {
        "kind": body["kind"],
        "metadata": {key: body["metadata"][key] for key in _METADATA if key in body["metadata"]},
        "spec": {key: spec[key] for key in _SPEC if key in spec},
        "status": {key: status[key] for key in _STATUS if key in status},
    }


def described(body: Body) -> str:
    """Name an object as kubectl's users do: ``TenantSubscription tenants/acme``."""
    metadata = body["metadata"]
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{body['kind']} {place}{metadata['name']}"


def _status(body: Body, field: str) -> str:
    return str((body.get("status") or {}).get(field) or "")


def _goes_on_billing(body: Body) -> bool:
    return bool(_status(body, "subscriptionID")) and _status(body, "subscriptionStatus") not in ENDED


def _would_have_been_ended(body: Body) -> bool:
    """Whether its deletion was asked for, by somebody whose object does not say that the subscription is to stay."""
    spec = body.get("spec") or {}
    is_managed = spec.get("managementPolicy", ManagementPolicy.MANAGE) == ManagementPolicy.MANAGE
    stays = spec.get("deletionPolicy") == DeletionPolicy.ORPHAN
    return "deletionTimestamp" in body["metadata"] and is_managed and not stays


def _subscription(body: Body) -> str:
    status = _status(body, "subscriptionStatus") or "status unknown"
    return f"{_status(body, 'subscriptionID')} ({status}): {described(body)}"


def _tenant(body: Body) -> str:
    spec = body.get("spec") or {}
    tenant = (spec.get("tenant") or {}).get("id", "")
    cluster = (spec.get("clusterRef") or {}).get("name", "")
    return f"{tenant} on {cluster} ({_status(body, 'tenantState')}): {described(body)}"
