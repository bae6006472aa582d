"""When usage is reported, with which quantity, timestamp and identifier (TBS-07, TBS-15, TBS-17)."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.api.prices import DeviceCounting
from tenant_billing.domain import metering
from tenant_billing.domain.metering import Count, Metered, Reported, UsageReport
from usage_builders import (
    CLOSED,
    DAY,
    END,
    HOUR,
    MINUTE,
    SECOND,
    START,
    counted,
    metered_tenant,
    said,
    totals,
)

MIDDLE = START + 10 * DAY
LATE = END - 8 * MINUTE


def report(
    last: Reported | None, count: Count | None, now: datetime, tenant: Metered | None = None
) -> tuple[int, datetime] | None:
    found = metering.due(tenant or metered_tenant(), last, count, now)
    return None if found is None else (found.quantity, found.timestamp)


WITHIN = [
    pytest.param(None, counted(5, MIDDLE), MIDDLE, (5, MIDDLE), id="nothing was ever said"),
    pytest.param(None, counted(0, MIDDLE), MIDDLE, (0, MIDDLE), id="none is a number, too"),
    pytest.param(said(5, START), counted(5, MIDDLE), MIDDLE, None, id="nothing has changed"),
    pytest.param(said(5, START), counted(6, MIDDLE), MIDDLE, (6, MIDDLE), id="one more"),
    pytest.param(said(5, START), counted(4, MIDDLE), MIDDLE, (4, MIDDLE), id="one less"),
    pytest.param(said(5, START), None, MIDDLE, None, id="unknown is not zero"),
    pytest.param(said(5, START - DAY), counted(5, MIDDLE), MIDDLE, (5, MIDDLE), id="the first of a period"),
    pytest.param(
        said(5, START - DAY), counted(5, START - HOUR), MIDDLE, None, id="counted before the period"
    ),
    pytest.param(said(5, MIDDLE), counted(6, MIDDLE), MIDDLE, (6, MIDDLE + SECOND), id="in one second"),
    pytest.param(said(5, MIDDLE), counted(6, MIDDLE - HOUR), MIDDLE, None, id="counted before what was said"),
    pytest.param(said(5, MIDDLE), counted(5, LATE), LATE, (5, LATE), id="shortly before the end"),
    pytest.param(said(5, LATE), counted(5, LATE + MINUTE), LATE + MINUTE, None, id="and then no more"),
    pytest.param(said(5, MIDDLE), counted(5, MIDDLE), LATE, None, id="an old count is not said anew"),
    pytest.param(said(5, LATE), counted(6, CLOSED), CLOSED, None, id="the last whole minute's end closes"),
    pytest.param(None, None, END - MINUTE, None, id="never counted, nothing to carry forward"),
    pytest.param(
        said(5, START - DAY),
        None,
        END - MINUTE,
        (5, END - MINUTE),
        id="a period without a value would cost 0",
    ),
    pytest.param(said(5, START - DAY), None, LATE, None, id="which is awaited as long as possible"),
]


@pytest.mark.parametrize(("last", "count", "now", "expected"), WITHIN)
def test_a_period_is_reported_when_it_begins_when_something_changes_and_before_it_ends(
    last: Reported | None, count: Count | None, now: datetime, expected: tuple[int, datetime] | None
) -> None:
    assert report(last, count, now) == expected


AFTER = END + MINUTE
NEXT = metered_tenant(start=END, end=END + 31 * DAY)
CLOSING = [
    pytest.param(
        said(5, LATE), counted(7, AFTER), AFTER, (7, CLOSED), id="what is there right after the end"
    ),
    pytest.param(said(5, LATE), counted(5, AFTER), AFTER, (5, CLOSED), id="though nothing has changed"),
    pytest.param(said(5, LATE), counted(7, LATE), AFTER, None, id="not by a count from before"),
    pytest.param(said(5, LATE), None, AFTER, None, id="not by guessing"),
    pytest.param(said(5, CLOSED), counted(7, AFTER), AFTER, None, id="once"),
    pytest.param(said(5, LATE), counted(7, END + HOUR), END + HOUR, None, id="not when it cannot be billed"),
    pytest.param(None, counted(7, END + 2 * HOUR), END + 2 * HOUR, (7, CLOSED), id="unless nothing was said"),
    pytest.param(None, counted(7, END + 72 * HOUR), END + 72 * HOUR, None, id="for three days at the most"),
]


@pytest.mark.parametrize("known", [metered_tenant(), NEXT], ids=["next not known yet", "next known"])
@pytest.mark.parametrize(("last", "count", "now", "expected"), CLOSING)
def test_a_period_is_closed_right_after_its_end(
    last: Reported | None,
    count: Count | None,
    now: datetime,
    expected: tuple[int, datetime] | None,
    known: Metered,
) -> None:
    found = metering.due(known, last, count, now)
    if found is not None and not found.closes:  # of the next period
        assert found.timestamp >= END
        found = None
    assert (None if found is None else (found.quantity, found.timestamp)) == expected


def test_before_its_first_period_a_tenant_had_none_to_close() -> None:
    tenant = metered_tenant(since=START)
    assert report(None, counted(5, START + MINUTE), START + MINUTE, tenant) == (5, START + MINUTE)


def test_the_period_that_ended_is_closed_before_anything_is_said_of_the_next() -> None:
    first = metering.due(NEXT, said(5, LATE), counted(7, AFTER), AFTER)
    assert first is not None
    assert first.closes
    then = metering.due(NEXT, first.reported, counted(7, AFTER), AFTER)
    assert then is not None
    assert (then.closes, then.quantity, then.timestamp) == (False, 7, AFTER)
    assert metering.due(NEXT, then.reported, counted(7, AFTER), AFTER) is None


FINAL = [
    pytest.param(said(5, MIDDLE - DAY), counted(5, MIDDLE), (5, MIDDLE), id="said long ago"),
    pytest.param(said(5, MIDDLE - MINUTE), counted(5, MIDDLE), None, id="said just now"),
    pytest.param(said(5, MIDDLE - MINUTE), counted(6, MIDDLE), (6, MIDDLE), id="changed since"),
    pytest.param(None, None, None, id="unknown"),
]


@pytest.mark.parametrize(("last", "count", "expected"), FINAL)
def test_one_value_more_before_access_ends(
    last: Reported | None, count: Count | None, expected: tuple[int, datetime] | None
) -> None:
    found = metering.final(metered_tenant(), last, count, MIDDLE)
    assert (None if found is None else (found.quantity, found.timestamp)) == expected


def test_no_last_value_outside_of_the_period() -> None:
    assert metering.final(metered_tenant(), None, counted(5, END), END) is None
    at_the_end = END - SECOND
    assert metering.final(metered_tenant(), None, counted(5, at_the_end), at_the_end) is None


CHECKPOINTS = [
    pytest.param(MIDDLE, START, END - metering.LEAD, id="amid"),
    pytest.param(END - metering.LEAD, END - metering.LEAD, END - metering.LAST_MOMENT, id="before the end"),
    pytest.param(END - MINUTE, END - metering.LEAD, END, id="just before the end"),
    pytest.param(END, END, None, id="after"),
]


@pytest.mark.parametrize(("now", "since", "following"), CHECKPOINTS)
def test_counts_are_wanted_at_three_moments_of_each_period(
    now: datetime, since: datetime, following: datetime | None
) -> None:
    tenant = metered_tenant()
    assert metering.checkpoint(tenant, now) == since
    assert metering.next_checkpoint(tenant, now) == following
    assert metering.wants_count(tenant, None, now)
    assert metering.wants_count(tenant, counted(1, since - SECOND), now)
    assert not metering.wants_count(tenant, counted(1, since), now)


COUNTS = [
    pytest.param(DeviceCounting.ALL, totals(7, MIDDLE, 3), counted(7, MIDDLE), id="registered"),
    pytest.param(DeviceCounting.ONLY_ACTIVATED, totals(7, MIDDLE, 3), counted(3, MIDDLE), id="activated"),
    pytest.param(
        DeviceCounting.ONLY_ACTIVATED, totals(7, MIDDLE), None, id="a version that does not count them"
    ),
    pytest.param(DeviceCounting.ALL, totals(None, MIDDLE), None, id="not told"),
    pytest.param(DeviceCounting.ALL, None, None, id="not asked"),
]


@pytest.mark.parametrize(("counting", "known", "expected"), COUNTS)
def test_tbs_17_all_or_activated_devices_count_and_unknown_is_not_zero(
    counting: DeviceCounting, known: metering.CountedTotals | None, expected: Count | None
) -> None:
    assert metering.count_of(known, counting) == expected


def test_an_identifier_follows_from_whose_what_and_when() -> None:
    one = metering.report_of(metered_tenant(), 5, MIDDLE)
    assert metering.uid_of(one.identifier) == "uid-of-acme"
    assert metering.report_of(metered_tenant(), 5, MIDDLE) == one
    others = [
        metering.report_of(metered_tenant(), 6, MIDDLE),
        metering.report_of(metered_tenant(), 5, MIDDLE + SECOND),
        metering.report_of(metered_tenant(uid="other"), 5, MIDDLE),
        metering.report_of(metered_tenant(), 5, MIDDLE, repair="3"),
    ]
    assert len({one.identifier, *(each.identifier for each in others)}) == 5
    assert max(len(each.identifier) for each in others) < 100


SILENCE = [
    pytest.param(None, None, True, id="never heard of"),
    pytest.param(said(5, MIDDLE - 3 * HOUR), None, True, id="reported long ago"),
    pytest.param(said(5, MIDDLE - 3 * HOUR), counted(5, MIDDLE - HOUR), False, id="counted in this hour"),
]


@pytest.mark.parametrize(("last", "count", "silent"), SILENCE)
def test_who_was_not_counted_for_two_intervals_is_silent(
    last: Reported | None, count: Count | None, silent: bool
) -> None:
    assert metering.is_silent(last, count, MIDDLE, HOUR) is silent


# -- months of devices that come and go, with restarts and outages ---------------------------------------------------


@dataclass
class Meterage:
    """A meter of the formula ``last``, and an operator that reports to it and forgets all but its status."""

    events: dict[str, UsageReport] = field(default_factory=dict)
    last: Reported | None = None
    pending: UsageReport | None = None

    def accept(self, report: UsageReport) -> None:
        known = self.events.setdefault(report.identifier, report)
        assert known == report, "one identifier, two values"

    def run(self, tenant: Metered, devices: int | None, now: datetime, *, dies: bool) -> None:
        """One look of the operator; it may be killed between a report and the status that remembers it."""
        count = None if devices is None else counted(devices, now)
        while (report := self.pending or metering.due(tenant, self.last, count, now)) is not None:
            if report.closes:
                self.pending = report  # the intent, which survives
            self.accept(report)
            if dies:
                return
            self.last, self.pending = report.reported, None

    def billed(self, start: datetime, end: datetime) -> int:
        inside = [each for each in self.events.values() if start <= each.timestamp < end]
        assert len({each.timestamp for each in inside}) == len(inside), "two values at one time"
        return max(inside, key=lambda each: each.timestamp).quantity if inside else 0


MONTH = 30 * DAY
STEPS = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=40),  # hours until the next look
        st.integers(min_value=-3, max_value=5),  # devices that come or go
        st.booleans(),  # whether the operator dies after its first report
        st.booleans(),  # whether the registry gives an answer
    ),
    min_size=20,
    max_size=120,
)


@given(STEPS, st.booleans())
def test_every_period_is_billed_by_the_devices_at_its_end_whatever_happened_in_it(
    steps: list[tuple[int, int, bool, bool]], next_period_is_seen_late: bool
) -> None:
    meterage, devices, now, billed = Meterage(), 10, START, {}
    tenant = metered_tenant(start=START, end=START + MONTH, since=START)
    for hours, change, dies, answers in steps:
        following = now + hours * HOUR
        while tenant.end <= following:
            boundary = tenant.end
            meterage.run(tenant, devices, boundary - 8 * MINUTE, dies=dies)
            if next_period_is_seen_late:
                meterage.run(tenant, devices, boundary + MINUTE, dies=dies)
            tenant = metered_tenant(start=boundary, end=boundary + MONTH, since=START)
            meterage.run(tenant, devices, boundary + 2 * MINUTE, dies=dies)
            meterage.run(tenant, devices, boundary + 9 * MINUTE, dies=False)
            billed[boundary] = devices
        now = max(following, tenant.start + 10 * MINUTE)
        devices = max(0, devices + change)
        meterage.run(tenant, devices if answers else None, now, dies=dies)
    for boundary, quantity in billed.items():
        assert meterage.billed(boundary - MONTH, boundary) == quantity


@given(STEPS)
def test_a_period_whose_end_nobody_saw_is_billed_by_what_was_seen_last(
    steps: list[tuple[int, int, bool, bool]],
) -> None:
    meterage, devices, now = Meterage(), 10, START
    seen: int | None = None
    tenant = metered_tenant(start=START, end=START + MONTH, since=START)
    for hours, change, _, answers in steps:
        now += hours * HOUR
        if now >= tenant.end - metering.LEAD:
            break
        devices = max(0, devices + change)
        meterage.run(tenant, devices if answers else None, now, dies=False)
        seen = devices if answers else seen
    following = metered_tenant(start=tenant.end, end=tenant.end + MONTH, since=START)
    meterage.run(following, devices, tenant.end + 5 * HOUR, dies=False)
    assert meterage.billed(START, tenant.end) == (devices if seen is None else seen)
