"""Customers who subscribe without a seller's program, and what the official SDK sees of it."""

from stripe_contract import Service, customer, price


async def test_a_customer_at_checkout_is_subscribed_and_has_paid(simulator: Service):
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
    assert (seen.customer.email, seen.customer.name) == ("ann@acme.example", "Acme")
    events = await simulator.client.v1.events.list_async({"type": "customer.subscription.created"})
    assert events.data[0].data.object.id == bought["id"]
    assert events.data[0].request.idempotency_key is None


async def test_an_abandoned_checkout_of_a_known_customer_is_incomplete(simulator: Service):
    chosen, payer = await price(simulator), await customer(simulator)
    body = {"price": chosen.id, "customer": payer.id, "pays": False}
    bought = (await simulator.raw.post("/_sandbox/checkout", json=body)).json()
    assert (bought["customer"], bought["status"]) == (payer.id, "incomplete")


async def test_metadata_is_edited_in_the_dashboard_and_an_event_tells_what_it_was(simulator: Service):
    chosen = await price(simulator)
    bought = (await simulator.raw.post("/_sandbox/checkout", json={"price": chosen.id})).json()
    path = f"/_sandbox/subscriptions/{bought['id']}/metadata"

    await simulator.raw.post(path, json={"tenant-id": "acme", "note": "x"})
    edited = (await simulator.raw.post(path, json={"note": ""})).json()

    assert edited["metadata"] == {"tenant-id": "acme"}
    events = await simulator.client.v1.events.list_async({"type": "customer.subscription.updated"})
    newest = [event.data.previous_attributes.to_dict() for event in events.data[:2]]
    assert newest == [{"metadata": {"note": "x"}}, {"metadata": {"tenant-id": None, "note": None}}]


async def test_a_price_by_lookup_key_or_not_at_all(simulator: Service):
    chosen = await price(simulator, lookup_key="starter")
    bought = (await simulator.raw.post("/_sandbox/checkout", json={"price": "starter"})).json()
    assert bought["items"]["data"][0]["price"]["id"] == chosen.id
    refused = await simulator.raw.post("/_sandbox/checkout", json={"price": "growth"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "price")
