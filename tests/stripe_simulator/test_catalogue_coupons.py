"""Coupons, as far as discounts need them."""

from typing import Any

import pytest
import stripe

from stripe_contract import Service, refused, unique


async def coupon(service: Service, **params: Any) -> stripe.Coupon:
    given: Any = params
    return await service.client.v1.coupons.create_async(given)


async def test_a_coupon_takes_off_a_percentage(service: Service) -> None:
    made = await coupon(service, percent_off=12.5, duration="forever", id=unique("coupon"))
    assert (made.percent_off, made.amount_off, made.duration, made.valid) == (12.5, None, "forever", True)


async def test_a_coupon_takes_off_an_amount_once(service: Service) -> None:
    made = await coupon(service, amount_off=500, currency="eur")
    assert (made.amount_off, made.currency, made.duration, made.times_redeemed) == (500, "eur", "once", 0)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"percent_off": 10, "amount_off": 10, "currency": "eur"},
        {"percent_off": 101},
        {"percent_off": 0},
        {"amount_off": 10},
        {"amount_off": -10, "currency": "eur"},
        {"percent_off": 10, "duration": "repeating"},
        {"percent_off": 10, "duration": "weekly"},
    ],
)
async def test_a_coupon_that_makes_no_sense_is_refused(service: Service, params: dict[str, Any]) -> None:
    assert (await refused(coupon(service, **params))).http_status == 400


async def test_a_coupon_is_unique_and_can_be_retrieved_renamed_listed_and_deleted(service: Service) -> None:
    made = await coupon(service, percent_off=10, id=unique("coupon"), metadata={"a": "1"})
    coupons = service.client.v1.coupons
    assert (await coupons.retrieve_async(made.id)).percent_off == 10
    assert (await refused(coupon(service, percent_off=10, id=made.id))).http_status == 400
    assert (await coupons.update_async(made.id, {"name": "Launch"})).name == "Launch"
    assert made.id in [one.id for one in (await coupons.list_async()).data]
    assert (await coupons.delete_async(made.id)).deleted is True
    assert (await refused(coupons.retrieve_async(made.id))).http_status == 404
