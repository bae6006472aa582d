"""Prices (stripe.md 1.2, 7 and 8 item 8)."""

from decimal import Decimal
from typing import Any

import pytest
import stripe

from stripe_contract import Service, price, product, refused, unique


async def test_a_price_shows_what_it_costs(service: Service) -> None:
    made = await price(service, metadata={"plan": "starter"}, nickname="monthly")
    assert made.recurring is not None
    assert (made.unit_amount, made.unit_amount_decimal, made.currency) == (1200, Decimal(1200), "eur")
    assert (made.recurring.interval, made.recurring.interval_count) == ("month", 1)
    assert (made.recurring.usage_type, made.recurring.meter) == ("licensed", None)
    assert (made.type, made.billing_scheme, made.tax_behavior) == ("recurring", "per_unit", "unspecified")


async def test_an_amount_may_have_fractions_of_a_minor_unit(service: Service) -> None:
    made = await price(service, unit_amount=None, unit_amount_decimal=Decimal("0.25"))
    assert (made.unit_amount, made.unit_amount_decimal) == (None, Decimal("0.25"))


async def test_a_whole_decimal_amount_is_an_amount(service: Service) -> None:
    made = await price(service, unit_amount=None, unit_amount_decimal=Decimal("25.00"))
    assert (made.unit_amount, made.unit_amount_decimal) == (25, Decimal(25))


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"unit_amount": -1}, "unit_amount"),
        ({"currency": "xyz"}, "currency"),
        ({"unit_amount_decimal": Decimal(1)}, "unit_amount"),
        ({"unit_amount": None}, "unit_amount"),
        ({"product": "prod_missing"}, "product"),
        ({"recurring": {"interval": "year", "interval_count": 4}}, "recurring[interval_count]"),
        ({"recurring": {"interval": "month", "interval_count": 37}}, "recurring[interval_count]"),
        ({"recurring": {"interval": "week", "interval_count": 157}}, "recurring[interval_count]"),
        ({"recurring": {"interval": "month", "usage_type": "metered"}}, "recurring[meter]"),
        ({"recurring": {"interval": "month", "usage_type": "metered", "meter": "mtr_1"}}, "recurring[meter]"),
        ({"tiers": [{"up_to": "inf", "unit_amount": 1}]}, "tiers"),
        ({"billing_scheme": "tiered", "unit_amount": None, "tiers_mode": "volume"}, "tiers"),
    ],
)
async def test_a_price_that_makes_no_sense_is_refused(
    service: Service, changes: dict[str, Any], param: str
) -> None:
    error = await refused(price(service, **changes))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.param) == (400, param)


