"""When a tenant's usage is reported, with which quantity, timestamp and identifier (product.md, "Metering").

The meter's formula is ``last``: a period is billed by the event in it with the latest timestamp, and by nothing at all
where there is none (stripe.md 4.1). So what changed is reported, and at three moments something is reported although
nothing changed: when a period begins, shortly before it ends, and right after, with a timestamp inside it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.api.timestamps import to_whole_seconds
from tenant_billing.domain.observations import Meter, Totals

SECOND: Final = timedelta(seconds=1)
LEAD: Final = timedelta(minutes=10)
"""How long before its end a period is reported once more: what stands if nobody runs at its end."""
LAST_MOMENT: Final = timedelta(minutes=5)
"""How long before its end a period that has no value yet gets the one reported last: a period without one costs 0."""
GRACE: Final = timedelta(hours=1)
"""How long after its end a period still takes usage (stripe.md 4.3)."""
LONGEST_GRACE: Final = timedelta(hours=72)
"""The longest that an account can configure; used for a period that has no value at all."""
BEHIND: Final = timedelta(minutes=1)
"""How much older than the last report a count may be to say anything new: of one second there may be several."""
REPORTED_STATES: Final = frozenset({TenantState.APPROVED, TenantState.FLAGGED})
"""A tenant in another state is not reported (things-stack.md 6)."""


@dataclass(frozen=True)
class Metered:
    """One tenant whose devices are billed.

    Attributes:
        uid: Of its TenantSubscription; in the identifiers, so that they are never another's.
        meter: What adds up its usage.
        start: When the period begins that is current as far as is known.
        end: When it ends; it may have ended already, and the next one is not known yet.
        since: When it was first metered, as far as is known: what ended at or before then was no period of its own.
    """

    uid: str
    customer_id: str
    meter: Meter
    start: datetime
    end: datetime
    since: datetime


@dataclass(frozen=True)
class Count:
    """Devices, counted at a time of the account."""

    quantity: int
    counted_at: datetime


@dataclass(frozen=True)
class CountedTotals:
    """The registry's totals of one tenant, and when they were read, in the account's time."""

    totals: Totals
    counted_at: datetime


@dataclass(frozen=True)
class Reported:
    """What was reported last."""

    quantity: int
    time: datetime


@dataclass(frozen=True)
class UsageReport:
    """One event for a meter.

    Attributes:
        timestamp: The time of counting, whole seconds: a late repeat must not be booked as now (stripe.md 4.2).
        identifier: Derived from all the rest, so that a repeat is known and another value is never taken for one.
        closes: Whether it is the last one of a period that has ended.
    """

    customer_id: str
    meter: Meter
    quantity: int
    timestamp: datetime
    identifier: str
    closes: bool = False

    @property
    def reported(self) -> Reported:
        """What is known once it was accepted."""
        return Reported(self.quantity, self.timestamp)


def count_of(counted: CountedTotals | None, counting: DeviceCounting) -> Count | None:
    """The devices that a plan counts; None where the total is not known, which is not zero (T-08)."""
    if counted is None:
        return None
    totals = counted.totals
    all_devices = counting is DeviceCounting.ALL
    quantity = totals.end_devices if all_devices else totals.activated_end_devices
    return None if quantity is None else Count(quantity, to_whole_seconds(counted.counted_at))


def report_of(
    metered: Metered, quantity: int, time: datetime, *, closes: bool = False, repair: str = ""
) -> UsageReport:
    """The event that says a quantity at a time.

    Args:
        metered: Of whom.
        quantity: How many devices.
        time: When they were counted.
        closes: Whether it is the last one of its period.
        repair: Tells a repeat apart that is needed because the first one did not count; else empty.
    """
    meter = sha256(metered.meter.id.encode()).hexdigest()[:12]
    parts = [metered.uid, meter, str(int(time.timestamp())), str(quantity), *([repair] if repair else [])]
    return UsageReport(metered.customer_id, metered.meter, quantity, time, ":".join(parts), closes)


def uid_of(identifier: str) -> str:
    """Whose event carries an identifier; some text that is nobody's uid where it is none of ours."""
    return identifier.partition(":")[0]


def due(metered: Metered, last: Reported | None, count: Count | None, now: datetime) -> UsageReport | None:
    """What is to be reported now; the end of a period before anything of the next one.

    Args:
        metered: Of whom.
        last: What was reported last, whatever the period.
        count: The newest count, None where it is not known.
        now: The account's time.
    """
    return _closing(metered, last, count, now) or _within(metered, last, count, now)


