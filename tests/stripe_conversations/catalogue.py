"""Conversations about what is sold: products, prices, coupons, meters."""

from decimal import Decimal

from stripe_contract import Service, customer, price, product, refused, unique
from stripe_conversations.registry import conversation


@conversation(
    "POST /v1/products",
    "GET /v1/products",
    "GET /v1/products/{}",
    "GET /v1/products/search",
    "POST /v1/products/{}",
    "DELETE /v1/products/{}",
)
async def a_product_is_made_changed_and_deleted(service: Service) -> None:
    products = service.client.v1.products
    plain = await product(service)
    rich = await product(
        service,
        id=unique("plan"),
        description="Up to 500 devices",
        metadata={"tenantbilling.dev/plan": "starter"},
        tax_code="txcd_10000000",
        unit_label="device",
        statement_descriptor="STARTER",
        default_price_data={"currency": "eur", "unit_amount": 4900, "recurring": {"interval": "month"}},
    )
    await products.retrieve_async(rich.id, {"expand": ["default_price"]})
    await product(service, tax_details={"tax_code": "txcd_10000000"})
    await products.update_async(
        plain.id, {"active": False, "description": "", "metadata": {"a": "b"}, "tax_code": ""}
    )
    await products.list_async({"active": True, "limit": 1})
    await products.list_async({"ids": [plain.id], "expand": ["data.default_price"]})
    await products.search_async({"query": "active:'true'"})
    await products.delete_async(plain.id)
    await refused(products.delete_async(rich.id))


@conversation(
    "POST /v1/prices",
    "GET /v1/prices",
    "GET /v1/prices/{}",
    "GET /v1/prices/search",
    "POST /v1/prices/{}",
    events=("price.created", "price.updated"),
)
async def a_price_is_published_replaced_and_archived(service: Service) -> None:
    prices = service.client.v1.prices
    key = unique("starter")
    first = await price(service, lookup_key=key, tax_behavior="exclusive", nickname="Starter")
    second = await price(
        service,
        product=first.product,
        lookup_key=key,
        transfer_lookup_key=True,
        unit_amount=None,
        unit_amount_decimal=Decimal("0.5"),
        metadata={"tenantbilling.dev/plan": "starter"},
    )
    await prices.update_async(first.id, {"active": False, "metadata": {"a": ""}, "nickname": ""})
    await prices.retrieve_async(second.id, {"expand": ["product", "currency_options", "tiers"]})
    await prices.list_async({"lookup_keys": [key], "expand": ["data.product"]})
    await prices.list_async({"active": False, "type": "recurring", "product": str(first.product)})
    await prices.search_async({"query": f"lookup_key:'{key}'"})
    await price(service, recurring=None)
    await price(service, product_data={"name": "Inline"}, currency_options={"usd": {"unit_amount": 1300}})


@conversation("POST /v1/prices", "GET /v1/prices/{}")
async def a_price_has_tiers(service: Service) -> None:
    tiered = await price(
        service,
        unit_amount=None,
        billing_scheme="tiered",
        tiers_mode="graduated",
        tiers=[{"up_to": 100, "unit_amount": 50, "flat_amount": 0}, {"up_to": "inf", "unit_amount": 40}],
        expand=["tiers"],
    )
    await service.client.v1.prices.retrieve_async(tiered.id)
    await service.client.v1.prices.retrieve_async(tiered.id, {"expand": ["tiers"]})


@conversation(
    "POST /v1/billing/meters",
    "GET /v1/billing/meters",
    "GET /v1/billing/meters/{}",
    "POST /v1/billing/meters/{}",
    "POST /v1/billing/meters/{}/deactivate",
    "POST /v1/billing/meters/{}/reactivate",
    "GET /v1/billing/meters/{}/event_summaries",
    "POST /v1/billing/meter_events",
    "POST /v1/billing/meter_event_adjustments",
    events=("billing.meter.created", "billing.meter.deactivated", "billing.meter.reactivated"),
)
async def a_meter_counts_devices(service: Service) -> None:
    billing = service.client.v1.billing
    meter = await billing.meters.create_async(
        {
            "display_name": "Devices",
            "event_name": unique("devices"),
            "default_aggregation": {"formula": "last"},
            "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
            "value_settings": {"event_payload_key": "value"},
            "event_time_window": "hour",
        }
    )
    await price(service, recurring={"interval": "month", "usage_type": "metered", "meter": meter.id})
    payer = await customer(service)
    now = int((await service.raw.get("/_sandbox/clock")).json()["now"])
    await billing.meter_events.create_async(
        {
            "event_name": meter.event_name,
            "payload": {"stripe_customer_id": payer.id, "value": "42"},
            "timestamp": now,
            "identifier": "tenant:hour",
        }
    )
    minute = now - now % 60
    await billing.meters.event_summaries.list_async(
        meter.id, {"customer": payer.id, "start_time": minute - 3600, "end_time": minute + 60}
    )
    hour = now - now % 3600
    await billing.meters.event_summaries.list_async(
        meter.id,
        {
            "customer": payer.id,
            "start_time": hour,
            "end_time": hour + 3600,
            "value_grouping_window": "hour",
        },
    )
    await billing.meter_event_adjustments.create_async(
        {"event_name": meter.event_name, "type": "cancel", "cancel": {"identifier": "tenant:hour"}}
    )
    await billing.meters.update_async(meter.id, {"display_name": "All devices"})
    await billing.meters.deactivate_async(meter.id)
    await billing.meters.list_async({"status": "inactive"})
    await billing.meters.reactivate_async(meter.id)
    await billing.meters.retrieve_async(meter.id)


@conversation(
    "POST /v1/coupons",
    "GET /v1/coupons",
    "GET /v1/coupons/{}",
    "POST /v1/coupons/{}",
    "DELETE /v1/coupons/{}",
)
async def coupons_take_off_a_share_or_an_amount(service: Service) -> None:
    coupons = service.client.v1.coupons
    sold = await product(service)
    await coupons.create_async(
        {"percent_off": 20, "duration": "repeating", "duration_in_months": 3, "name": "Pilot"}
    )
    amount = await coupons.create_async(
        {
            "id": unique("pilot"),
            "amount_off": 500,
            "currency": "eur",
            "duration": "once",
            "applies_to": {"products": [sold.id]},
            "max_redemptions": 5,
            "metadata": {"a": "b"},
        }
    )
    await coupons.retrieve_async(amount.id, {"expand": ["applies_to"]})
    await coupons.update_async(amount.id, {"name": "Friends"})
    await coupons.list_async({"limit": 1})
    await coupons.delete_async(amount.id)
