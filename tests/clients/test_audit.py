"""Every write outside leaves one structured log line (product.md, "Audit")."""

import asyncio

import pytest
from structlog.testing import capture_logs

from outside_stubs import SUBJECT, ManualClock
from tenant_billing.clients.audit import Audit
from tenant_billing.domain.errors import PaymentDeclined
from tenant_billing.ports import System


def test_a_write_leaves_who_why_what_and_the_result() -> None:
    clock = ManualClock()
    with (
        capture_logs() as lines,
        Audit(System.STRIPE, clock).writing("CreateCustomer", SUBJECT, "key-1") as write,
    ):
        write.request_id = "req_1"
        write.attempts = 2
        clock.seconds += 1.25
    assert lines == [
        {
            "event": "OutsideWrite",
            "log_level": "info",
            "system": "Stripe",
            "operation": "CreateCustomer",
            "kind": "TenantSubscription",
            "name": "tenants/acme-iot",
            "uid": "uid-1",
            "why": "FirstPayment",
            "idempotency_key": "key-1",
            "result": "Ok",
            "code": "",
            "request_id": "req_1",
            "attempts": 2,
            "duration_seconds": 1.25,
        }
    ]


def test_a_failed_write_leaves_the_kind_of_its_failure_and_not_its_message() -> None:
    failure = PaymentDeclined("card of ann@acme.example", code="card_declined", request_id="req_2")
    with (
        capture_logs() as lines,
        pytest.raises(PaymentDeclined),
        Audit(System.STRIPE, ManualClock()).writing("UpdateSubscription", SUBJECT),
    ):
        raise failure
    assert [(line["result"], line["code"], line["request_id"]) for line in lines] == [
        ("PaymentDeclined", "card_declined", "req_2")
    ]
    assert "ann@acme" not in str(lines)


@pytest.mark.parametrize("interruption", [asyncio.CancelledError, KeyError])
def test_a_write_that_is_cut_off_leaves_a_line_too(interruption: type[BaseException]) -> None:
    with (
        capture_logs() as lines,
        pytest.raises(interruption),
        Audit(System.STRIPE, ManualClock()).writing("CancelSubscription", SUBJECT),
    ):
        raise interruption
    assert [line["result"] for line in lines] == ["Interrupted"]
