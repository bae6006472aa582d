"""The billing engine as the official SDK sees it, over HTTP."""

from typing import Any

import stripe

from stripe_contract import Service, advance, customer, price, refused

HOUR = 3600
DAY = 24 * HOUR
AS_THE_OPERATOR: dict[str, Any] = {
    "payment_behavior": "default_incomplete",
    "payment_settings": {"save_default_payment_method": "on_subscription"},
    "billing_mode": {"type": "flexible"},
}


async def subscribed(simulator: Service, **changes: Any) -> stripe.Subscription:
    """A subscription as the operator creates it."""
    params: Any = {
        "customer": (await customer(simulator)).id,
        "items": [{"price": (await price(simulator)).id}],
        "expand": ["latest_invoice"],
    }
    return await simulator.client.v1.subscriptions.create_async(params | AS_THE_OPERATOR | changes)


def billed(subscription: stripe.Subscription) -> stripe.Invoice:
    """The latest invoice of a subscription that was asked for with it."""
    assert isinstance(subscription.latest_invoice, stripe.Invoice)
    return subscription.latest_invoice


async def pay(simulator: Service, subscription: stripe.Subscription) -> None:
    answer = await simulator.raw.post(f"/_sandbox/customers/{subscription.customer}/pay")
    assert answer.status_code == 200, answer.text


async def again(simulator: Service, subscription: stripe.Subscription) -> stripe.Subscription:
    return await simulator.client.v1.subscriptions.retrieve_async(
        subscription.id, {"expand": ["latest_invoice"]}
    )


async def test_the_hosted_invoice_is_paid_the_renewal_fails_and_is_paid(simulator: Service) -> None:
    subscription = await subscribed(simulator)
    assert subscription.status == "incomplete"
    assert str(billed(subscription).hosted_invoice_url).startswith("https://")

    await pay(simulator, subscription)
    subscription = await again(simulator, subscription)
    assert (subscription.status, billed(subscription).status) == ("active", "paid")

    await simulator.raw.post(
        f"/_sandbox/customers/{subscription.customer}/card", json={"behavior": "declines"}
    )
    await advance(simulator, 32 * DAY)
    subscription = await again(simulator, subscription)
    assert (subscription.status, billed(subscription).status) == ("past_due", "open")
    open_invoices = await simulator.client.v1.invoices.list_async(
        {"subscription": subscription.id, "status": "open"}
    )
    assert [invoice.id for invoice in open_invoices.data] == [billed(subscription).id]

    await pay(simulator, subscription)
    assert (await again(simulator, subscription)).status == "active"

    ended = await simulator.client.v1.subscriptions.cancel_async(subscription.id, {"invoice_now": True})
    assert ended.status == "canceled"


async def test_events_name_the_idempotency_key_of_the_call_that_caused_them(simulator: Service) -> None:
    params: Any = {
        "customer": (await customer(simulator)).id,
        "items": [{"price": (await price(simulator)).id}],
    }
    await simulator.client.v1.subscriptions.create_async(
        params | AS_THE_OPERATOR, {"idempotency_key": "uid-1"}
    )
    events = await simulator.client.v1.events.list_async({"types": ["customer.subscription.created"]})
    (event,) = events.data
    assert event.request is not None
    assert event.request.idempotency_key == "uid-1"
    assert event.api_version == "2026-10-28.endive"


async def test_events_are_read_on_from_a_cursor_oldest_first(simulator: Service) -> None:
    first = await subscribed(simulator)
    cursor = (await simulator.client.v1.events.list_async({"limit": 1})).data[0].id
    await pay(simulator, first)
    page = await simulator.client.v1.events.list_async({"ending_before": cursor, "limit": 2})
    types = [event.type async for event in page.auto_paging_iter()]
    causes_before_effects = ["payment_method.attached", "invoice.paid", "customer.subscription.updated"]
    assert [type_ for type_ in types if type_ in causes_before_effects] == causes_before_effects


async def test_events_older_than_30_days_are_gone(simulator: Service) -> None:
    await subscribed(simulator)
    await advance(simulator, 30 * DAY)
    assert (await simulator.client.v1.events.list_async({"type": "price.created"})).data == []


async def test_cancelled_subscriptions_are_hidden_from_plain_lists_and_found_as_ended(
    simulator: Service,
) -> None:
    subscription = await subscribed(simulator)
    subscriptions = simulator.client.v1.subscriptions
    await subscriptions.cancel_async(subscription.id)
    assert (await subscriptions.list_async()).data == []
    for status in ("all", "ended", "canceled"):
        assert [one.id for one in (await subscriptions.list_async({"status": status})).data] == [
            subscription.id
        ]


async def test_deleting_a_customer_cancels_its_subscriptions(simulator: Service) -> None:
    subscription = await subscribed(simulator)
    await pay(simulator, subscription)
    await simulator.client.v1.customers.delete_async(str(subscription.customer))
    assert (await again(simulator, subscription)).status == "canceled"


