"""One TenantSubscription in plain words."""

from typing import Any

import pytest

from manifests import a
from tenant_billing.api.names import API_VERSION
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.commands.status import cells_of
from tenant_billing.commands.status_lines import METERING, PAYMENTS, StatusLine, Usage, status_line


def told(status: dict[str, Any]) -> StatusLine:
    body = a("TenantSubscription", {"status": status})
    assert body["apiVersion"] == API_VERSION
    return status_line(TenantSubscription.from_kubernetes(body))


def condition(kind: str, status: str, reason: str, message: str = "") -> dict[str, Any]:
    moment = "2026-11-22T12:00:00Z"
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": moment,
    }


def test_an_object_that_nobody_looked_at_says_so() -> None:
    line = told({})
    assert (line.plan, line.payment, line.state) == ("starter", "not known yet", "not known yet")
    assert (line.ready, line.reason) == (None, "not seen by the operator yet")


def test_a_tenant_that_awaits_its_first_payment_is_told_with_the_remedy() -> None:
    ready = condition("Ready", "False", "AwaitingPayment", "Pay the invoice.")
    line = told(
        {
            "tenantState": "Absent",
            "conditions": [ready, condition("PaymentCurrent", "False", "AwaitingPayment")],
        }
    )
    assert (line.payment, line.state) == ("first payment outstanding", "no tenant yet")
    assert (line.ready, line.reason, line.message) == (False, "AwaitingPayment", "Pay the invoice.")


def test_the_plan_in_force_is_told_not_the_one_asked_for() -> None:
    assert told({"planRef": {"name": "growth"}}).plan == "growth"


@pytest.mark.parametrize("reason", [reason.value for reason in PAYMENTS])
def test_every_reason_of_payment_has_plain_words(reason: str) -> None:
    line = told({"conditions": [condition("PaymentCurrent", "False", reason)]})
    assert line.payment == PAYMENTS[Reason(reason)]
    assert line.payment == line.payment.lower()


def test_a_reason_of_a_later_version_is_shown_as_it_is() -> None:
    line = told({"conditions": [condition("PaymentCurrent", "Unknown", "SomethingNew")]})
    assert line.payment == "SomethingNew"


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ({"total": 345, "limit": 500}, "devices 345 of 500"),
        ({"total": 500, "limit": 500}, "devices 500 of 500, full"),
        ({"total": 501, "limit": 500}, "devices 501 of 500, full"),
        ({"total": 345}, "devices 345 of any number"),
        ({"total": 0, "limit": 0}, "devices 0 of 0, full"),
    ],
)
def test_usage_is_told_against_its_limit(entity: dict[str, int], expected: str) -> None:
    (usage,) = told({"entities": {"endDevices": entity}}).usage
    assert str(usage) == expected


def test_a_total_that_is_unknown_is_not_told_as_zero() -> None:
    assert told({"entities": {"gateways": {"total": 1, "limit": 10}}}).usage == (Usage("gateways", 1, 10),)


@pytest.mark.parametrize("reason", [reason.value for reason in METERING])
def test_every_reason_of_metering_has_plain_words(reason: str) -> None:
    line = told({"conditions": [condition("UsageReported", "True", reason)]})
    assert line.metering == METERING[Reason(reason)]


def test_what_was_reported_of_a_metered_plan_is_told_and_of_another_plan_nothing() -> None:
    usage = {"lastReported": 345, "lastReportTime": "2026-11-20T10:00:00Z"}
    line = told({"usage": usage, "conditions": [condition("UsageReported", "True", "Reported")]})
    assert (line.reported, line.metering) == (345, "reported")
    assert line.to_json()["reported_at"] == "2026-11-20T10:00:00+00:00"
    assert told({"conditions": [condition("UsageReported", "True", "NotMetered")]}).metering == ""


@pytest.mark.parametrize(
    ("reason", "usage", "expected"),
    [
        ("Reported", {"lastReported": 345, "lastReportTime": "2026-11-20T10:00:00Z"}, "reported 345"),
        ("Stale", {"lastReported": 345, "lastReportTime": "2026-11-20T10:00:00Z"}, "report overdue 345"),
        ("Rejected", None, "report rejected"),
        ("NotMetered", None, ""),
    ],
)
def test_the_table_shows_devices_and_then_what_was_reported(
    reason: str, usage: dict[str, Any] | None, expected: str
) -> None:
    status: dict[str, Any] = {
        "entities": {"endDevices": {"total": 345, "limit": 500}},
        "conditions": [condition("UsageReported", "True", reason)],
    }
    cells = cells_of(told(status | ({"usage": usage} if usage else {})))
    assert cells[5].plain == "; ".join(filter(None, ["devices 345 of 500", expected]))


def test_json_carries_times_in_utc() -> None:
    line = told({"suspensionTime": "2027-01-12T22:35:53Z"}).to_json()
    assert line["suspension"] == "2027-01-12T22:35:53+00:00"
    assert line["period_end"] is None
