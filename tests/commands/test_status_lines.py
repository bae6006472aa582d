"""One TenantSubscription in plain words."""

from typing import Any

import pytest

from manifests import a
from tenant_billing.api.names import API_VERSION
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.commands.status_lines import PAYMENTS, StatusLine, Usage, status_line


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


def test_json_carries_times_in_utc() -> None:
    line = told({"suspensionTime": "2027-01-12T22:35:53Z"}).to_json()
    assert line["suspension"] == "2027-01-12T22:35:53+00:00"
    assert line["period_end"] is None
