"""The judge itself: what it finds wrong, and that Stripe's own server agrees with it about requests."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from stripe_openapi.contract import (
    answer_faults,
    assert_contract,
    event_faults,
    exchange_faults,
    request_faults,
)
from stripe_openapi.document import StripeDocument
from stripe_openapi.exchanges import Exchange, decoded

METER = {
    "id": "mtr_1",
    "object": "billing.meter",
    "created": 1,
    "customer_mapping": {"event_payload_key": "stripe_customer_id", "type": "by_id"},
    "default_aggregation": {"formula": "sum"},
    "display_name": "Devices",
    "event_name": "devices",
    "event_time_window": None,
    "livemode": False,
    "status": "active",
    "status_transitions": {"deactivated_at": None},
    "updated": 1,
    "value_settings": {"event_payload_key": "value"},
}
DELETED_CUSTOMER = {"id": "cus_1", "object": "customer", "deleted": True}
DELETED_INVOICE = {"id": "in_1", "object": "invoice", "deleted": True}
INVOICE_PAYMENT = {
    "id": "inpay_1",
    "object": "invoice_payment",
    "amount_paid": None,
    "amount_requested": 1,
    "created": 1,
    "currency": "eur",
    "is_default": True,
    "livemode": False,
    "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
    "status": "open",
    "status_transitions": {"canceled_at": None, "paid_at": None},
}


def without(name: str) -> dict[str, Any]:
    return {member: value for member, value in METER.items() if member != name}


@pytest.mark.parametrize(
    ("meter", "fault"),
    [
        (METER, None),
        (without("event_time_window"), None),
        (without("event_name"), "(whole): 'event_name' is a required property"),
        (METER | {"created": "1"}, "created: '1' is not of type 'integer'"),
        (METER | {"livemode": None}, "livemode: None is not of type 'boolean'"),
        (METER | {"object": "meter"}, "object: 'meter' is not one of ['billing.meter']"),
        (METER | {"status": "asleep"}, "status: 'asleep' is not one of ['active', 'inactive']"),
        (METER | {"event_time_window": "week"}, "event_time_window: 'week' is not one of ['day', 'hour']"),
        (
            METER | {"default_aggregation": {"formula": "max"}},
            "default_aggregation.formula: 'max' is not one of ['count', 'last', 'sum']",
        ),
        (
            METER | {"colour": "red"},
            "(whole): Additional properties are not allowed ('colour' was unexpected)",
        ),
    ],
)
def test_an_answer_is_judged_member_by_member(
    document: StripeDocument, meter: dict[str, Any], fault: str | None
) -> None:
    exchange = Exchange("GET", "/v1/billing/meters/mtr_1", {}, answer=meter)
    assert list(answer_faults(document, exchange)) == ([] if fault is None else [fault])


@pytest.mark.parametrize(
    ("invoice", "expand", "fault"),
    [
        ("in_1", {}, None),
        (DELETED_INVOICE, {"expand": {"0": "data.invoice"}}, None),
        (DELETED_INVOICE, {"expand": ["data.invoice.customer"]}, None),
        (DELETED_INVOICE, {}, "data.invoice: expanded unasked"),
        ("in_1", {"expand": {"0": "data.invoice"}}, "data.invoice: not expanded"),
        (
            DELETED_INVOICE | {"total": 1},
            {"expand": {"0": "data.invoice"}},
            "data.0.invoice: Additional properties are not allowed ('total' was unexpected)",
        ),
    ],
)
def test_an_id_is_an_object_exactly_where_it_was_asked_for(
    document: StripeDocument, invoice: Any, expand: dict[str, Any], fault: str | None
) -> None:
    page = {
        "object": "list",
        "data": [INVOICE_PAYMENT | {"invoice": invoice}],
        "has_more": False,
        "url": "/v1/invoice_payments",
    }
    exchange = Exchange("GET", "/v1/invoice_payments", expand, answer=page)
    assert list(answer_faults(document, exchange)) == ([] if fault is None else [fault])


@pytest.mark.parametrize(
    ("body", "correct"),
    [
        ({"error": {"type": "invalid_request_error", "message": "No."}}, True),
        ({"error": {"message": "No."}}, False),
        ({"error": {"type": "rate_limit_error"}}, False),
        ({"error": {"type": "api_error", "reason": "unknown"}}, False),
        ({"message": "No."}, False),
    ],
)
def test_errors_have_stripe_s_shape(document: StripeDocument, body: dict[str, Any], correct: bool) -> None:
    exchange = Exchange("GET", "/v1/billing/meters/mtr_1", {}, 400, body)
    assert (list(answer_faults(document, exchange)) == []) is correct


@pytest.mark.parametrize(
    ("type_", "data", "correct"),
    [
        ("billing.meter.created", {"object": METER}, True),
        ("customer.deleted", {"object": DELETED_CUSTOMER}, True),
        ("billing.meter.born", {"object": METER}, False),
        ("billing.meter.created", {"object": without("event_name")}, False),
        ("billing.meter.updated", {"object": METER, "previous_attributes": {"status": "inactive"}}, True),
        ("billing.meter.updated", {"object": METER, "previous_attributes": {"colour": "red"}}, False),
        ("billing.meter.created", {"object": {"object": "meter"}}, False),
    ],
)
def test_events_are_of_a_known_type_and_carry_a_whole_object(
    document: StripeDocument, type_: str, data: dict[str, Any], correct: bool
) -> None:
    assert (list(event_faults(document, {"type": type_, "data": data})) == []) is correct


REQUESTS = [
    ("POST", "/v1/customers", "email=a%40b.example&metadata[tenant-id]=acme&address[city]=Ghent", True),
    ("POST", "/v1/customers", "e_mail=a%40b.example", False),
    ("POST", "/v1/customers", "address[town]=Ghent", False),
    ("POST", "/v1/customers/cus_1", "metadata[tenant-id]=", True),
    ("POST", "/v1/customers/cus_1", "metadata=", True),
    ("POST", "/v1/prices", "product=prod_1&currency=eur&unit_amount=100&recurring[interval]=month", True),
    ("POST", "/v1/prices", "product=prod_1&unit_amount=100", False),
    ("POST", "/v1/prices", "product=prod_1&currency=eur&unit_amount=much", False),
    ("POST", "/v1/prices", "product=prod_1&currency=eur&recurring[interval]=eon", False),
    ("POST", "/v1/prices", "product=prod_1&currency=eur&active=perhaps", False),
    ("POST", "/v1/subscriptions", "customer=cus_1&items[0][price]=price_1&items[0][quantity]=1", True),
    ("POST", "/v1/subscriptions", "customer=cus_1&items[0][cost]=price_1", False),
    ("POST", "/v1/subscriptions/sub_1", "cancel_at=min_period_end&discounts=", True),
    ("POST", "/v1/subscriptions/sub_1", "pause_collection[behavior]=sleep", False),
    ("DELETE", "/v1/subscriptions/sub_1", "invoice_now=true&prorate=false&expand[0]=latest_invoice", True),
    ("GET", "/v1/events", "types[0]=invoice.paid&created[gte]=5&limit=100", True),
    ("GET", "/v1/events", "created[since]=5", False),
    ("GET", "/v1/events", "kind=invoice.paid", False),
    ("GET", "/v1/eventualities", "", False),
]


@pytest.mark.parametrize(("method", "path", "encoded", "correct"), REQUESTS)
async def test_requests_are_judged_at_least_as_strictly_as_by_stripe_mock(
    document: StripeDocument, stripe_mock: str, method: str, path: str, encoded: str, correct: bool
) -> None:
    faults = list(request_faults(document, Exchange(method, path, decoded(encoded))))
    assert (faults == []) is correct
    headers = {"Authorization": "Bearer sk_test_123"}
    async with httpx.AsyncClient(base_url=stripe_mock, headers=headers) as client:
        if method == "GET":
            answer = await client.get(f"{path}?{encoded}")
        else:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = await client.request(method, path, content=encoded, headers=form)
    assert answer.is_success or faults  # unknown members of hashes pass stripe-mock, not us


def recorded(method: str, path: str, *, status: int | None = 200, **params: Any) -> dict[str, Any]:
    """An entry of the simulator's record."""
    return {"method": method, "path": path, "params": params, "status": status, "faults": []}


