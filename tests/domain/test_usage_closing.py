"""The report that closed a period, looked for in the provider's sums while the invoice is still a draft."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from subscription_builders import a_subscription
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import metering, usage_comparison
from tenant_billing.domain.actions import ReportUsage
from tenant_billing.domain.decision import decide
from tenant_billing.domain.metering import Metered, Reported
from tenant_billing.domain.report import status_of
from tenant_billing.domain.usage_facts import Closing, Outcome, UsageFacts
from tenant_billing.domain.world import World
from usage_builders import (
    CLOSED,
    DAY,
    END,
    HOUR,
    MINUTE,
    SECOND,
    a_metered_item,
    a_metered_world,
    metered_tenant,
    said,
    totals,
    usage_condition_of,
    with_usage,
)

SENT = END + MINUTE
LATER = SENT + usage_comparison.SETTLED_AFTER
REPORT = metering.report_of(metered_tenant(), 7, CLOSED, closes=True)
CLOSING = Closing(REPORT, SENT)


def renewed(now: datetime, closing: Closing | None) -> World:
    """The next period has begun, and its first report was taken."""
    item = a_metered_item(current_period_start=END, current_period_end=END + 31 * DAY)
    subscription = a_subscription(items=(item,), created=END - 61 * DAY)
    facts = UsageFacts(counted=totals(7, now), accepted=said(7, END + MINUTE), closing=closing)
    world = a_metered_world(now, usage=facts, subscriptions=(subscription,))
    return with_usage(world, 7, END + MINUTE)


def repairs(world: World) -> list[tuple[int, datetime, str]]:
    return [
        (each.report.quantity, each.report.timestamp, each.report.identifier)
        for each in decide(world).actions
        if isinstance(each, ReportUsage)
    ]


def told(world: World) -> tuple[str, str]:
    condition = usage_condition_of(tuple(status_of(world, decide(world)).conditions))
    return condition.reason, condition.message


def test_it_lies_within_the_period_and_alone_in_what_is_asked_for() -> None:
    start, end = usage_comparison.closing_window(REPORT)
    assert start <= CLOSED < end <= END
    assert (start.second, end.second, end - start) == (0, 0, MINUTE)
    assert metering.closing_time(END.replace(second=0)) == END.replace(second=0) - SECOND


def test_it_is_remembered_once_it_was_taken_and_looked_for_when_it_may_be_counted() -> None:
    closing = usage_comparison.closing_after(None, REPORT, SENT)
    assert closing == CLOSING
    assert usage_comparison.closing_due_at(closing) == LATER
    other = metering.report_of(metered_tenant(), 8, SENT)
    assert usage_comparison.closing_after(closing, other, SENT) is closing
    assert usage_comparison.closing_due_at(None) is None
    assert usage_comparison.closing_due_at(replace(CLOSING, outcome=Outcome.LOWER)) is None


def test_what_the_sums_lack_is_sent_again_with_its_own_time_under_another_identifier() -> None:
    lost = replace(CLOSING, outcome=Outcome.LOWER)
    (repair,) = repairs(renewed(LATER, lost))
    assert repair == (7, CLOSED, f"{REPORT.identifier}:1")
    assert told(renewed(LATER, lost)) == (
        Reason.MISMATCH,
        "Stripe's meter lacks the report that closed the last period; it was sent again.",
    )


def test_a_repeat_is_looked_for_in_its_turn_and_may_be_repeated() -> None:
    lost = replace(CLOSING, outcome=Outcome.LOWER)
    repair = usage_comparison.repair_of(lost, LATER, "")
    assert repair is not None
    sent = usage_comparison.closing_after(lost, repair, LATER)
    assert sent == replace(CLOSING, sent_at=LATER, repeats=1)
    assert repairs(renewed(LATER, sent)) == []
    assert told(renewed(LATER, sent))[0] == Reason.MISMATCH, "until the sums show it"
    again = replace(sent, outcome=Outcome.LOWER)
    assert [identifier for *_, identifier in repairs(renewed(LATER, again))] == [f"{REPORT.identifier}:2"]


def test_a_repeat_that_was_refused_for_good_holds_up_no_other_report() -> None:
    lost = replace(CLOSING, outcome=Outcome.LOWER)
    world = renewed(LATER, lost)
    facts = replace(world.usage, refused=f"{REPORT.identifier}:1", counted=totals(9, LATER))
    world = replace(world, usage=facts)
    assert [(quantity, time) for quantity, time, _ in repairs(world)] == [(9, LATER)]


SECOND_MONTH = metered_tenant(start=END, end=END + 31 * DAY)
LAST = said(9, END + 5 * MINUTE)


def test_what_a_former_leader_sent_follows_from_what_was_reported_since() -> None:
    closing = usage_comparison.closing_of_a_former_leader(SECOND_MONTH, LAST, None, LATER)
    report = metering.report_of(metered_tenant(), 9, CLOSED, closes=True)
    assert closing == Closing(report, LAST.time, assumed=True)


def test_where_nothing_was_reported_since_it_may_have_been_sent_just_now() -> None:
    closing = usage_comparison.closing_of_a_former_leader(SECOND_MONTH, said(7, CLOSED), None, LATER)
    assert closing == Closing(REPORT, LATER, assumed=True)


NOTHING_TO_LOOK_FOR = [
    pytest.param(SECOND_MONTH, LAST, CLOSING, LATER, id="this leader knows it"),
    pytest.param(SECOND_MONTH, None, None, LATER, id="nothing was ever reported"),
    pytest.param(SECOND_MONTH, said(7, CLOSED - SECOND), None, LATER, id="it was not closed yet"),
    pytest.param(replace(SECOND_MONTH, since=END), LAST, None, LATER, id="no period was before it"),
    pytest.param(SECOND_MONTH, LAST, None, CLOSED + HOUR, id="its invoice is written"),
]


@pytest.mark.parametrize(("tenant", "last", "known", "now"), NOTHING_TO_LOOK_FOR)
def test_nothing_is_looked_for(
    tenant: Metered, last: Reported | None, known: Closing | None, now: datetime
) -> None:
    assert usage_comparison.closing_of_a_former_leader(tenant, last, known, now) is None


def test_what_closed_an_earlier_period_is_not_what_closed_this_one() -> None:
    earlier = replace(CLOSING, report=replace(REPORT, timestamp=CLOSED - 30 * DAY))
    assert usage_comparison.closing_of_a_former_leader(SECOND_MONTH, LAST, earlier, LATER) is not None


FIGURES = [
    pytest.param(None, Outcome.LOWER, id="none at all: it was lost"),
    pytest.param(Decimal(9), Outcome.AGREES, id="another than was reported since: devices came meanwhile"),
    pytest.param(Decimal(0), Outcome.AGREES, id="none, or a report of none: not billed on a guess"),
]


@pytest.mark.parametrize(("seen", "outcome"), FIGURES)
def test_of_what_a_former_leader_sent_any_figure_is_the_report(
    seen: Decimal | None, outcome: Outcome
) -> None:
    assert usage_comparison.judge_closing(replace(CLOSING, assumed=True), seen, LATER) is outcome


def test_of_what_this_leader_sent_the_figure_is_compared() -> None:
    assert usage_comparison.judge_closing(CLOSING, Decimal(6), LATER) is Outcome.LOWER
    assert usage_comparison.judge_closing(CLOSING, Decimal(7), LATER) is Outcome.AGREES


def test_nobody_is_told_a_quantity_that_is_only_assumed() -> None:
    lost = replace(CLOSING, outcome=Outcome.LOWER, assumed=True)
    reason, message = told(renewed(CLOSED + HOUR, lost))
    assert reason == Reason.MISMATCH
    assert "devices" not in message
    assert "by hand" in message


def test_what_the_sums_show_is_no_news() -> None:
    assert told(renewed(LATER, replace(CLOSING, outcome=Outcome.AGREES, repeats=1)))[0] == Reason.REPORTED


@pytest.mark.parametrize("after", [CLOSED + HOUR, END + 5 * DAY])
def test_once_the_invoice_takes_no_usage_any_more_it_is_an_alarm(after: datetime) -> None:
    world = renewed(after, replace(CLOSING, outcome=Outcome.LOWER))
    assert repairs(world) == []
    reason, message = told(world)
    assert reason == Reason.MISMATCH
    assert "7 devices" in message
    assert "by hand" in message


def test_more_than_was_reported_is_an_alarm_at_once_and_is_not_overwritten() -> None:
    world = renewed(LATER, replace(CLOSING, outcome=Outcome.HIGHER))
    assert repairs(world) == []
    reason, message = told(world)
    assert reason == Reason.MISMATCH
    assert "something else reports" in message


def test_what_was_not_looked_for_yet_is_no_news() -> None:
    assert told(renewed(SENT, CLOSING))[0] == Reason.REPORTED
    assert usage_comparison.compare(REPORT.reported, Decimal(7), LATER).outcome is Outcome.AGREES
