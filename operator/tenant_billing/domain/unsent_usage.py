"""Usage that was not reported, or was not counted: money that nobody is asked for."""

from datetime import datetime
from typing import Final

from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription

_UNSENT: Final = frozenset({Reason.STALE, Reason.REJECTED})


def unsent_since(resource: TenantSubscription) -> datetime | None:
    """Since when usage is stuck, in the account's time; None where nothing is stuck.

    Only changes are reported, so the last report may be weeks old although usage got stuck a moment ago.
    """
    told = find_condition(resource.status.conditions, ConditionType.USAGE_REPORTED)
    if told is None or told.status is not ConditionStatus.FALSE or told.reason not in _UNSENT:
        return None
    usage = resource.status.usage
    begun = told.last_transition_time
    return begun if usage is None else max(begun, usage.last_report_time)
