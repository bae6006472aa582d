"""What a TenantSubscription says of its usage: ``UsageReported`` and ``status.usage``."""

from collections.abc import Mapping
from typing import Final

from tenant_billing.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import ReportedUsage
from tenant_billing.api.things_stack_cluster import MeteringSource
from tenant_billing.domain.meter_errors import explanation
from tenant_billing.domain.metering import Reported
from tenant_billing.domain.usage import Idle, UsageVerdict, was_not_metered
from tenant_billing.domain.usage_comparison import can_be_repaired
from tenant_billing.domain.usage_facts import Outcome
from tenant_billing.domain.world import World

Said = tuple[ConditionStatus, Reason, str]

_UNTIL_COMPARED: Final = frozenset({Reason.REJECTED, Reason.MISMATCH})
"""What a comparison with the provider's sums has to disprove."""

_IDLE: Final[Mapping[Idle, Said]] = {
    Idle.NOT_METERED: (ConditionStatus.TRUE, Reason.NOT_METERED, ""),
    Idle.INACTIVE: (
        ConditionStatus.TRUE,
        Reason.NOT_METERED,
        "The plan is metered; usage is reported while the tenant is approved or flagged and billed.",
    ),
    Idle.CONFLICT: (
        ConditionStatus.FALSE,
        Reason.REJECTED,
        "The usage is not reported: another tenant of the customer has the meter; see Ready.",
    ),
    Idle.METERLESS: (
        ConditionStatus.FALSE,
        Reason.REJECTED,
        "The usage is not reported: the meter of the price in force is not known; see its BillingPlan.",
    ),
}


_FROM_NOW_ON: Final = (
    "The tenant was not metered until now; what is counted first is reported in this period."
)


def said(world: World, verdict: UsageVerdict) -> Said:
    """Status, reason and message of ``UsageReported``."""
    if verdict.idle is Idle.UNJUDGED:
        return _as_before(world) or (ConditionStatus.TRUE, Reason.NOT_METERED, "")
    if verdict.idle is not None:
        return _IDLE[verdict.idle]
    return (
        _refused(world)
        or _closed_otherwise(world)
        or _disagreeing(world, verdict.last)
        or _unreported(world, verdict)
        or (ConditionStatus.TRUE, Reason.REPORTED, "")
    )


def shown(world: World, verdict: UsageVerdict) -> ReportedUsage | None:
    """``status.usage``: what was reported last, as long as the plan is metered."""
    if verdict.idle is Idle.NOT_METERED:
        return None
    last = verdict.last
    if last is None:
        return world.resource.status.usage
    return ReportedUsage(last_reported=last.quantity, last_report_time=last.time)


def _refused(world: World) -> Said | None:
    """The provider refuses reports, or could not count one that it had taken."""
    facts = world.usage
    if facts.refused and facts.problem is not None:
        message = f"Stripe refuses the report: {facts.problem} It is tried again with the next count."
        return ConditionStatus.FALSE, Reason.REJECTED, message
    if not facts.rejection:
        return None
    message = (
        f"Stripe took the report and could not count it: {explanation(facts.rejection)}. "
        "It is sent again every hour until Stripe's sums show it."
    )
    return ConditionStatus.FALSE, Reason.REJECTED, message


def _closed_otherwise(world: World) -> Said | None:
    """The report that closed the last period is not in Stripe's sums as it was sent."""
    closing = world.usage.closing
    if closing is None or closing.outcome is Outcome.AGREES:
        return None
    if closing.outcome is None and not closing.repeats:
        return None
    if closing.outcome is Outcome.HIGHER:
        message = (
            "Stripe's meter shows more at the end of the last period than was reported: something else reports to the "
            "meter for this customer. Find it in Stripe's meter events and stop it; correct the invoice."
        )
    elif closing.outcome is Outcome.LOWER and not can_be_repaired(closing, world.now):
        devices = "" if closing.assumed else f" ({closing.report.quantity} devices)"
        message = (
            f"Stripe's meter lacks the report that closed the last period{devices}, and the "
            "period's invoice takes no usage any more. Compare that invoice, and charge what it lacks by hand."
        )
    else:
        message = "Stripe's meter lacks the report that closed the last period; it was sent again."
    return ConditionStatus.FALSE, Reason.MISMATCH, message


def _disagreeing(world: World, last: Reported | None) -> Said | None:
    """Stripe's sums are not what was reported; what was said of it stands until a comparison disproves it."""
    before = _before(world)
    comparison = world.usage.comparison
    if comparison is None or comparison.reported != last:
        is_doubted = before is not None and before.reason in _UNTIL_COMPARED
        return _as_before(world) if is_doubted else None
    if comparison.outcome is Outcome.AGREES:
        return None
    if comparison.outcome is Outcome.LOWER:
        message = "Stripe's meter shows less than was reported; the report was sent again."
    else:
        message = (
            "Stripe's meter shows more than was reported: something else reports to the meter for this customer. "
            "Find it in Stripe's meter events and stop it; what is reported next counts again."
        )
    return ConditionStatus.FALSE, Reason.MISMATCH, message


def _unreported(world: World, verdict: UsageVerdict) -> Said | None:
    """Nothing, or nothing new, can be reported."""
    problem, before = world.usage.problem, _before(world)
    if problem is not None:
        return ConditionStatus.FALSE, Reason.STALE, f"The report could not be sent yet: {problem}"
    if world.usage.silent:
        return ConditionStatus.FALSE, Reason.STALE, _silence(world)
    last, metered = verdict.last, verdict.metered
    is_new_period = last is None or (metered is not None and last.time < metered.start)
    was_reported = before is not None and before.reason == Reason.REPORTED
    if is_new_period and was_not_metered(world.resource):
        return ConditionStatus.TRUE, Reason.NOT_METERED, _FROM_NOW_ON
    if is_new_period and not was_reported:
        return ConditionStatus.FALSE, Reason.STALE, "No usage was reported in this period yet."
    return None


def _silence(world: World) -> str:
    cluster = world.cluster
    name = cluster.metadata.name if cluster is not None else ""
    if cluster is not None and cluster.spec.metering.source is MeteringSource.PUSH:
        return (
            f"No report was pushed for this tenant for longer than spec.metering.interval of ThingsStackCluster "
            f"{name}; look at the pusher. What was reported last stands."
        )
    return (
        f"The devices could not be counted for a while; see ThingsStackCluster {name}. "
        "What was reported last stands."
    )


def _as_before(world: World) -> Said | None:
    before = _before(world)
    return None if before is None else (before.status, Reason(before.reason), before.message)


def _before(world: World) -> Condition | None:
    return find_condition(world.resource.status.conditions, ConditionType.USAGE_REPORTED)
