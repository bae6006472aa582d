"""Every call that the operator makes to Stripe, with every parameter that it may send."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from outside_stubs import SUBJECT
from stripe_contract import Service, customer, price, product, unique
from stripe_conversations.steps import active, now, past_due, set_card, subscribed
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.clients.stripe_webhook_endpoints import EVENT_VERSION
from tenant_billing.domain import requests
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.metering import UsageReport
from tenant_billing.domain.observations import Customer, Meter, PriceTier, Subscription
from tenant_billing.domain.webhook_endpoints import NewWebhookEndpoint, WebhookEndpointChange, marks_of

START = datetime(2026, 1, 1, tzinfo=UTC)
Calling = Callable[[StripeProvider, Service], Awaitable[None]]
MARKS: Mapping[str, str] = {"tenantbilling.dev/owner": "default", "tenantbilling.dev/plan": "starter"}
CALLS: dict[str, Calling] = {}
"""By name of the port's method."""
SILENT = frozenset({"time", "close"})
"""Methods of the port that send nothing."""


def calls(method: str) -> Callable[[Calling], Calling]:
    """Enter a function into the table that calls a method of the port."""

    def register(function: Calling) -> Calling:
        CALLS[method] = function
        return function

    return register


async def on_a_clock(service: Service) -> str:
    """The id of a test clock with a subscribed customer."""
    clocks = service.client.v1.test_helpers.test_clocks
    clock = await clocks.create_async({"frozen_time": await now(service)})
    await subscribed(service, customer=(await customer(service, test_clock=clock.id)).id)
    return clock.id


def new_price(product_id: str, **changes: Any) -> requests.NewPrice:
    """49.00 EUR a month."""
    values: dict[str, Any] = {
        "product_id": product_id,
        "currency": "EUR",
        "unit_amount": 4900,
        "interval": "month",
        "interval_count": 1,
        "tax_behavior": "exclusive",
        "lookup_key": unique("starter"),
        "metadata": MARKS,
    }
    return requests.NewPrice(**values | changes)


async def a_metered_price(service: Service) -> str:
    """The id of a price for what a meter counts."""
    meter = await service.client.v1.billing.meters.create_async(
        {
            "display_name": "Devices",
            "event_name": unique("devices"),
            "default_aggregation": {"formula": "last"},
        }
    )
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter.id}
    return (await price(service, recurring=recurring)).id


async def an_item_and_a_price(service: Service, *, declined: bool = False) -> tuple[str, str, str]:
    """The ids of a subscription, of its item, and of a price to put it on."""
    paid = await active(service)
    if declined:
        await set_card(service, paid, "declines")
    return paid.id, paid["items"]["data"][0]["id"], (await price(service, unit_amount=9900)).id


@calls("account")
async def _whose_key_it_is(provider: StripeProvider, service: Service) -> None:
    await provider.account()


@calls("clock_time")
async def _time_of_a_test_clock(provider: StripeProvider, service: Service) -> None:
    assert await provider.clock_time(await on_a_clock(service)) is not None
    assert await provider.clock_time("clock_none") is None


@calls("list_products")
async def _all_products(provider: StripeProvider, service: Service) -> None:
    await product(service)
    assert [each async for each in provider.list_products()]


@calls("list_prices")
async def _all_prices(provider: StripeProvider, service: Service) -> None:
    await price(service)
    assert [each async for each in provider.list_prices()]


@calls("list_meters")
async def _all_meters(provider: StripeProvider, service: Service) -> None:
    await a_metered_price(service)
    assert [each async for each in provider.list_meters()]


@calls("meter")
async def _one_meter(provider: StripeProvider, service: Service) -> None:
    new = requests.NewMeter(unique("devices"), "Devices")
    meter = await provider.create_meter(new, unique("key"), SUBJECT)
    assert await provider.meter(meter.id) == meter
    assert await provider.meter("mtr_none") is None


@calls("create_meter")
async def _a_new_meter(provider: StripeProvider, service: Service) -> None:
    await provider.create_meter(requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT)


@calls("list_customers")
async def _all_customers(provider: StripeProvider, service: Service) -> None:
    await on_a_clock(service)
    assert [each async for each in provider.list_customers()]


