"""Which deliveries are Stripe's, and what is taken from them (stripe.md 3.3)."""

import hashlib
import hmac
import json
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from outside_stubs import NOON, ManualClock, a_subscription, an_invoice
from tenant_billing.clients.stripe_webhook import StripeWebhookVerifier
from tenant_billing.domain.observations import Event

SECRET = "whsec_current"
NOW = int(NOON.timestamp())
verify = StripeWebhookVerifier(ManualClock())


def _event(**changes: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "customer.subscription.updated",
        "created": NOW,
        "livemode": True,
        "account": "acct_1",
        "api_version": "2020-08-27",
        "data": {"object": a_subscription()},
        **changes,
    }


def _delivery(body: object, secret: str = SECRET, at: int = NOW) -> tuple[bytes, str]:
    text = json.dumps(body)
    return text.encode(), stripe.WebhookSignature.generate_signature_header(text, secret, at)


def test_an_event_says_what_it_is_about() -> None:
    assert verify(*_delivery(_event()), [SECRET]) == Event(
        id="evt_1",
        type="customer.subscription.updated",
        created=NOON,
        livemode=True,
        account_id="acct_1",
        object_id="sub_1",
        object_kind="subscription",
        related={"customer": "cus_1", "price": "price_1"},
        metadata={"tenant-id": "acme-iot"},
    )


@pytest.mark.parametrize(
    "invoice",
    [
        an_invoice(customer="cus_1"),
        an_invoice(
            customer={"id": "cus_1"},
            parent=None,
            subscription="sub_1",
            subscription_details={"metadata": {"tenant-id": "acme-iot"}},
        ),
    ],
    ids=["today's form", "an old API version's"],
)
def test_an_invoice_names_its_subscription_and_carries_that_ones_metadata(invoice: dict[str, Any]) -> None:
    event = verify(*_delivery(_event(type="invoice.paid", data={"object": invoice})), [SECRET])
    assert event is not None
    assert event.related == {"customer": "cus_1", "subscription": "sub_1"}
    assert event.metadata == {"tenant-id": "acme-iot"}


def test_a_price_names_its_product() -> None:
    price = {"id": "price_1", "object": "price", "product": "prod_1", "metadata": {}}
    event = verify(*_delivery(_event(type="price.updated", data={"object": price})), [SECRET])
    assert event is not None
    assert (event.object_kind, event.related) == ("price", {"product": "prod_1"})


def test_a_thin_event_is_understood_too() -> None:
    thin = {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v1.billing.meter.no_meter_found",
        "created": "2026-11-20T12:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
    }
    event = verify(*_delivery(thin), [SECRET])
    assert event is not None
    assert (event.created, event.object_id, event.object_kind) == (NOON, "mtr_1", "billing.meter")


def test_while_a_secret_is_rolled_either_verifies() -> None:
    payload, old = _delivery(_event(), "whsec_old")
    _, new = _delivery(_event(), SECRET)
    both = f"{old},{new.partition(',')[2]}"
    for signature in (old, new, both):
        assert verify(payload, signature, ["whsec_old", SECRET]) is not None
    assert verify(payload, both, [SECRET]) is not None
    assert verify(payload, old, [SECRET]) is None


@pytest.mark.parametrize(("age", "accepted"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_delivery_of_another_time_is_refused_the_future_included(age: int, accepted: bool) -> None:
    assert (verify(*_delivery(_event(), at=NOW - age), [SECRET]) is not None) is accepted


def test_a_changed_body_or_no_secret_or_an_empty_one_verifies_nothing() -> None:
    payload, signature = _delivery(_event())
    assert verify(payload + b" ", signature, [SECRET]) is None
    assert verify(payload, signature, []) is None
    assert verify(*_delivery(_event(), ""), ["", "  "]) is None


def test_other_schemes_do_not_count() -> None:
    payload, signature = _delivery(_event())
    assert verify(payload, signature.replace("v1=", "v0="), [SECRET]) is None


@pytest.mark.parametrize(
    "body",
    [[], "text", 7, None, {}, {"object": "event"}, _event(created="x"), _event(data=[]), _event(id="")],
)
def test_a_signed_body_that_is_no_event_is_refused(body: object) -> None:
    assert verify(*_delivery(body), [SECRET]) is None


def test_a_signed_body_that_is_no_text_is_refused() -> None:
    payload = b"\xff\xfe{"
    mac = hmac.new(SECRET.encode(), f"{NOW}.".encode() + payload, hashlib.sha256).hexdigest()
    assert verify(payload, f"t={NOW},v1={mac}", [SECRET]) is None


@given(st.binary(max_size=200), st.text(max_size=200))
def test_nothing_is_raised_for_any_input(payload: bytes, signature: str) -> None:
    assert verify(payload, signature, [SECRET]) is None
    assert verify(payload, f"t={NOW},v1={signature}", [SECRET]) is None
