"""What happened to a TenantSubscription between two statuses, as Kubernetes Events: once, with its value.

The ordinary way of a new tenant (subscribed, paid, approved) makes none: its conditions say it, and a thousand new
tenants are not three thousand more writes. What takes access away, gives it back, or needs a person is told.
"""

from dataclasses import dataclass
from typing import Final

from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscriptionStatus

NORMAL: Final = "Normal"
WARNING: Final = "Warning"
_BAD_USAGE: Final = frozenset({Reason.REJECTED, Reason.MISMATCH})


@dataclass(frozen=True)
class News:
    """One Kubernetes Event to be told.

    Attributes:
        type: ``Normal`` or ``Warning``.
        reason: CamelCase.
        message: What happened, with the value it came to.
    """

    type: str
    reason: str
    message: str


def between(before: TenantSubscriptionStatus, after: TenantSubscriptionStatus) -> tuple[News, ...]:
    """What is worth telling; nothing where only figures moved."""
    return (
        *_of_tenant(before, after),
        *_of_subscription(before, after),
        *_of_usage(before, after),
        *_of_readiness(before, after),
        *_of_warning(before, after),
    )


def _of_tenant(before: TenantSubscriptionStatus, after: TenantSubscriptionStatus) -> tuple[News, ...]:
    now = after.tenant_state
    if now == before.tenant_state or now in (None, TenantState.UNKNOWN):
        return ()
    unborn = before.tenant_state in (None, TenantState.ABSENT, TenantState.UNKNOWN)
    if unborn and now in (TenantState.APPROVED, TenantState.ABSENT):
        return ()
    if now is TenantState.ABSENT:
        return (News(WARNING, "TenantAbsent", "The tenant does not exist any more in The Things Stack."),)
    good = now is TenantState.APPROVED
    return (News(NORMAL if good else WARNING, f"Tenant{now.value}", f"The tenant is {now.value.lower()}."),)


def _of_subscription(before: TenantSubscriptionStatus, after: TenantSubscriptionStatus) -> tuple[News, ...]:
    told = []
    if before.subscription_id is not None and after.subscription_id not in (None, before.subscription_id):
        told.append(News(NORMAL, "Subscribed", f"Subscription {after.subscription_id} pays for the tenant."))
    if after.plan_ref is not None and before.plan_ref is not None and after.plan_ref != before.plan_ref:
        told.append(
            News(
                NORMAL,
                "PlanChanged",
                f"The plan in force changed from {before.plan_ref.name} to {after.plan_ref.name}.",
            )
        )
    payment = find_condition(after.conditions, ConditionType.PAYMENT_CURRENT)
    former = find_condition(before.conditions, ConditionType.PAYMENT_CURRENT)
    first_payment = (
        former is not None
        and former.reason == Reason.AWAITING_PAYMENT
        and payment is not None
        and payment.status is ConditionStatus.TRUE
    )
    if payment is not None and former is not None and payment.reason != former.reason and not first_payment:
        bad = payment.status is not ConditionStatus.TRUE and payment.reason != Reason.AWAITING_PAYMENT
        message = payment.message or "The customer has paid."
        told.append(News(WARNING if bad else NORMAL, payment.reason, message))
    return tuple(told)


def _of_usage(before: TenantSubscriptionStatus, after: TenantSubscriptionStatus) -> tuple[News, ...]:
    """Usage that is not billed as it should be, and that it is again."""
    now = find_condition(after.conditions, ConditionType.USAGE_REPORTED)
    former = find_condition(before.conditions, ConditionType.USAGE_REPORTED)
    if now is None or former is None or now.reason == former.reason:
        return ()
    if now.reason in _BAD_USAGE:
        return (News(WARNING, f"Usage{now.reason}", now.message),)
    if former.reason in _BAD_USAGE and now.reason == Reason.REPORTED:
        return (News(NORMAL, "UsageReported", "The usage is reported and counted again."),)
    return ()


def _of_readiness(before: TenantSubscriptionStatus, after: TenantSubscriptionStatus) -> tuple[News, ...]:
    ready = find_condition(after.conditions, ConditionType.READY)
    former = find_condition(before.conditions, ConditionType.READY)
    if ready is None or ready.status is not ConditionStatus.FALSE or ready.reason == Reason.AWAITING_PAYMENT:
        return ()
    if former is not None and former.reason == ready.reason:
        return ()
    return (News(WARNING, ready.reason, ready.message),)


def _of_warning(before: TenantSubscriptionStatus, after: TenantSubscriptionStatus) -> tuple[News, ...]:
    """What an object says although it is wholly carried out: a password that others can read."""
    ready = find_condition(after.conditions, ConditionType.READY)
    former = find_condition(before.conditions, ConditionType.READY)
    if ready is None or ready.reason != Reason.PROVISIONED or not ready.message:
        return ()
    if former is not None and former.message == ready.message:
        return ()
    return (News(WARNING, "PasswordInMetadata", ready.message),)