@calls("list_subscriptions")
async def _all_subscriptions(provider: StripeProvider, service: Service) -> None:
    await on_a_clock(service)
    assert [each async for each in provider.list_subscriptions()]


@calls("created_since")
async def _newcomers(provider: StripeProvider, service: Service) -> None:
    await on_a_clock(service)
    found = await provider.created_since(START)
    assert {type(each) for each in found} == {Customer, Subscription}


@calls("list_open_invoices")
async def _all_open_invoices(provider: StripeProvider, service: Service) -> None:
    await subscribed(service)
    await on_a_clock(service)
    assert len([each async for each in provider.list_open_invoices()]) == 2


@calls("subscriptions_of")
async def _subscriptions_of_a_customer(provider: StripeProvider, service: Service) -> None:
    late = await past_due(service)
    assert await provider.subscriptions_of(str(late.customer))


@calls("subscription")
async def _one_subscription(provider: StripeProvider, service: Service) -> None:
    late = await past_due(service)
    assert await provider.subscription(late.id) is not None
    assert await provider.subscription("sub_none") is None


@calls("customer")
async def _one_customer(provider: StripeProvider, service: Service) -> None:
    assert await provider.customer((await customer(service)).id) is not None


@calls("price")
async def _one_price(provider: StripeProvider, service: Service) -> None:
    assert await provider.price((await price(service)).id) is not None


@calls("product")
async def _one_product(provider: StripeProvider, service: Service) -> None:
    assert await provider.product((await product(service)).id) is not None


@calls("create_product")
async def _a_new_product(provider: StripeProvider, service: Service) -> None:
    for description, tax_code in (("Up to 500 devices", "txcd_10000000"), (None, None)):
        new = requests.NewProduct("Starter", description, tax_code, MARKS)
        await provider.create_product(new, unique("key"), SUBJECT)


@calls("update_product")
async def _a_changed_product(provider: StripeProvider, service: Service) -> None:
    cost = await price(service)
    every = requests.ProductChange("Other", "Cheaper", "txcd_10000000", cost.id, active=False)
    for change in (every, requests.ProductChange(description="", tax_code="")):
        await provider.update_product(str(cost.product), change, SUBJECT)


@calls("create_price")
async def _a_new_price(provider: StripeProvider, service: Service) -> None:
    sold = (await product(service)).id
    meter = await provider.create_meter(
        requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT
    )
    steps = (PriceTier(100, Decimal("0.5"), Decimal(100)), PriceTier(None, Decimal(40)))
    for new in (
        new_price(sold),
        new_price(sold, interval="week", interval_count=2, tax_behavior="inclusive"),
        new_price(sold, tax_behavior="unspecified", unit_amount_decimal=Decimal("0.5")),
        new_price(sold, meter_id=meter.id),
        new_price(sold, meter_id=meter.id, unit_amount=None, tiers=steps, tiers_mode="graduated"),
        new_price(sold, unit_amount=None, tiers=steps, tiers_mode="volume"),
    ):
        await provider.create_price(new, unique("key"), SUBJECT)


@calls("archive_price")
async def _an_archived_price(provider: StripeProvider, service: Service) -> None:
    await provider.archive_price((await price(service)).id, SUBJECT)


@calls("create_customer")
async def _a_new_customer(provider: StripeProvider, service: Service) -> None:
    home = requests.Address("Main St 1", "Floor 2", "Ghent", "East Flanders", "1000", "BE")
    every = requests.NewCustomer(
        "billing@acme.example", "Acme Ltd", "Pilot customer", home, (("eu_vat", "BE0123456789"),), MARKS
    )
    for new in (every, requests.NewCustomer(None, None, None, None, (), MARKS)):
        await provider.create_customer(new, unique("key"), SUBJECT)


@calls("mark_customer")
async def _a_marked_customer(provider: StripeProvider, service: Service) -> None:
    marks = {**MARKS, "tenant-id": ""}
    await provider.mark_customer((await customer(service)).id, marks, SUBJECT)


