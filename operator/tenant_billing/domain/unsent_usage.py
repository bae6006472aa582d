"""Usage that was not reported, or was not counted: money that nobody is asked for."""

from datetime import datetime
from typing import Final

from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription

_UNSENT: Final = frozenset({Reason.STALE, Reason.REJECTED})


def unsent_since(resource: TenantSubscription) -> datetime | None:
    """The account's time of the last report before usage got stuck; None where nothing is stuck."""
    told = find_condition(resource.status.conditions, ConditionType.USAGE_REPORTED)
    if told is None or told.status is not ConditionStatus.FALSE or told.reason not in _UNSENT:
        return None
    usage = resource.status.usage
    return usage.last_report_time if usage is not None else told.last_transition_time
