"""Calls about products, prices and meters."""

from decimal import Decimal
from typing import Any

from outside_stubs import SUBJECT
from stripe_contract import Service, price, product, unique
from stripe_openapi.call_table import MARKS, CallTable, a_metered_price
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain import requests
from tenant_billing.domain.observations import PriceTier

calls = CallTable()


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
