"""Calls about subscriptions and their schedules."""

from dataclasses import replace
from typing import Any

from outside_stubs import SUBJECT
from stripe_contract import Service, customer, price, unique
from stripe_conversations.steps import active, past_due, set_card
from stripe_openapi.call_table import MARKS, CallTable, a_metered_price, on_a_clock
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain import requests

calls = CallTable()


async def an_item_and_a_price(service: Service, *, declined: bool = False) -> tuple[str, str, str]:
    """The ids of a subscription, of its item, and of a price to put it on."""
    paid = await active(service)
    if declined:
        await set_card(service, paid, "declines")
    return paid.id, paid["items"]["data"][0]["id"], (await price(service, unit_amount=9900)).id


@calls("list_subscriptions")
async def _all_subscriptions(provider: StripeProvider, service: Service) -> None:
    await on_a_clock(service)
    assert [each async for each in provider.list_subscriptions()]


@calls("subscriptions_of")
async def _subscriptions_of_a_customer(provider: StripeProvider, service: Service) -> None:
    late = await past_due(service)
    assert await provider.subscriptions_of(str(late.customer))


@calls("subscription")
async def _one_subscription(provider: StripeProvider, service: Service) -> None:
    late = await past_due(service)
    assert await provider.subscription(late.id) is not None
    assert await provider.subscription("sub_none") is None


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
