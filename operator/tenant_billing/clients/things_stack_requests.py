"""From what the operator asks for to The Things Stack's JSON and field masks (things-stack.md 2, 3 and 5).

An update's body and mask are built from one structure, so that no path of the mask can be absent from the body by
mistake and clear its field (T-06).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from tenant_billing.clients.things_stack_objects import ALL, ONLY_ACTIVATED, STATE_NAMES
from tenant_billing.domain import requests
from tenant_billing.domain.errors import Refused
from tenant_billing.domain.observations import LIMIT_NAMES, BillingReference, Limits

Json = dict[str, Any]

TENANT_MASK: Final = (
    "name",
    "description",
    "state",
    "state_description",
    "attributes",
    *(f"max_{name}" for name in LIMIT_NAMES),
    "billing",
)
"""All that a tenant of the domain holds; never ``configuration``, which is large (T-27)."""

TENANT_ID: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,}")
TENANT_ID_LENGTH: Final = 36
PROVIDER: Final = "provider"
"""Name of a oneof: it stands in mask paths and not in JSON (T-09)."""


def from_tenant_id(tenant_id: str) -> str:
    """An id for a path or a body.

    Raises:
        Refused: It cannot be the id of a tenant.
    """
    if len(tenant_id) > TENANT_ID_LENGTH or TENANT_ID.fullmatch(tenant_id) is None:
        raise Refused(f"not a tenant id: {tenant_id[:80]!r}", field="ids.tenant_id")
    return tenant_id


def from_new_tenant(request: requests.NewTenant) -> Json:
    """The body that creates a tenant and its administrator. Without ``state`` nobody could use it (T-05)."""
    tenant: Json = {
        "ids": {"tenant_id": from_tenant_id(request.id)},
        "name": request.name,
        "description": request.description,
        "state": STATE_NAMES[request.state],
        "attributes": dict(request.attributes),
        **{name: limit for name, limit in _from_limits(request.limits).items() if limit is not None},
    }
    contacts = _from_contacts(request)
    if contacts:
        tenant["contact_info"] = contacts
    if request.billing is not None or request.counts_only_activated:
        tenant["billing"] = {
            "counting": {"end_devices": _counting(only_activated=request.counts_only_activated)}
        }
    if request.billing is not None:
        tenant["billing"]["stripe"] = _from_billing(request.billing)
    if request.configuration:
        tenant["configuration"] = dict(request.configuration)
    return {"tenant": tenant, "initial_user": _from_initial_user(request.initial_user)}


def from_tenant_change(change: requests.TenantChange) -> Json:
    """The body that changes a tenant, with its mask."""
    fields: Json = {}
    if change.state is not None:
        fields["state"] = STATE_NAMES[change.state]
        fields["state_description"] = change.state_description
    if change.name is not None:
        fields["name"] = change.name
    if change.description is not None:
        fields["description"] = change.description
    if change.attributes is not None:
        fields["attributes"] = dict(change.attributes)
    fields |= _from_limits(change.limits)
    if change.billing is not None:
        fields["billing.provider.stripe"] = _from_billing(change.billing)
    if change.counts_only_activated is not None:
        fields["billing.counting.end_devices"] = _counting(only_activated=change.counts_only_activated)
    return body_with_mask(fields)


def body_with_mask(fields: Mapping[str, Any]) -> Json:
    """Body and mask of an update, from the values by mask path; None clears a field."""
    tenant: Json = {}
    for path, value in fields.items():
        if value is not None:
            *parents, last = body_path(path)
            place = tenant
            for parent in parents:
                place = place.setdefault(parent, {})
            place[last] = value
    return {"tenant": tenant, "field_mask": {"paths": list(fields)}}


def body_path(mask_path: str) -> list[str]:
    """Where a field of a mask stands in JSON."""
    return [name for name in mask_path.split(".") if name != PROVIDER]


def with_update(tenant: Mapping[str, Any], answer: Mapping[str, Any], mask: list[str]) -> Json:
    """A tenant as it was read, with the fields that an update's answer gives instead.

    Reads may come from a replica that lags behind the write (T-25), so what was written is taken from the answer.
    """
    merged = dict(tenant)
    for path in mask:
        first, *rest = body_path(path)
        value: Any = answer.get(first)
        if rest:
            name, old = rest[0], dict(tenant.get(first) or {})
            value = merged.get(first, old) | {name: (value or {}).get(name)}
        merged[first] = value
    return merged


def _from_limits(limits: Limits) -> Json:
    """Limits by mask path, as strings; None is unlimited (T-07)."""
    unknown = set(limits) - set(LIMIT_NAMES)
    if unknown:
        raise Refused(f"not a limit of a tenant: {', '.join(sorted(unknown))}", field="limits")
    return {f"max_{name}": None if limit is None else str(limit) for name, limit in limits.items()}


def _from_billing(billing: BillingReference) -> Json:
    """All four ids or none (T-10)."""
    identities = dict(vars(billing))
    missing = [name for name, identifier in identities.items() if not identifier]
    if missing:
        raise Refused(f"billing needs all four ids, without: {', '.join(missing)}", field="billing")
    return identities


def _counting(*, only_activated: bool) -> str:
    return ONLY_ACTIVATED if only_activated else ALL


def _from_contacts(request: requests.NewTenant) -> list[Json]:
    """Who is written to; set at creation only, because the API has deprecated contact info (T-14)."""
    addresses = {
        "CONTACT_TYPE_BILLING": request.billing_email,
        "CONTACT_TYPE_TECHNICAL": request.technical_email,
    }
    return [
        {"contact_type": kind, "contact_method": "CONTACT_METHOD_EMAIL", "value": address}
        for kind, address in addresses.items()
        if address
    ]


def _from_initial_user(user: requests.InitialUser) -> Json:
    """The administrator. Without a password the server makes one and mails it (T-17)."""
    fields: Json = {
        "ids": {"user_id": user.user_id},
        "primary_email_address": user.email,
        "state": "STATE_APPROVED",
        "admin": True,
    }
    if user.full_name:
        fields["name"] = user.full_name
    if user.password:
        fields["password"] = user.password
    return fields