def test_a_record_of_requests_is_judged_as_a_whole(stripe_openapi: Path) -> None:
    good = [
        recorded("GET", "/v1/customers", limit="100"),
        recorded("POST", "/v1/payment_methods", type="card", card={"token": "(redacted)"}),
        recorded("GET", "/v2/core/events", anything="1"),
    ]
    assert_contract(good, stripe_openapi)
    bad = recorded("POST", "/v1/customers", e_mail="a")
    with pytest.raises(AssertionError, match=r"POST /v1/customers.*e_mail"):
        assert_contract([*good, bad], stripe_openapi)


def test_a_call_of_which_the_record_has_no_parameters_is_passed_over(stripe_openapi: Path) -> None:
    good = recorded("GET", "/v1/customers")
    limited, cut = (recorded("POST", "/v1/prices", status=status) for status in (429, None))
    struck = recorded("POST", "/v1/prices", status=400) | {"faults": ["fault_1"]}
    assert_contract([good, limited, cut, struck], stripe_openapi)
    with pytest.raises(AssertionError, match="'currency' is a required property"):
        assert_contract([good, recorded("POST", "/v1/prices", status=400)], stripe_openapi)


def test_a_parameter_that_the_document_has_is_not_unknown(document: StripeDocument) -> None:
    body = {"error": {"type": "invalid_request_error", "code": "parameter_unknown"}}
    right = Exchange("GET", "/v1/customers", {"colour": "red"}, 400, body)
    wrong = Exchange("GET", "/v1/customers", {"email": "a@b.example"}, 400, body)
    assert exchange_faults(document, right) == []
    assert exchange_faults(document, wrong) == [f"{wrong}: the document has all of these parameters"]


def test_calls_of_v2_are_not_judged(document: StripeDocument) -> None:
    body = {"error": {"type": "invalid_request_error", "code": "parameter_unknown"}}
    assert exchange_faults(document, Exchange("POST", "/v2/billing/meter_events", {}, 400, body)) == []


def test_an_empty_record_proves_nothing(stripe_openapi: Path) -> None:
    with pytest.raises(AssertionError, match="nothing was asked"):
        assert_contract([], stripe_openapi)
