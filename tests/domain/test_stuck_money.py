"""Money that is not asked for, and money that is not paid."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from metrics_builders import a_condition, a_payer
from subscription_builders import NOW, an_invoice
from tenant_billing.api.conditions import ConditionStatus
from tenant_billing.domain.amount_at_risk import amount_at_risk, overdue_subscriptions
from tenant_billing.domain.unsent_usage import unsent_since

EURO = replace(an_invoice(), amount_remaining=4900, currency="EUR")
YEN = replace(an_invoice(), amount_remaining=700, currency="JPY")
STALE = a_condition("UsageReported", "Stale", ConditionStatus.FALSE)


@pytest.mark.parametrize(
    ("status", "is_overdue"),
    [("past_due", True), ("unpaid", True), ("active", False), ("canceled", False), ("incomplete", False)],
)
def test_overdue_is_what_was_to_be_paid_by_now(status: str, is_overdue: bool) -> None:
    late = overdue_subscriptions([a_payer("acme", subscriptionStatus=status)])
    assert late == (frozenset({"sub_acme"}) if is_overdue else frozenset())


def test_without_a_subscription_nothing_is_overdue() -> None:
    assert overdue_subscriptions([a_payer(subscriptionID=None, subscriptionStatus="past_due")]) == frozenset()


def test_amounts_are_added_up_by_currency_and_only_of_what_is_overdue() -> None:
    invoices = {"sub_1": (EURO, EURO, YEN), "sub_2": (EURO,), "sub_3": (YEN,)}
    assert amount_at_risk({"sub_1", "sub_3"}, invoices) == {"EUR": 9800, "JPY": 1400}
    assert amount_at_risk(set(), invoices) == {}


@pytest.mark.parametrize(
    ("last_report", "since"),
    [
        (None, NOW),
        (NOW - timedelta(days=20), NOW),  # only changes are reported: nothing was owed in these 20 days
        (NOW + timedelta(hours=3), NOW + timedelta(hours=3)),
    ],
)
def test_usage_is_stuck_since_that_was_first_said_or_since_a_report_after_it(
    last_report: datetime | None, since: datetime
) -> None:
    reported = {} if last_report is None else {"usage": {"lastReported": 5, "lastReportTime": last_report}}
    assert unsent_since(a_payer("acme", STALE, **reported)) == since


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("Reported", ConditionStatus.TRUE),
        ("Mismatch", ConditionStatus.FALSE),
        ("Stale", ConditionStatus.TRUE),
    ],
)
def test_usage_that_was_sent_is_not_stuck(reason: str, status: ConditionStatus) -> None:
    assert unsent_since(a_payer("acme", a_condition("UsageReported", reason, status))) is None


def test_a_plan_that_is_not_metered_has_no_usage() -> None:
    assert unsent_since(a_payer("acme")) is None
