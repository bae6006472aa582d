"""Conversations about the life of a subscription: every status, and every way there (stripe.md 2)."""

from stripe_contract import Service, customer, price, refused
from stripe_conversations.registry import conversation
from stripe_conversations.steps import (
    DAY,
    HOUR,
    MONTH,
    active,
    advance,
    control,
    past_due,
    pay,
    read,
    set_card,
    subscribed,
)


@conversation(
    "POST /v1/subscriptions",
    "GET /v1/subscriptions/{}",
    "GET /v1/subscriptions",
    "GET /v1/subscriptions/search",
    "POST /v1/subscriptions/{}",
    "DELETE /v1/subscriptions/{}",
    statuses=("incomplete", "active", "past_due", "canceled"),
    events=(
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.upcoming",
    ),
)
async def it_is_paid_fails_to_pay_and_is_cancelled(service: Service) -> None:
    subscriptions = service.client.v1.subscriptions
    subscription = await subscribed(
        service, expand=["latest_invoice"], metadata={"tenantbilling.dev/owner": "default"}
    )
    await pay(service, subscription)
    await subscriptions.update_async(
        subscription.id, {"metadata": {"a": "b"}, "description": "Tenant acme", "expand": ["latest_invoice"]}
    )
    await set_card(service, subscription, "declines")
    await advance(service, MONTH)
    await read(
        service, subscription, "latest_invoice.payments", "default_payment_method", "pending_setup_intent"
    )
    await subscriptions.list_async(
        {"customer": str(subscription.customer), "status": "all", "expand": ["data.latest_invoice"]}
    )
    await subscriptions.list_async({"status": "past_due", "created": {"gte": 1}, "limit": 1})
    await subscriptions.search_async({"query": "status:'past_due'"})
    await subscriptions.cancel_async(
        subscription.id,
        {
            "invoice_now": True,
            "prorate": False,
            "cancellation_details": {"comment": "left", "feedback": "unused"},
            "expand": ["latest_invoice"],
        },
    )
    await subscriptions.list_async({"status": "canceled"})
    await refused(subscriptions.cancel_async(subscription.id))


@conversation("GET /v1/subscriptions/{}", statuses=("incomplete_expired",), events=("invoice.voided",))
async def it_is_never_paid(service: Service) -> None:
    subscription = await subscribed(service)
    await refused(
        service.client.v1.subscriptions.update_async(subscription.id, {"cancel_at_period_end": True})
    )
    await pay(service, subscription, "declines")
    await pay(service, subscription, "requires_action")
    await advance(service, 24 * HOUR)
    await read(service, subscription, "latest_invoice")


@conversation(
    "GET /v1/subscriptions/{}",
    statuses=("trialing", "active", "canceled", "paused"),
    events=(
        "customer.subscription.trial_will_end",
        "customer.subscription.paused",
        "customer.subscription.resumed",
    ),
)
async def its_trial_ends_in_every_way(service: Service) -> None:
    for ending in ("create_invoice", "pause", "cancel"):
        subscription = await subscribed(
            service,
            trial_period_days=14,
            trial_settings={"end_behavior": {"missing_payment_method": ending}},
            expand=["pending_setup_intent"],
        )
        await advance(service, 15 * DAY)
        ended = await read(service, subscription, "latest_invoice")
        if ended.status == "paused":
            await service.client.v1.subscriptions.resume_async(
                subscription.id, {"billing_cycle_anchor": {"type": "now"}}
            )
            await pay(service, subscription)
    paying = await subscribed(service, trial_period_days=14)
    await pay(service, paying)
    await advance(service, 15 * DAY)
    await read(service, paying)


@conversation("GET /v1/subscriptions/{}", statuses=("unpaid", "canceled", "paused"))
async def the_last_retry_fails_and_the_account_decides(service: Service) -> None:
    for action in ("unpaid", "cancel", "pause"):
        await control(service, "account", terminal_action=action)
        subscription = await past_due(service)
        await advance(service, 60 * DAY)
        await read(service, subscription, "latest_invoice")


