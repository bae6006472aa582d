"""Customers who subscribe without a seller's program, and what the official SDK sees of it."""

from typing import Any

import pytest
import stripe

from stripe_contract import Service, advance, customer, price, refused

DAY = 24 * 3600


async def _opened(service: Service, **changes: Any) -> stripe.checkout.Session:
    """A session of one price, as a seller's shop opens it."""
    params: Any = {
        "mode": "subscription",
        "line_items": [{"price": (await price(service)).id, "quantity": 1}],
        "subscription_data": {"metadata": {"tenant-id": "acme"}},
        "success_url": "https://shop.example/thanks",
    }
    return await service.client.v1.checkout.sessions.create_async(params | changes)


async def _checked_out(service: Service, session: Any, **body: Any) -> dict[str, Any]:
    """What the customer gets who fills in the session's page."""
    answer = await service.raw.post(f"/_sandbox/checkout/sessions/{session.id}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _former(event: stripe.Event) -> dict[str, Any]:
    """What the changed values were before the event."""
    assert event.data.previous_attributes is not None
    return event.data.previous_attributes.to_dict()


async def test_a_customer_at_checkout_is_subscribed_and_has_paid(simulator: Service) -> None:
    chosen = await price(simulator)
    body = {
        "price": chosen.id,
        "email": "ann@acme.example",
        "name": "Acme",
        "metadata": {"tenant-id": "acme"},
    }
    bought = (await simulator.raw.post("/_sandbox/checkout", json=body)).json()

    seen = await simulator.client.v1.subscriptions.retrieve_async(bought["id"], {"expand": ["customer"]})
    assert (seen.status, seen.metadata["tenant-id"]) == ("active", "acme")
    assert isinstance(seen.customer, stripe.Customer)
    assert (seen.customer.email, seen.customer.name) == ("ann@acme.example", "Acme")
    events = await simulator.client.v1.events.list_async({"type": "customer.subscription.created"})
    assert events.data[0].data.object.id == bought["id"]
    assert events.data[0].request is not None
    assert events.data[0].request.idempotency_key is None


async def test_an_abandoned_checkout_of_a_known_customer_is_incomplete(simulator: Service) -> None:
    chosen, payer = await price(simulator), await customer(simulator)
    body = {"price": chosen.id, "customer": payer.id, "pays": False}
    bought = (await simulator.raw.post("/_sandbox/checkout", json=body)).json()
    assert (bought["customer"], bought["status"]) == (payer.id, "incomplete")


async def test_metadata_is_edited_in_the_dashboard_and_an_event_tells_what_it_was(simulator: Service) -> None:
    chosen = await price(simulator)
    bought = (await simulator.raw.post("/_sandbox/checkout", json={"price": chosen.id})).json()
    path = f"/_sandbox/subscriptions/{bought['id']}/metadata"

    await simulator.raw.post(path, json={"tenant-id": "acme", "note": "x"})
    edited = (await simulator.raw.post(path, json={"note": ""})).json()

    assert edited["metadata"] == {"tenant-id": "acme"}
    events = await simulator.client.v1.events.list_async({"type": "customer.subscription.updated"})
    newest = [_former(event) for event in events.data[:2]]
    assert newest == [{"metadata": {"note": "x"}}, {"metadata": {"tenant-id": None, "note": None}}]


async def test_a_price_by_lookup_key_or_not_at_all(simulator: Service) -> None:
    chosen = await price(simulator, lookup_key="starter")
    bought = (await simulator.raw.post("/_sandbox/checkout", json={"price": "starter"})).json()
    assert bought["items"]["data"][0]["price"]["id"] == chosen.id
    refused = await simulator.raw.post("/_sandbox/checkout", json={"price": "growth"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "price")


async def test_a_completed_session_is_told_last_and_names_what_was_bought(simulator: Service) -> None:
    session = await _opened(simulator, customer_email="ann@acme.example")
    assert (session.status, session.payment_status, session.customer) == ("open", "unpaid", None)

    bought = await _checked_out(simulator, session, name="Acme")

    assert (bought["status"], bought["metadata"]) == ("active", {"tenant-id": "acme"})
    newest = (await simulator.client.v1.events.list_async({"limit": 1})).data[0]
    told = newest.data.object
    assert newest.request is not None
    assert (newest.type, newest.request.id) == ("checkout.session.completed", None)
    assert (told.id, told.subscription, told.customer) == (session.id, bought["id"], bought["customer"])
    assert (told.status, told.payment_status, told.amount_total) == ("complete", "paid", 1200)
    assert told.customer_details.email == "ann@acme.example"


async def test_metadata_of_the_session_is_not_that_of_the_subscription(simulator: Service) -> None:
    """stripe.md 1.2: only ``subscription_data.metadata`` reaches it."""
    bought = await _checked_out(simulator, await _opened(simulator, metadata={"tenant-id": "other"}))
    assert bought["metadata"] == {"tenant-id": "acme"}


async def test_a_trial_needs_no_payment_yet(simulator: Service) -> None:
    session = await _opened(simulator, subscription_data={"trial_period_days": 14})
    bought = await _checked_out(simulator, session)
    seen = await simulator.client.v1.checkout.sessions.retrieve_async(session.id)
    assert (bought["status"], seen.payment_status, seen.amount_total) == (
        "trialing",
        "no_payment_required",
        0,
    )


async def test_a_declined_card_leaves_the_session_open(simulator: Service) -> None:
    session = await _opened(simulator)
    first = await _checked_out(simulator, session, pays=False)
    seen = await simulator.client.v1.checkout.sessions.retrieve_async(session.id)
    assert (first["status"], seen.status, seen.subscription) == ("incomplete", "open", None)
    assert (await _checked_out(simulator, session))["status"] == "active"


async def test_an_open_session_expires_after_a_day_and_then_sells_nothing(simulator: Service) -> None:
    session = await _opened(simulator)
    await advance(simulator, DAY)
    seen = await simulator.client.v1.checkout.sessions.retrieve_async(session.id)
    assert (seen.status, seen.url) == ("expired", None)
    late = await simulator.raw.post(f"/_sandbox/checkout/sessions/{session.id}", json={})
    assert late.status_code == 400


async def test_a_completed_session_cannot_be_expired(simulator: Service) -> None:
    session = await _opened(simulator)
    await _checked_out(simulator, session)
    error = await refused(simulator.client.v1.checkout.sessions.expire_async(session.id))
    assert error.http_status == 400


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "payment"}, "mode"),
        ({"allow_promotion_codes": True}, "allow_promotion_codes"),
        ({"line_items": []}, "line_items"),
        ({"customer_email": "a@b.example", "customer": "cus_1"}, "customer_email"),
        ({"expires_at": 1}, "expires_at"),
    ],
)
async def test_what_a_session_cannot_be_is_refused(
    simulator: Service, changes: dict[str, Any], param: str
) -> None:
    error = await refused(_opened(simulator, **changes))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.param) == (400, param)
