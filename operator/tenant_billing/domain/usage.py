"""What follows for the usage of one tenant from what was read: count, report, repair (product.md, "Metering")."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenant_billing.api.conditions import ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import MeteringSource
from tenant_billing.domain import counting, metering, plan_change, usage_comparison
from tenant_billing.domain.access import PAUSED
from tenant_billing.domain.actions import (
    Action,
    CountDevices,
    Disruption,
    ReportUsage,
    StoreIntent,
    disruption_of,
)
from tenant_billing.domain.meter_conflict import loses_its_meter
from tenant_billing.domain.metering import Count, Metered, Reported, UsageReport
from tenant_billing.domain.observations import Meter, Subscription, SubscriptionItem
from tenant_billing.domain.plan_change import InForce
from tenant_billing.domain.usage_facts import Outcome, UsageFacts
from tenant_billing.domain.world import Offer, World

REPORT_USAGE: Final = "ReportUsage"
"""The step of the intent: what closes a period must be the very same event when it is repeated."""


class Idle(enum.StrEnum):
    """Why nothing is reported."""

    UNJUDGED = "Unjudged"
    """It is not known which plan is in force: what was said before stands."""
    NOT_METERED = "NotMetered"
    METERLESS = "Meterless"
    """The price is metered in the old way, or its meter is not known."""
    CONFLICT = "Conflict"
    """Another tenant of the customer has the meter."""
    INACTIVE = "Inactive"
    """The tenant or the subscription is not in a state that is metered."""


@dataclass(frozen=True)
class UsageVerdict:
    """What follows for the usage of one tenant.

    Attributes:
        idle: Why nothing is reported, None where something is.
        metered: Of whom what is reported; None where nothing is.
        last: What was reported last.
        count: The newest count, None where it is not known.
        actions: What to do next.
        wants_count: Whether devices are to be counted first.
    """

    idle: Idle | None = Idle.UNJUDGED
    metered: Metered | None = None
    last: Reported | None = None
    count: Count | None = None
    actions: tuple[Action, ...] = ()
    wants_count: bool = False


UNJUDGED: Final = UsageVerdict()


def judge(world: World, subscription: Subscription | None, current: InForce) -> UsageVerdict:
    """Decide about the usage of an object that is not held back."""
    offer, item = current.offer, current.item
    if current.finding is not None:
        return UNJUDGED
    if subscription is None or offer is None or item is None or not item.metered:
        return UsageVerdict(Idle.NOT_METERED)
    last = last_reported(world.resource, world.usage)
    metered = metered_of(world.resource, subscription, offer, item)
    idle = _idle(world, offer, item, metered)
    if metered is None or idle is not None:
        return UsageVerdict(idle, last=last)
    count = metering.count_of(world.usage.counted, offer.counting)
    wants_count = metering.wants_count(metered, count, world.now)
    report = _due(world, metered, last, count)
    return UsageVerdict(
        idle=None,
        metered=metered,
        last=last,
        count=count,
        actions=_actions(world, report, wants_count=wants_count),
        wants_count=wants_count,
    )


def judge_alone(world: World) -> UsageVerdict:
    """The same for an object that is being deleted, about which nothing else is decided."""
    subscription = counting.choose(world.subscriptions).counting
    if subscription is None:
        return UNJUDGED
    return judge(world, subscription, plan_change.in_force(world, subscription))


def _idle(world: World, offer: Offer, item: SubscriptionItem, metered: Metered | None) -> Idle | None:
    if offer.meter_on(item.price_id) is None:
        return Idle.METERLESS
    if loses_its_meter(world):
        return Idle.CONFLICT
    active = world.tenant is not None and world.tenant.state in metering.REPORTED_STATES
    return None if active and metered is not None else Idle.INACTIVE


def was_not_metered(resource: TenantSubscription) -> bool:
    """Whether a tenant was not metered until now, as its condition remembers until the first report of a period.

    It had no access, or another plan, or did not exist: no report closes a period that ended before.
    """
    told = find_condition(resource.status.conditions, ConditionType.USAGE_REPORTED)
    return told is None or told.reason == Reason.NOT_METERED


def metered_of(
    resource: TenantSubscription, subscription: Subscription, offer: Offer, item: SubscriptionItem
) -> Metered | None:
    """Of whom what is to be reported; None for a subscription that charges no usage now."""
    meter: Meter | None = offer.meter_on(item.price_id)
    start, end = item.current_period_start, item.current_period_end
    idle = counting.has_ended(subscription) or counting.is_incomplete(subscription)
    if meter is None or start is None or end is None or idle or subscription.status == PAUSED:
        return None
    since = max(start, subscription.created) if was_not_metered(resource) else subscription.created
    return Metered(resource.metadata.uid, subscription.customer_id, meter, start, end, since)


def last_reported(resource: TenantSubscription, facts: UsageFacts) -> Reported | None:
    """What was reported last: as this leader knows, else as the status says."""
    usage = resource.status.usage
    known = Reported(usage.last_reported, usage.last_report_time) if usage is not None else None
    accepted = facts.accepted
    if accepted is None or known is None:
        return accepted or known
    return accepted if accepted.time >= known.time else known


def preceded(world: World, verdict: UsageVerdict, actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions of a pass with what is reported: after all others, or before those that take access away."""
    taken_away = any(disruption_of(each) is not Disruption.NONE for each in actions)
    if not taken_away:
        return (*actions, *verdict.actions)
    return (*(verdict.actions or _final(world, verdict)), *actions)


