"""How backends, clusters and plans say whether they are carried out: Ready, Reconciling, Stalled (api.md, rule 7)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenant_billing.api.conditions import Conditions, ConditionStatus, ConditionType, set_condition
from tenant_billing.api.reasons import Reason

PASSES_BY_ITSELF: Final = frozenset({Reason.UNREACHABLE, Reason.BACKEND_NOT_READY, Reason.PROGRESSING})
"""What the operator goes on trying; every other reason than Available needs a person."""
AT_REST: Final = frozenset({Reason.AVAILABLE, Reason.PAUSED})

PAUSED_MESSAGE: Final = "left alone until the annotation tenantbilling.dev/paused is removed"


@dataclass(frozen=True)
class Finding:
    """Why an object is not carried out.

    Attributes:
        reason: Ready's reason.
        message: What is wrong, and what remedies it; without times, so that it stays stable.
    """

    reason: Reason
    message: str


def ready(conditions: Conditions, reason: Reason, message: str, generation: int, now: datetime) -> Conditions:
    """Set Ready with the conditions that follow from it."""
    status = ConditionStatus.TRUE if reason is Reason.AVAILABLE else ConditionStatus.FALSE
    trying = reason in PASSES_BY_ITSELF
    stalled = not trying and reason not in AT_REST
    conditions = set_condition(conditions, ConditionType.READY, status, reason, message, generation, now)
    conditions = set_condition(
        conditions, ConditionType.RECONCILING, _true(trying), Reason.PROGRESSING, message, generation, now
    )
    return set_condition(conditions, ConditionType.STALLED, _true(stalled), reason, message, generation, now)


def paused(conditions: Conditions, generation: int, now: datetime) -> Conditions:
    """Say that a person asked to leave the object alone."""
    return ready(conditions, Reason.PAUSED, PAUSED_MESSAGE, generation, now)


def _true(value: bool) -> ConditionStatus:  # noqa: FBT001 - converts the one to the other
    return ConditionStatus.TRUE if value else ConditionStatus.FALSE
