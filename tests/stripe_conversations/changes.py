"""Conversations about plan changes: items, prorations, pending updates, schedules, previews (stripe.md 7)."""

from typing import Any

import stripe

from stripe_contract import Service, customer, price, unique
from stripe_conversations.registry import conversation
from stripe_conversations.steps import DAY, MONTH, active, advance, now, pay, read, set_card


def first_item(subscription: stripe.Subscription) -> str:
    return str(subscription["items"]["data"][0]["id"])


@conversation("POST /v1/subscriptions/{}", "POST /v1/invoices/create_preview")
async def the_price_changes_with_every_proration(service: Service) -> None:
    subscriptions = service.client.v1.subscriptions
    subscription = await active(service)
    await service.client.v1.invoices.create_preview_async({"subscription": subscription.id})
    behaviors: tuple[Any, ...] = ("create_prorations", "always_invoice", "none")
    for behavior in behaviors:
        await advance(service, 3 * DAY)
        other = await price(service, unit_amount=9900)
        item: Any = {"id": first_item(subscription), "price": other.id, "quantity": 1}
        await service.client.v1.invoices.create_preview_async(
            {
                "subscription": subscription.id,
                "subscription_details": {"items": [item], "proration_behavior": behavior},
            }
        )
        await subscriptions.update_async(
            subscription.id,
            {"items": [item], "proration_behavior": behavior, "expand": ["latest_invoice"]},
        )
    await advance(service, MONTH)
    await read(service, subscription, "latest_invoice")


@conversation(
    "POST /v1/subscriptions/{}",
    events=("customer.subscription.pending_update_expired", "customer.subscription.pending_update_applied"),
)
async def a_declined_upgrade_waits(service: Service) -> None:
    for paid in (True, False):
        subscription = await active(service)
        await set_card(service, subscription, "declines")
        await service.client.v1.subscriptions.update_async(
            subscription.id,
            {
                "items": [
                    {
                        "id": first_item(subscription),
                        "price": (await price(service, unit_amount=9900)).id,
                        "quantity": 1,
                    }
                ],
                "payment_behavior": "pending_if_incomplete",
                "proration_behavior": "always_invoice",
                "expand": ["latest_invoice"],
            },
        )
        await read(service, subscription)
        if paid:
            await pay(service, subscription)
        await advance(service, DAY)
        await read(service, subscription)


@conversation(
    "POST /v1/subscription_items",
    "GET /v1/subscription_items",
    "GET /v1/subscription_items/{}",
    "POST /v1/subscription_items/{}",
    "DELETE /v1/subscription_items/{}",
)
async def an_item_is_added_changed_and_removed(service: Service) -> None:
    items = service.client.v1.subscription_items
    subscription = await active(service)
    extra = await items.create_async(
        {"subscription": subscription.id, "price": (await price(service, unit_amount=100)).id, "quantity": 2}
    )
    await items.update_async(extra.id, {"quantity": 3, "metadata": {"a": "b"}, "proration_behavior": "none"})
    await items.retrieve_async(extra.id)
    await items.list_async({"subscription": subscription.id, "limit": 1})
    await items.delete_async(extra.id)


@conversation(
    "POST /v1/subscription_schedules",
    "GET /v1/subscription_schedules",
    "GET /v1/subscription_schedules/{}",
    "POST /v1/subscription_schedules/{}",
    "POST /v1/subscription_schedules/{}/release",
    "POST /v1/subscription_schedules/{}/cancel",
    events=("subscription_schedule.created", "subscription_schedule.updated"),
)
async def a_schedule_changes_the_price_at_the_period_s_end(service: Service) -> None:
    schedules = service.client.v1.subscription_schedules
    subscription = await active(service)
    schedule = await schedules.create_async({"from_subscription": subscription.id})
    phase = schedule.phases[0]
    other = await price(service, unit_amount=9900)
    await schedules.update_async(
        schedule.id,
        {
            "end_behavior": "release",
            "phases": [
                {
                    "items": [{"price": str(phase["items"][0].price), "quantity": 1}],
                    "start_date": phase.start_date,
                    "end_date": phase.end_date,
                },
                {"items": [{"price": other.id, "quantity": 1}], "metadata": {"a": "b"}},
            ],
        },
    )
    await read(service, subscription, "schedule")
    await schedules.retrieve_async(schedule.id, {"expand": ["subscription", "customer"]})
    await schedules.list_async({"customer": str(subscription.customer)})
    await advance(service, MONTH)
    await read(service, subscription, "latest_invoice")
    await schedules.retrieve_async(schedule.id)
    for end in (schedules.release_async, schedules.cancel_async):
        another = await active(service)
        made = await schedules.create_async({"from_subscription": another.id})
        await end(made.id)


@conversation("POST /v1/billing/meter_events", "GET /v1/invoices/{}")
async def usage_is_billed(service: Service) -> None:
    billing = service.client.v1.billing
    meter = await billing.meters.create_async(
        {
            "display_name": "Devices",
            "event_name": unique("devices"),
            "default_aggregation": {"formula": "sum"},
        }
    )
    metered = await price(
        service, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id}
    )
    payer = await customer(
        service, payment_method="pm_card_visa", invoice_settings={"default_payment_method": "pm_card_visa"}
    )
    subscription = await service.client.v1.subscriptions.create_async(
        {
            "customer": payer.id,
            "items": [{"price": metered.id}],
            "billing_mode": {"type": "flexible"},
        }
    )
    await billing.meter_events.create_async(
        {
            "event_name": meter.event_name,
            "payload": {"stripe_customer_id": payer.id, "value": "42"},
            "timestamp": await now(service),
        }
    )
    await advance(service, MONTH)
    renewed = await read(service, subscription, "latest_invoice")
    await service.client.v1.invoices.retrieve_async(renewed.latest_invoice.id)  # type: ignore[union-attr] # expanded