def outstanding(world: World) -> UsageReport | None:
    """The report that the intent holds, unless it was taken or refused for good."""
    intent = world.intent
    if intent is None or intent.step != REPORT_USAGE:
        return None
    return _from_intent(world, intent)


def _from_intent(world: World, intent: PendingOperation) -> UsageReport | None:
    stored = intent.parameters
    meters = (meter for offer in world.offers for meter in offer.meters.values())
    meter = next((each for each in meters if each.id == stored.get("meterID")), None)
    if meter is None or intent.idempotency_key == world.usage.refused:
        return None
    time = datetime.fromisoformat(str(stored["timestamp"]))
    report = UsageReport(
        str(stored["customerID"]),
        meter,
        int(str(stored["quantity"])),
        time,
        intent.idempotency_key,
        closes=True,
    )
    accepted = world.usage.accepted
    # Nothing later is reported before what closes a period was taken: where it was, so was this.
    return None if accepted is not None and accepted.time >= report.timestamp else report


def _due(world: World, metered: Metered, last: Reported | None, count: Count | None) -> UsageReport | None:
    """What to report now, unless that was tried in this pass, or refused for good."""
    if world.usage.tried and world.usage.problem is not None:
        return None
    report = (
        outstanding(world)
        or usage_comparison.repair_of(world.usage.closing, world.now, world.usage.refused)
        or _repair(world, metered, last)
        or metering.due(metered, last, count, world.now)
    )
    return None if report is None or report.identifier == world.usage.refused else report


def _repair(world: World, metered: Metered, last: Reported | None) -> UsageReport | None:
    """What the provider did not count is sent again, under another identifier: it may know the former one."""
    comparison = world.usage.comparison
    if comparison is None or last is None or comparison.reported != last or comparison.repaired:
        return None
    if comparison.outcome is not Outcome.LOWER or last.time < metered.start:
        return None
    return metering.report_of(metered, last.quantity, last.time, repair=str(comparison.hour))


def _actions(world: World, report: UsageReport | None, *, wants_count: bool) -> tuple[Action, ...]:
    if report is None:
        return (CountDevices(),) if wants_count and _counts_for_itself(world) else ()
    if not report.closes or outstanding(world) is not None:
        return (ReportUsage(report),)
    # Another intent is outstanding only while nothing is billed, or for a moment.
    return (StoreIntent(_intent(world, report)),) if world.intent is None else ()


def _counts_for_itself(world: World) -> bool:
    """Whether nobody else counts: a customer on a test clock has a time of its own."""
    on_a_clock = world.customer is not None and world.customer.test_clock_id is not None
    return on_a_clock and not world.usage.asked and is_pulled(world)


def is_pulled(world: World) -> bool:
    """Whether the operator counts by itself; otherwise it must not: never both."""
    return world.cluster is not None and world.cluster.spec.metering.source is MeteringSource.PULL


def _intent(world: World, report: UsageReport) -> PendingOperation:
    return PendingOperation(
        step=REPORT_USAGE,
        attempt=1,
        idempotency_key=report.identifier,
        parameters={
            "customerID": report.customer_id,
            "meterID": report.meter.id,
            "quantity": report.quantity,
            "timestamp": report.timestamp.isoformat(),
        },
        start_time=world.now,
    )


def _final(world: World, verdict: UsageVerdict) -> tuple[Action, ...]:
    """One value more before a cancel or a suspension, of devices that are counted for it."""
    metered = verdict.metered
    if metered is None or (world.usage.tried and world.usage.problem is not None):
        return ()
    if is_pulled(world) and not world.usage.asked:
        return (CountDevices(),)
    report = metering.final(metered, verdict.last, verdict.count, world.now)
    if report is None or report.identifier == world.usage.refused:
        return ()
    return (ReportUsage(report),)
