"""Tenants whose access is not what their payments ask for, found from what their objects say of themselves."""

import enum

from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import AccessPolicy, TenantState, TenantSubscription

_LOCKED = frozenset({TenantState.SUSPENDED, TenantState.REJECTED, TenantState.REQUESTED})
_OPEN = frozenset({TenantState.APPROVED, TenantState.FLAGGED})
_REVOKES = frozenset(
    {Reason.GRACE_EXPIRED, Reason.UNPAID, Reason.PAUSED, Reason.ENDED, Reason.COLLECTION_PAUSED}
)
"""Where ``PaymentCurrent`` is false; paused collection is only where the plan suspends for it."""


class AccessGap(enum.StrEnum):
    """What is wrong."""

    PAYER_LOCKED_OUT = "PayerLockedOut"
    """The customer has paid, and cannot use the tenant."""
    UNPAID_BUT_OPEN = "UnpaidButOpen"
    """Access should have been taken away, and was not."""


def access_gap(resource: TenantSubscription) -> AccessGap | None:
    """What is wrong with the access of one tenant; None where it is as it should be, or where nobody may judge.

    What a person asked for by ``accessPolicy`` or by the annotation ``paused`` is no gap.
    """
    payment = find_condition(resource.status.conditions, ConditionType.PAYMENT_CURRENT)
    if payment is None or resource.metadata.annotations.get(Annotation.PAUSED) == "true":
        return None
    state, policy = resource.status.tenant_state, resource.spec.access_policy
    if payment.status is ConditionStatus.TRUE and state in _LOCKED and policy is not AccessPolicy.SUSPEND:
        return AccessGap.PAYER_LOCKED_OUT
    revoked = payment.status is ConditionStatus.FALSE and payment.reason in _REVOKES
    if revoked and state in _OPEN and policy is not AccessPolicy.KEEP_ACTIVE:
        return AccessGap.UNPAID_BUT_OPEN
    return None