def final(metered: Metered, last: Reported | None, count: Count | None, now: datetime) -> UsageReport | None:
    """What is to be reported before the tenant loses access or its subscription; None where that was said already."""
    if count is None or not metered.start <= now < metered.end:
        return None
    if last is not None and last.quantity == count.quantity and now - last.time <= LAST_MOMENT:
        return None
    count = Count(count.quantity, to_whole_seconds(now))
    time = _time_within(metered, last, count, metered.end - SECOND)  # nothing closes this period
    return None if time is None else report_of(metered, count.quantity, time)


def checkpoint(metered: Metered, now: datetime) -> datetime:
    """Since when a count must have been made to be of use now."""
    if now >= metered.end:
        return metered.end
    before_the_end = metered.end - LEAD
    return max(before_the_end, metered.start) if now >= before_the_end else metered.start


def closing_time(end: datetime) -> datetime:
    """The timestamp of what closes a period: the last second of the last whole minute that lies in it.

    Sums are asked for by whole minutes (stripe.md 4.2): so they tell it apart from what the next period begins with.
    """
    return end.replace(second=0, microsecond=0) - SECOND


def wants_count(metered: Metered, count: Count | None, now: datetime) -> bool:
    """Whether devices must be counted now."""
    return count is None or count.counted_at < checkpoint(metered, now)


def next_checkpoint(metered: Metered, now: datetime) -> datetime | None:
    """When to look again at the latest; None where the next period is not known yet."""
    moments = (metered.end - LEAD, metered.end - LAST_MOMENT, metered.end)
    return next((moment for moment in moments if moment > now), None)


def is_silent(last: Reported | None, count: Count | None, now: datetime, interval: timedelta) -> bool:
    """Whether nothing was counted for two intervals, so that changes may have been missed."""
    heard = [count.counted_at] if count is not None else []
    heard += [last.time] if last is not None else []
    return not heard or now - max(heard) > 2 * interval + LEAD


def _closing(
    metered: Metered, last: Reported | None, count: Count | None, now: datetime
) -> UsageReport | None:
    """The last value of the period that ended before now."""
    end = metered.end if now >= metered.end else metered.start
    if end <= metered.since or now < end or count is None or count.counted_at < end:
        return None
    if last is not None and last.time >= closing_time(end):
        return None
    if now >= end + (LONGEST_GRACE if _has_no_value(metered, last, end) else GRACE):
        return None
    return report_of(metered, count.quantity, closing_time(end), closes=True)


def _has_no_value(metered: Metered, last: Reported | None, end: datetime) -> bool:
    """Whether the period that ended was surely never reported: periods differ in length by a few days only."""
    longest = (metered.end - metered.start) * 1.2
    return last is None or last.time < end - longest


def _within(
    metered: Metered, last: Reported | None, count: Count | None, now: datetime
) -> UsageReport | None:
    """A value within the current period."""
    if not metered.start <= now < metered.end:
        return None
    current = count if count is not None and count.counted_at >= metered.start else None
    if current is None:
        current = _carried_forward(metered, last, now)
    if current is None or not _is_worth_saying(metered, last, current):
        return None
    time = _time_within(metered, last, current, closing_time(metered.end))
    return None if time is None else report_of(metered, current.quantity, time)


def _carried_forward(metered: Metered, last: Reported | None, now: datetime) -> Count | None:
    """What was reported last, where the period would end without any value: unknown is not zero."""
    if last is None or last.time >= metered.start or now < metered.end - LAST_MOMENT:
        return None
    return Count(last.quantity, to_whole_seconds(now))


def _is_worth_saying(metered: Metered, last: Reported | None, count: Count) -> bool:
    if last is None or last.time < metered.start or last.quantity != count.quantity:
        return True
    return last.time < metered.end - LEAD <= count.counted_at


def _time_within(metered: Metered, last: Reported | None, count: Count, before: datetime) -> datetime | None:
    """The timestamp of a count: after everything said in its period, and before a moment at its end."""
    time = max(count.counted_at, metered.start)
    if last is not None and time <= last.time:
        if last.time - time > BEHIND:
            return None
        time = last.time + SECOND
    return time if time < before else None