@pytest.mark.parametrize(
    "tiers",
    [
        [{"up_to": 10, "unit_amount": 1}],
        [{"up_to": "inf", "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}],
        [{"up_to": 10, "unit_amount": 1}, {"up_to": 5, "unit_amount": 1}, {"up_to": "inf", "unit_amount": 1}],
    ],
)
async def test_tiers_rise_and_end_with_infinity(service: Service, tiers: list[Any]) -> None:
    changes = {"billing_scheme": "tiered", "tiers_mode": "graduated", "unit_amount": None}
    assert (await refused(price(service, tiers=tiers, **changes))).http_status == 400


async def test_tiers_exclude_a_transformed_quantity(service: Service) -> None:
    changes = {"billing_scheme": "tiered", "tiers_mode": "graduated", "unit_amount": None}
    tiers = [{"up_to": "inf", "unit_amount": 1}]
    transform = {"divide_by": 10, "round": "up"}
    assert (
        await refused(price(service, tiers=tiers, transform_quantity=transform, **changes))
    ).http_status == 400


@pytest.mark.parametrize("field", ["unit_amount", "currency", "product", "recurring", "billing_scheme"])
async def test_what_a_price_costs_cannot_be_changed(service: Service, field: str) -> None:
    made = await price(service)
    value = {"interval": "year"} if field == "recurring" else "1"
    change: Any = {field: value}
    error = await refused(service.client.v1.prices.update_async(made.id, change))
    assert isinstance(error, stripe.InvalidRequestError)
    assert error.code == "parameter_unknown"


async def test_a_price_can_be_renamed_and_archived(service: Service) -> None:
    made = await price(service)
    changed = await service.client.v1.prices.update_async(
        made.id, {"nickname": "old", "active": False, "metadata": {"a": "1"}}
    )
    assert (changed.nickname, changed.active, changed.metadata.to_dict()) == ("old", False, {"a": "1"})


async def test_a_price_is_never_deleted(service: Service) -> None:
    made = await price(service)
    assert (await service.raw.delete(f"/v1/prices/{made.id}")).status_code == 404


async def test_a_tax_behaviour_is_fixed_once_chosen(service: Service) -> None:
    made = await price(service)
    prices = service.client.v1.prices
    chosen = await prices.update_async(made.id, {"tax_behavior": "exclusive"})
    assert chosen.tax_behavior == "exclusive"
    assert (await refused(prices.update_async(made.id, {"tax_behavior": "inclusive"}))).http_status == 400


async def test_lists_hide_archived_prices_unless_asked_for(service: Service) -> None:
    archived = await price(service, active=False)
    prices, of_product = service.client.v1.prices, str(archived.product)
    assert (await prices.list_async({"product": of_product})).data == []
    shown = await prices.list_async({"product": of_product, "active": False})
    assert [one.id for one in shown.data] == [archived.id]


async def test_a_lookup_key_finds_its_price(service: Service) -> None:
    key = unique("key")
    made = await price(service, lookup_key=key)
    found = await service.client.v1.prices.list_async({"lookup_keys": [key, unique("other")]})
    assert [one.id for one in found.data] == [made.id]


async def test_at_most_ten_lookup_keys_are_asked_for_at_once(service: Service) -> None:
    keys = [unique("key") for _ in range(11)]
    assert (await refused(service.client.v1.prices.list_async({"lookup_keys": keys}))).http_status == 400


@pytest.mark.parametrize("active", [True, False])
async def test_a_lookup_key_belongs_to_one_price_archived_or_not(service: Service, active: bool) -> None:
    key = unique("key")
    await price(service, lookup_key=key, active=active)
    error = await refused(price(service, lookup_key=key))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.param) == (400, "lookup_key")


async def test_a_refused_lookup_key_leaves_no_price(simulator: Service) -> None:
    first = await price(simulator, lookup_key="key")
    await refused(price(simulator, lookup_key="key", product=first.product))
    shown = await simulator.client.v1.prices.list_async({"product": str(first.product)})
    assert [one.id for one in shown.data] == [first.id]


async def test_a_lookup_key_moves_on_request(service: Service) -> None:
    key = unique("key")
    old = await price(service, lookup_key=key)
    new = await price(service, lookup_key=key, transfer_lookup_key=True)
    assert new.lookup_key == key
    assert (await service.client.v1.prices.retrieve_async(old.id)).lookup_key is None
    back = await service.client.v1.prices.update_async(
        old.id, {"lookup_key": key, "transfer_lookup_key": True}
    )
    assert back.lookup_key == key
    assert (await service.client.v1.prices.retrieve_async(new.id)).lookup_key is None


async def test_a_price_is_filtered_by_what_recurs(service: Service) -> None:
    of = (await product(service)).id
    monthly = await price(service, product=of)
    await price(service, product=of, recurring={"interval": "year"})
    await price(service, product=of, recurring=None)
    prices = service.client.v1.prices
    by_interval = await prices.list_async({"product": of, "recurring": {"interval": "month"}})
    assert [one.id for one in by_interval.data] == [monthly.id]
    assert len((await prices.list_async({"product": of, "type": "one_time"})).data) == 1


async def test_a_product_can_be_made_along_with_its_price(service: Service) -> None:
    made = await price(service, product_data={"name": "Inline"})
    assert (await service.client.v1.products.retrieve_async(str(made.product))).name == "Inline"


async def test_a_default_price_cannot_be_archived(simulator: Service) -> None:
    """Unconfirmed (stripe.md 7), so only the simulator states it."""
    made = await price(simulator)
    await simulator.client.v1.products.update_async(str(made.product), {"default_price": made.id})
    error = await refused(simulator.client.v1.prices.update_async(made.id, {"active": False}))
    assert error.http_status == 400


async def test_amounts_in_other_currencies_are_shown_when_expanded(service: Service) -> None:
    made = await price(service, currency_options={"usd": {"unit_amount": 1300}})
    assert "currency_options" not in made
    prices = service.client.v1.prices
    shown = await prices.retrieve_async(made.id, {"expand": ["currency_options"]})
    assert shown.currency_options is not None
    assert shown.currency_options["usd"].unit_amount == 1300
    assert shown.currency_options["usd"].tax_behavior == "unspecified"


async def test_amounts_in_other_currencies_can_be_added(service: Service) -> None:
    made = await price(service, currency_options={"usd": {"unit_amount": 1300}})
    changed = await service.client.v1.prices.update_async(
        made.id, {"currency_options": {"gbp": {"unit_amount": 1100}}, "expand": ["currency_options"]}
    )
    assert changed.currency_options is not None
    assert {"usd", "gbp"} <= set(changed.currency_options.to_dict())


async def test_a_customer_may_choose_the_amount(service: Service) -> None:
    made = await price(
        service, unit_amount=None, recurring=None, custom_unit_amount={"enabled": True, "minimum": 100}
    )
    assert made.custom_unit_amount is not None
    assert (made.unit_amount, made.custom_unit_amount.minimum, made.custom_unit_amount.preset) == (
        None,
        100,
        None,
    )


async def test_a_currency_is_written_in_lower_case(service: Service) -> None:
    assert (await price(service, currency="EUR")).currency == "eur"