@calls("create_subscription")
async def _a_new_subscription(provider: StripeProvider, service: Service) -> None:
    coupon = await service.client.v1.coupons.create_async({"percent_off": 20, "duration": "forever"})
    variants: list[dict[str, Any]] = [
        {},
        {"days_until_due": 14, "automatic_tax": True, "coupon_ids": (coupon.id,)},
        *(
            {"trial_days": 14, "trial_without_payment_method": ending}
            for ending in ("create_invoice", "pause", "cancel", None)
        ),
    ]
    for variant in variants:
        payer = await customer(service, address={"country": "BE"})
        new = requests.NewSubscription(payer.id, (await price(service)).id, MARKS, **variant)
        await provider.create_subscription(new, unique("key"), SUBJECT)
    metered = requests.NewSubscription(
        (await customer(service)).id, await a_metered_price(service), MARKS, metered=True
    )
    await provider.create_subscription(metered, unique("key"), SUBJECT)


@calls("change_item")
async def _an_item_on_another_price(provider: StripeProvider, service: Service) -> None:
    for proration in ("create_prorations", "always_invoice", "none"):
        await provider.change_item(
            requests.ItemChange(*await an_item_and_a_price(service), 3, proration, False, MARKS),
            unique("key"),
            SUBJECT,
        )
    for declined in (False, True):
        subscription_id, item_id, price_id = await an_item_and_a_price(service, declined=declined)
        waiting = requests.ItemChange(
            subscription_id, item_id, price_id, 1, "always_invoice", only_when_paid=True, metadata=MARKS
        )
        await provider.change_item(waiting, unique("key"), SUBJECT)


@calls("change_subscription")
async def _a_changed_subscription(provider: StripeProvider, service: Service) -> None:
    paid = await active(service)
    for change in (
        requests.SubscriptionChange(cancel_at_period_end=True, metadata=MARKS),
        requests.SubscriptionChange(cancel_at_period_end=False),
        requests.SubscriptionChange(metadata={"tenant-id": ""}),
        requests.SubscriptionChange(collection=requests.CollectionChange(14)),
        requests.SubscriptionChange(collection=requests.CollectionChange(None)),
        requests.SubscriptionChange(discounts=requests.DiscountsChange((), ())),
    ):
        await provider.change_subscription(paid.id, change, SUBJECT)
    for percent in (10, 20):
        coupon = await service.client.v1.coupons.create_async({"percent_off": percent, "duration": "forever"})
        present = await provider.subscription(paid.id)
        assert present is not None
        discounts = requests.DiscountsChange(tuple(each.id for each in present.discounts), (coupon.id,))
        change = requests.SubscriptionChange(discounts=discounts)
        await provider.change_subscription(paid.id, change, SUBJECT)


async def a_move(service: Service, *, metered: bool = False, **created: Any) -> requests.PeriodEndMove:
    """From a subscription's price to another interval, or to what a meter counts; no schedule is attached yet."""
    paid = await active(service, **created)
    new = await a_metered_price(service) if metered else (await price(service, unit_amount=49000)).id
    item = paid["items"]["data"][0]
    quantity = None if metered else 1
    return requests.PeriodEndMove(paid.id, "", item["price"]["id"], new, quantity, ("month", 1), MARKS, MARKS)


@calls("attach_schedule")
async def _a_new_schedule(provider: StripeProvider, service: Service) -> None:
    await provider.attach_schedule((await active(service)).id, unique("key"), SUBJECT)


@calls("plan_move")
async def _a_move_at_the_period_s_end(provider: StripeProvider, service: Service) -> None:
    coupon = await service.client.v1.coupons.create_async({"percent_off": 20, "duration": "forever"})
    for move in (
        await a_move(service),
        await a_move(service, metered=True, discounts=[{"coupon": coupon.id}]),
    ):
        scheduled = await provider.attach_schedule(move.subscription_id, unique("key"), SUBJECT)
        await provider.plan_move(replace(move, schedule_id=scheduled.schedule_id or ""), SUBJECT)


@calls("release_schedule")
async def _a_released_schedule(provider: StripeProvider, service: Service) -> None:
    scheduled = await provider.attach_schedule((await active(service)).id, unique("key"), SUBJECT)
    for _ in range(2):
        await provider.release_schedule(scheduled.id, scheduled.schedule_id or "", SUBJECT)


