"""Conversations about the change feed: events, webhook endpoints, and the errors that Stripe words."""

from stripe_contract import Service, customer, price, product, refused, unique
from stripe_conversations.registry import conversation
from stripe_conversations.steps import subscribed


@conversation(
    "POST /v1/webhook_endpoints",
    "GET /v1/webhook_endpoints",
    "GET /v1/webhook_endpoints/{}",
    "POST /v1/webhook_endpoints/{}",
    "DELETE /v1/webhook_endpoints/{}",
)
async def a_webhook_endpoint_is_registered_and_removed(service: Service) -> None:
    endpoints = service.client.v1.webhook_endpoints
    endpoint = await endpoints.create_async(
        {
            "url": "http://127.0.0.1:9/webhooks/stripe/main",
            "enabled_events": ["invoice.paid", "customer.subscription.updated"],
            "api_version": "2026-10-28.endive",
            "description": "operator",
            "metadata": {"tenantbilling.dev/owner": "default"},
        }
    )
    await endpoints.update_async(endpoint.id, {"disabled": True, "enabled_events": ["*"], "description": ""})
    await endpoints.retrieve_async(endpoint.id)
    await endpoints.list_async({"limit": 1})
    await endpoints.delete_async(endpoint.id)


@conversation("GET /v1/events", "GET /v1/events/{}", events=("product.created", "product.updated"))
async def events_are_read_by_a_cursor(service: Service) -> None:
    events = service.client.v1.events
    sold = await product(service)
    cursor = (await events.list_async({"types": ["product.created"], "limit": 1})).data[0].id
    await service.client.v1.products.update_async(sold.id, {"name": "Other"})
    await events.list_async({"type": "product.*", "ending_before": cursor, "limit": 100})
    await events.list_async({"created": {"gte": 1}, "delivery_success": True})
    await events.retrieve_async(cursor)


@conversation()
async def mistakes_are_told(service: Service) -> None:
    api, key = service.client.v1, unique("key")
    await refused(api.subscriptions.retrieve_async("sub_none"))
    await refused(api.customers.list_async({"starting_after": "cus_none"}))
    await refused(api.prices.create_async({"currency": "xxx", "unit_amount": 1}))
    taken = await price(service, lookup_key=key)
    await refused(price(service, product=taken.product, lookup_key=key))
    await refused(product(service, colour="red"))
    await refused(price(service, unit_amount="many"))
    await refused(api.subscriptions.create_async({"customer": "cus_none", "items": [{"price": taken.id}]}))
    await api.products.create_async({"name": "One"}, {"idempotency_key": key})
    await refused(api.products.create_async({"name": "Two"}, {"idempotency_key": key}))
    await refused(api.products.list_async({}, {"api_key": "sk_test_wrong"}))
    payer = await customer(service, payment_method="pm_card_chargeCustomerFail")
    await refused(
        subscribed(
            service,
            customer=payer.id,
            default_payment_method="pm_card_chargeCustomerFail",
            payment_behavior="error_if_incomplete",
        )
    )
    await refused(api.invoices.pay_async("in_none"))