async def test_a_declined_payment_is_a_card_error(simulator: Service) -> None:
    subscription = await subscribed(simulator)
    card = await simulator.client.v1.payment_methods.attach_async(
        "pm_card_chargeCustomerFail", {"customer": str(subscription.customer)}
    )
    error = await refused(
        simulator.client.v1.invoices.pay_async(billed(subscription).id, {"payment_method": card.id})
    )
    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code) == (402, "card_declined")


async def test_payments_of_an_invoice_are_shown_when_expanded_only(simulator: Service) -> None:
    subscription = await subscribed(simulator)
    await pay(simulator, subscription)
    invoices = simulator.client.v1.invoices
    plain = await invoices.retrieve_async(billed(subscription).id)
    expanded = await invoices.retrieve_async(billed(subscription).id, {"expand": ["payments"]})
    assert "payments" not in plain
    assert expanded.payments is not None
    assert [payment.amount_paid for payment in expanded.payments.data] == [1200]


async def test_the_date_header_tells_the_account_s_time(simulator: Service) -> None:
    before = (await simulator.raw.get("/v1/events")).headers["Date"]
    await advance(simulator, DAY)
    clock = (await simulator.raw.get("/_sandbox/clock")).json()["now"]
    after = (await simulator.raw.get("/v1/events")).headers["Date"]
    assert before != after
    assert clock > 0


async def test_the_account_s_dunning_can_be_set_and_wrong_settings_are_refused(simulator: Service) -> None:
    answer = await simulator.raw.post("/_sandbox/account", json={"terminal_action": "unpaid"})
    assert answer.json()["terminal_action"] == "unpaid"
    for wrong in ({"terminal_action": "explode"}, {"unknown": 1}):
        assert (await simulator.raw.post("/_sandbox/account", json=wrong)).status_code == 400
    assert (await simulator.raw.post("/_sandbox/clock/advance", json={"seconds": -1})).status_code == 400


async def test_a_test_clock_s_objects_have_their_own_time_and_are_hidden_from_plain_lists(
    simulator: Service,
) -> None:
    clocks = simulator.client.v1.test_helpers.test_clocks
    clock = await clocks.create_async({"frozen_time": 1_800_000_000})
    bound = await customer(simulator, test_clock=clock.id)
    subscription = await subscribed(simulator, customer=bound.id)
    assert subscription.created == 1_800_000_000
    subscriptions = simulator.client.v1.subscriptions
    assert (await subscriptions.list_async()).data == []
    assert len((await subscriptions.list_async({"customer": bound.id})).data) == 1
    assert len((await subscriptions.list_async({"test_clock": clock.id})).data) == 1

    advancing = await clocks.advance_async(clock.id, {"frozen_time": 1_800_000_000 + DAY})
    assert advancing.status == "advancing"
    assert (await clocks.retrieve_async(clock.id)).status == "advancing"
    assert (await clocks.retrieve_async(clock.id)).status == "ready"
    assert (await again(simulator, subscription)).status == "incomplete_expired"


async def test_a_test_clock_goes_forward_two_intervals_at_most(simulator: Service) -> None:
    clocks = simulator.client.v1.test_helpers.test_clocks
    clock = await clocks.create_async({"frozen_time": 1_800_000_000})
    bound = await customer(simulator, test_clock=clock.id)
    await subscribed(simulator, customer=bound.id)
    for refused_time in (1_800_000_000 + 70 * DAY, 1_800_000_000 - 1):
        error = await refused(clocks.advance_async(clock.id, {"frozen_time": refused_time}))
        assert error.http_status == 400


async def test_usage_is_billed_at_finalisation_and_late_usage_is_lost(simulator: Service) -> None:
    meter = await simulator.client.v1.billing.meters.create_async(
        {
            "display_name": "Devices",
            "event_name": "devices",
            "default_aggregation": {"formula": "last"},
        }
    )
    metered = await price(
        simulator,
        unit_amount=50,
        recurring={"interval": "month", "usage_type": "metered", "meter": meter.id},
    )
    subscription = await subscribed(simulator, items=[{"price": metered.id}])
    assert subscription.status == "active"
    item = subscription["items"].data[0]
    events = simulator.client.v1.billing.meter_events

    async def report(value: str, timestamp: int) -> None:
        payload = {"stripe_customer_id": str(subscription.customer), "value": value}
        await events.create_async({"event_name": "devices", "payload": payload, "timestamp": timestamp})

    await report("10", item.current_period_start)
    await advance(simulator, item.current_period_end - item.current_period_start + 60)
    await report("12", item.current_period_end - 1)
    await advance(simulator, HOUR)
    await report("99", item.current_period_end - 1)
    invoice = billed(await again(simulator, subscription))
    assert (invoice.status, invoice.subtotal) == ("open", 600)
    summaries = await simulator.client.v1.billing.meters.event_summaries.list_async(
        meter.id,
        {
            "customer": str(subscription.customer),
            "start_time": item.current_period_start // 60 * 60,
            "end_time": (item.current_period_end // 60 + 1) * 60,
        },
    )
    assert [summary.aggregated_value for summary in summaries.data] == [99]
