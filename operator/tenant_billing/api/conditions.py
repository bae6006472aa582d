"""Conditions as ``metav1.Condition``, and the one way to change them."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from tenant_billing.api.fields import ApiModel
from tenant_billing.api.reasons import Reason
from tenant_billing.api.timestamps import Timestamp

LONGEST_MESSAGE: Final = 1024
"""Messages are cut here. The schema allows 32768, but a status is read by people and kept in etcd."""


class ConditionType(StrEnum):
    """What a condition is about."""

    READY = "Ready"
    """The spec is carried out. Not: the customer paid (api.md, rule 7)."""
    RECONCILING = "Reconciling"
    """Present only while true (kstatus): the operator is on the way to Ready by itself."""
    STALLED = "Stalled"
    """Present only while true (kstatus): a person is needed. Carries Ready's reason."""
    WEBHOOK_READY = "WebhookReady"
    EVENTS_CURRENT = "EventsCurrent"
    DISRUPTIONS_HELD = "DisruptionsHeld"
    PRICES_MIGRATED = "PricesMigrated"
    SUBSCRIPTION_SYNCED = "SubscriptionSynced"
    TENANT_SYNCED = "TenantSynced"
    PAYMENT_CURRENT = "PaymentCurrent"
    WITHIN_LIMITS = "WithinLimits"
    USAGE_REPORTED = "UsageReported"


PRESENT_ONLY_WHILE_TRUE: Final = frozenset({ConditionType.RECONCILING, ConditionType.STALLED})


class ConditionStatus(StrEnum):
    """The three values of ``status`` in a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiModel):
    """One ``metav1.Condition``; type and reason are plain strings, so those of another version survive."""

    type: str
    status: ConditionStatus
    reason: str
    message: str
    observed_generation: int | None = None
    last_transition_time: Timestamp


Conditions = tuple[Condition, ...]


def find_condition(conditions: Iterable[Condition], condition_type: ConditionType) -> Condition | None:
    """Return the condition of that type, or None if it is absent."""
    return next((each for each in conditions if each.type == condition_type), None)


def remove_condition(conditions: Iterable[Condition], condition_type: ConditionType) -> Conditions:
    """Return the conditions without that type."""
    return tuple(each for each in conditions if each.type != condition_type)


def set_condition(
    conditions: Iterable[Condition],
    condition_type: ConditionType,
    status: ConditionStatus,
    reason: Reason,
    message: str,
    generation: int,
    now: datetime,
) -> Conditions:
    """Return the conditions with one of them set; every other stays as and where it was.

    The transition time moves only when the status flips. ``Reconciling`` and ``Stalled`` are left out
    unless true. A long message is cut at ``LONGEST_MESSAGE``.

    Args:
        conditions: What stands now.
        condition_type: Which one to set.
        status: Its new value.
        reason: One of the closed list of that kind and condition.
        message: For people: what is wrong and what remedies it; without times, so that it stays stable.
        generation: ``metadata.generation`` of the spec that this was judged by.
        now: Aware time of the change.

    Raises:
        ValueError: ``now`` has no time zone.
    """
    before = tuple(conditions)
    if condition_type in PRESENT_ONLY_WHILE_TRUE and status is not ConditionStatus.TRUE:
        return remove_condition(before, condition_type)
    previous = find_condition(before, condition_type)
    steady = previous if previous is not None and previous.status is status else None
    condition = Condition(
        type=condition_type.value,
        status=status,
        reason=reason.value,
        message=_cut(message),
        observed_generation=generation,
        last_transition_time=steady.last_transition_time if steady else now,
    )
    if previous is None:
        return (*before, condition)
    return tuple(condition if each.type == condition_type else each for each in before)


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