@calls("cancel_subscription")
async def _a_cancelled_subscription(provider: StripeProvider, service: Service) -> None:
    paid = await active(service)
    await provider.cancel_subscription(paid.id, SUBJECT)
    await provider.cancel_subscription(paid.id, SUBJECT)


@calls("events_after")
async def _events_from_a_cursor_and_since_a_time(provider: StripeProvider, service: Service) -> None:
    await active(service)
    first, *_ = [each async for each in provider.events_after(None, START)]
    assert [each async for each in provider.events_after(first.id, None)]
    assert [each async for each in provider.events_after(None, None)]


@calls("newest_event")
async def _the_newest_event(provider: StripeProvider, service: Service) -> None:
    await subscribed(service)
    assert await provider.newest_event() is not None


def new_endpoint() -> NewWebhookEndpoint:
    """An endpoint as the operator registers it."""
    marks = marks_of("default", "main")
    return NewWebhookEndpoint("https://hooks.example.com/main", EVENT_TYPES, EVENT_VERSION, marks)


@calls("webhook_endpoints")
async def _all_webhook_endpoints(provider: StripeProvider, service: Service) -> None:
    created = await provider.create_webhook_endpoint(new_endpoint(), unique("key"), SUBJECT)
    assert created.endpoint in await provider.webhook_endpoints()


@calls("create_webhook_endpoint")
async def _a_new_webhook_endpoint(provider: StripeProvider, service: Service) -> None:
    key = unique("key")
    created = await provider.create_webhook_endpoint(new_endpoint(), key, SUBJECT)
    assert created.secret.startswith("whsec_")
    assert await provider.create_webhook_endpoint(new_endpoint(), key, SUBJECT) == created
    assert "whsec_" not in repr(created)


@calls("update_webhook_endpoint")
async def _a_changed_webhook_endpoint(provider: StripeProvider, service: Service) -> None:
    created = await provider.create_webhook_endpoint(new_endpoint(), unique("key"), SUBJECT)
    change = WebhookEndpointChange("https://hooks.example.com/other", EVENT_TYPES[:3])
    changed = await provider.update_webhook_endpoint(created.endpoint.id, change, SUBJECT)
    assert (changed.url, changed.event_types) == (change.url, frozenset(change.event_types))


@calls("delete_webhook_endpoint")
async def _no_webhook_endpoint_any_more(provider: StripeProvider, service: Service) -> None:
    created = await provider.create_webhook_endpoint(new_endpoint(), unique("key"), SUBJECT)
    for _ in range(2):
        await provider.delete_webhook_endpoint(created.endpoint.id, SUBJECT)
    assert created.endpoint.id not in {each.id for each in await provider.webhook_endpoints()}


@calls("report_usage")
async def _reported_usage(provider: StripeProvider, service: Service) -> None:
    meter = await provider.create_meter(
        requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT
    )
    reported = usage_report(meter, (await customer(service)).id)
    await provider.report_usage(reported, SUBJECT)
    await provider.report_usage(reported, SUBJECT)


@calls("usage_sum")
async def _what_usage_comes_to(provider: StripeProvider, service: Service) -> None:
    meter = await provider.create_meter(
        requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT
    )
    payer, other = (await customer(service)).id, (await customer(service)).id
    await provider.report_usage(usage_report(meter, payer), SUBJECT)
    end = START + timedelta(minutes=1)
    assert await provider.usage_sum(meter.id, payer, START, end) == 7
    assert await provider.usage_sum(meter.id, other, START, end) is None


@calls("meter_errors")
async def _what_was_wrong_with_usage(provider: StripeProvider, service: Service) -> None:
    meter = await provider.create_meter(
        requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT
    )
    await provider.report_usage(usage_report(meter, "cus_none"), SUBJECT)
    (found,) = [each async for each in provider.meter_errors(None)]
    assert found.meter_id == meter.id


def usage_report(meter: Meter, customer_id: str) -> UsageReport:
    """Seven devices at the simulator's start."""
    return UsageReport(customer_id, meter, 7, START, unique("uid-of-acme"))