@conversation(
    "POST /v1/subscriptions/{}/pause",
    "POST /v1/subscriptions/{}/resume",
    statuses=("paused", "active"),
    events=("customer.subscription.paused", "customer.subscription.resumed"),
)
async def it_is_paused_and_resumed(service: Service) -> None:
    subscriptions = service.client.v1.subscriptions
    subscription = await active(service)
    await advance(service, 10 * DAY)
    await subscriptions.pause_async(subscription.id, {"type": "subscription"})
    await read(service, subscription)
    await subscriptions.resume_async(
        subscription.id,
        {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_success"},
    )
    await pay(service, subscription)
    await read(service, subscription, "latest_invoice")


@conversation("POST /v1/subscriptions/{}")
async def its_collection_is_paused(service: Service) -> None:
    subscriptions = service.client.v1.subscriptions
    subscription = await active(service)
    await subscriptions.update_async(
        subscription.id, {"pause_collection": {"behavior": "mark_uncollectible", "resumes_at": 2_000_000_000}}
    )
    await advance(service, MONTH)
    await read(service, subscription, "latest_invoice")
    await subscriptions.update_async(subscription.id, {"pause_collection": ""})


@conversation("POST /v1/subscriptions/{}", statuses=("active", "canceled"))
async def it_ends_with_its_period(service: Service) -> None:
    subscriptions = service.client.v1.subscriptions
    subscription = await active(service)
    await subscriptions.update_async(subscription.id, {"cancel_at_period_end": True})
    await subscriptions.update_async(subscription.id, {"cancel_at_period_end": False})
    await subscriptions.update_async(subscription.id, {"cancel_at_period_end": True})
    await advance(service, MONTH)
    await read(service, subscription, "latest_invoice")


@conversation("POST /v1/subscriptions", events=("invoice.overdue", "customer.subscription.created"))
async def it_is_invoiced_and_overdue(service: Service) -> None:
    subscription = await subscribed(
        service, collection_method="send_invoice", days_until_due=14, payment_behavior=None
    )
    await read(service, subscription, "latest_invoice")
    await advance(service, 16 * DAY)
    await read(service, subscription, "latest_invoice")
    await service.client.v1.subscriptions.list_async({"collection_method": "send_invoice"})


@conversation(
    "POST /v1/subscriptions",
    "DELETE /v1/subscriptions/{}/discount",
    events=("customer.discount.created", "customer.discount.deleted"),
)
async def it_is_discounted(service: Service) -> None:
    coupon = await service.client.v1.coupons.create_async({"percent_off": 20, "duration": "forever"})
    subscription = await subscribed(
        service, discounts=[{"coupon": coupon.id}], expand=["discounts", "latest_invoice.discounts"]
    )
    await pay(service, subscription)
    await read(service, subscription, "discounts")
    await read(service, subscription, "latest_invoice")
    await service.client.v1.subscriptions.delete_discount_async(subscription.id)
    await service.client.v1.subscriptions.update_async(
        subscription.id, {"discounts": [{"coupon": coupon.id}]}
    )
    await service.client.v1.subscriptions.update_async(subscription.id, {"discounts": ""})


@conversation("POST /v1/subscriptions", "GET /v1/subscriptions/{}")
async def it_is_taxed_automatically_and_paid_from_a_saved_card(service: Service) -> None:
    payer = await customer(
        service,
        payment_method="pm_card_visa",
        invoice_settings={"default_payment_method": "pm_card_visa"},
        address={"country": "BE"},
    )
    subscription = await subscribed(
        service,
        customer=payer.id,
        automatic_tax={"enabled": True},
        payment_behavior="error_if_incomplete",
        items=[{"price": (await price(service)).id, "quantity": 3, "metadata": {"a": "b"}}],
    )
    await read(service, subscription, "latest_invoice", "default_payment_method", "customer")


@conversation("POST /v1/subscriptions/{}/migrate")
async def it_goes_over_to_flexible_billing(service: Service) -> None:
    subscription = await active(service, billing_mode={"type": "classic"})
    await service.client.v1.subscriptions.migrate_async(
        subscription.id, {"billing_mode": {"type": "flexible"}}
    )


@conversation("POST /v1/subscriptions", statuses=("active",))
async def its_slow_first_payment_fails(service: Service) -> None:
    subscription = await subscribed(service)
    await pay(service, subscription, "processing_fails")
    await read(service, subscription, "latest_invoice.payments")
    await advance(service, 4 * DAY)
    await read(service, subscription, "latest_invoice.payments")
