"""From The Things Stack's JSON to the facts that the operator knows (things-stack.md 3).

Zero values are left out there, unsigned numbers are strings, null is not zero (T-07, T-08). Every function raises
``KeyError``, ``TypeError`` or ``ValueError`` for an answer that is not the registry's.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from tenant_billing.domain.observations import (
    EMPTY,
    LIMIT_NAMES,
    BillingReference,
    Tenant,
    TenantState,
    Totals,
)

Fields = Mapping[str, Any]

STATES: Final[Mapping[str, TenantState]] = {
    "STATE_REQUESTED": TenantState.REQUESTED,
    "STATE_APPROVED": TenantState.APPROVED,
    "STATE_REJECTED": TenantState.REJECTED,
    "STATE_FLAGGED": TenantState.FLAGGED,
    "STATE_SUSPENDED": TenantState.SUSPENDED,
}
STATE_NAMES: Final[Mapping[TenantState, str]] = {state: name for name, state in STATES.items()}
ONLY_ACTIVATED: Final = "ONLY_ACTIVATED"
ALL: Final = "ALL"
COUNTS_ONLY_ACTIVATED: Final = (ONLY_ACTIVATED, 1)
"""Whether the enum comes as its name or its number is not documented: both are read."""
STRIPE: Final = "stripe"
COUNTING: Final = "counting"


def to_tenant(fields: Fields) -> Tenant:
    """A tenant that was read with the whole mask."""
    billing = _to_object(fields.get("billing"))
    return Tenant(
        id=to_tenant_id(fields["ids"]),
        state=to_state(fields.get("state")),
        state_description=fields.get("state_description") or "",
        name=fields.get("name") or "",
        description=fields.get("description") or "",
        attributes=_to_attributes(fields.get("attributes")),
        limits=MappingProxyType({name: to_number(fields.get(f"max_{name}")) for name in LIMIT_NAMES}),
        billing=_to_billing_reference(billing.get(STRIPE)),
        billed_by_other=any(value for name, value in billing.items() if name not in {STRIPE, COUNTING}),
        counts_only_activated=_to_object(billing.get(COUNTING)).get("end_devices") in COUNTS_ONLY_ACTIVATED,
    )


def to_tenant_id(identifiers: Fields) -> str:
    """The id in ``TenantIdentifiers``."""
    tenant_id = identifiers["tenant_id"]
    if not isinstance(tenant_id, str) or not tenant_id:
        raise ValueError("expected a tenant id")
    return tenant_id


def to_state(name: object) -> TenantState:
    """The state; the zero value is left out.

    Raises:
        ValueError: A state that is not known here.
    """
    if name is None:
        return TenantState.REQUESTED
    state = STATES.get(str(name))
    if state is None:
        raise ValueError("a state that is not known")
    return state


def to_number(text: object) -> int | None:
    """An unsigned number, rendered as a string; absent or null is None.

    Raises:
        ValueError: It is no unsigned number.
    """
    if text is None:
        return None
    number = int(str(text))
    if number < 0:
        raise ValueError("expected an unsigned number")
    return number


def to_totals(answer: Fields, names: Sequence[str]) -> dict[str, Totals]:
    """The totals of a batch by tenant id.

    Args:
        answer: The answer; matched by id, never by position, and an id that is missing stays missing.
        names: What the mask asked for: absent there is 0 (T-08), everything else stays unknown.
    """
    return {
        to_tenant_id(each["tenant_ids"]): Totals(
            **{name: to_number(_to_object(each.get("totals")).get(name)) or 0 for name in names}
        )
        for each in answer.get("totals") or ()
    }


def _to_billing_reference(value: object) -> BillingReference | None:
    stripe = _to_object(value)
    if not stripe:
        return None
    return BillingReference(
        customer_id=stripe.get("customer_id") or "",
        plan_id=stripe.get("plan_id") or "",
        subscription_id=stripe.get("subscription_id") or "",
        subscription_item_id=stripe.get("subscription_item_id") or "",
    )


def _to_attributes(value: object) -> Mapping[str, str]:
    attributes = _to_object(value)
    return (
        MappingProxyType({str(key): str(text) for key, text in attributes.items()}) if attributes else EMPTY
    )


def _to_object(value: object) -> Fields:
    return value if isinstance(value, Mapping) else {}
