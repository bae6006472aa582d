"""What a coupon is good for, and how long (API reference, "Coupons")."""

from typing import Any

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
    START,
    a_coupon,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    latest_invoice,
    pass_time,
)
from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.problems import Problem


def first_total(account: Account, coupon: str, price: str | None = None) -> int:
    wanted = {"discounts": [{"coupon": coupon}]}
    subscription = a_subscription(account, a_customer(account), price or a_price(account), **wanted)
    return int(latest_invoice(account, subscription)["total"])


def test_a_discount_stays_when_its_coupon_is_deleted_and_made_anew() -> None:
    account = an_account()
    coupon = a_coupon(account)
    subscription = an_active_subscription(account, discounts=[{"coupon": coupon}])
    call(account, "DELETE", "/v1/coupons/{}", coupon)
    pass_time(account, days=31, seconds=HOUR)
    assert latest_invoice(account, subscription)["total"] == 3920
    a_coupon(account, percent_off="50")
    pass_time(account, days=28)
    assert latest_invoice(account, subscription)["total"] == 3920


def test_a_coupon_is_redeemed_no_more_often_than_it_says() -> None:
    account = an_account()
    coupon = a_coupon(account, max_redemptions=1)
    assert first_total(account, coupon) == 3920
    assert account.table("coupon")[coupon]["valid"] is False
    with pytest.raises(Problem) as refusal:
        first_total(account, coupon)
    assert refusal.value.code == "coupon_expired"


def test_a_coupon_is_redeemed_no_later_than_it_says() -> None:
    account = an_account()
    coupon = a_coupon(account, redeem_by=START + DAY)
    pass_time(account, days=1)
    assert first_total(account, coupon) == 3920
    pass_time(account, seconds=1)
    assert call(account, "GET", "/v1/coupons/{}", coupon)["valid"] is False
    with pytest.raises(Problem, match="expired"):
        first_total(account, coupon)


@pytest.mark.parametrize("wish", [{"redeem_by": START - 1}, {"max_redemptions": 0}])
def test_a_coupon_that_nobody_could_redeem_is_not_made(wish: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        a_coupon(an_account(), **wish)


@pytest.mark.parametrize("worth", [{"percent_off": "50"}, {"amount_off": 2450, "currency": "eur"}])
def test_a_coupon_for_one_product_takes_nothing_off_another(worth: dict[str, Any]) -> None:
    account = an_account()
    coupon = a_coupon(account, **worth, applies_to={"products": ["prod_1"]})
    assert first_total(account, coupon) == 2450
    assert first_total(account, coupon, a_price(account, product="prod_2")) == 4900


def test_an_amount_off_counts_in_its_currencies_only() -> None:
    account = an_account()
    coupon = a_coupon(account, amount_off=500, currency="eur", currency_options={"chf": {"amount_off": 600}})
    totals = [first_total(account, coupon, a_price(account, currency=name)) for name in ("eur", "chf", "usd")]
    assert totals == [4400, 4300, 4900]
