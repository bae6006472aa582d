"""Discounts: coupons applied to a subscription, and what they take off an invoice."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.lists import referred
from tenant_billing_sandbox.stripe.engine.money import rounded, spread
from tenant_billing_sandbox.stripe.engine.periods import after
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.problems import invalid


@dataclass
class Given:
    """What the discounts were given for: a coupon may be deleted, the discounts of it stay.

    Attributes:
        coupons: The coupon of each discount, by the discount's id.
    """

    coupons: dict[str, Object] = field(default_factory=dict)


def check(account: Account, wanted: Any) -> None:
    """Refuse a ``discounts`` parameter that names what does not exist or is no longer valid.

    Raises:
        Problem: 400.
    """
    for number, entry in enumerate(wanted or []):
        if entry.get("discount"):
            referred(account, "discount", entry["discount"], f"discounts[{number}][discount]")
            continue
        coupon = referred(account, "coupon", str(entry.get("coupon", "")), f"discounts[{number}][coupon]")
        if not coupon["valid"]:
            raise invalid(f"Coupon {coupon['id']} is expired.", param="coupon", code="coupon_expired")


def is_valid(coupon: Object, now: int) -> bool:
    """Whether a coupon may still be redeemed: not after ``redeem_by``, nor more often than ``max_redemptions``."""
    last, most = coupon["redeem_by"], coupon["max_redemptions"]
    return (last is None or last >= now) and (most is None or coupon["times_redeemed"] < most)


def resolve(account: Account, customer: Object, subscription_id: str, wanted: Any) -> list[str]:
    """Turn a checked ``discounts`` parameter into ids of discounts; existing ones are kept by ``discount``."""
    return [
        entry["discount"]
        if entry.get("discount")
        else _new(account, customer, subscription_id, account.table("coupon")[entry["coupon"]])["id"]
        for entry in wanted or []
    ]


def foreseen(account: Account, wanted: Any) -> list[Object]:
    """What a checked ``discounts`` parameter would take off, without redeeming anything."""
    known = account.table("discount")
    return [
        known[entry["discount"]]
        if entry.get("discount")
        else {"id": "", "source": {"coupon": entry["coupon"], "type": "coupon"}}
        for entry in wanted or []
    ]


def _new(account: Account, customer: Object, subscription_id: str, coupon: Object) -> Object:
    start = time_of(account, customer)
    months = coupon.get("duration_in_months")
    discount: Object = {
        "id": account.new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": customer["id"],
        "customer_account": None,
        "end": after(start, "month", months) if coupon["duration"] == "repeating" and months else None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": start,
        "subscription": subscription_id,
        "subscription_item": None,
    }
    account.table("discount")[discount["id"]] = discount
    account.part(Given).coupons[discount["id"]] = copy.deepcopy(coupon)
    coupon["times_redeemed"] += 1
    coupon["valid"] = is_valid(coupon, account.now)
    account.emit("customer.discount.created", discount)
    return discount


def in_force(account: Account, subscription: Object) -> list[Object]:
    """The subscription's discounts that have not ended."""
    now = time_of(account, subscription)
    discounts = [account.table("discount")[identifier] for identifier in subscription["discounts"]]
    return [discount for discount in discounts if discount["end"] is None or discount["end"] > now]


def use_up(account: Account, subscription: Object) -> None:
    """End the discounts that last for one invoice only."""
    for discount in in_force(account, subscription):
        if _coupon(account, discount)["duration"] == "once":
            discount["end"] = time_of(account, subscription)
            account.emit("customer.discount.deleted", discount)


def apply(account: Account, discounts: list[Object], lines: list[Object]) -> None:
    """Write onto each discountable line what each discount takes off it, one discount after the other."""
    for line in lines:
        line["discount_amounts"] = []
    discountable = [line for line in lines if line["discountable"]]
    for discount in discounts:
        coupon = _coupon(account, discount)
        eligible = [
            line for line in discountable if _covers(coupon, line["pricing"]["price_details"]["product"])
        ]
        remaining = [
            line["amount"] - sum(part["amount"] for part in line["discount_amounts"]) for line in eligible
        ]
        reductions = _reductions(coupon, remaining, {line["currency"] for line in eligible})
        for line, amount in zip(eligible, reductions, strict=True):
            line["discount_amounts"].append({"amount": amount, "discount": discount["id"]})


def after_discounts(account: Account, discounts: list[Object], amount: int, product: str) -> int:
    """An amount less all percentage discounts: proration lines carry them included (``proration_discounts``)."""
    exact = Decimal(amount)
    for discount in discounts:
        coupon = _coupon(account, discount)
        if coupon["percent_off"] and _covers(coupon, product):
            exact -= exact * Decimal(str(coupon["percent_off"])) / 100
    return rounded(exact)


def _covers(coupon: Object, product: str) -> bool:
    """Whether a coupon is good for a product; without ``applies_to`` it is for all."""
    products = (coupon["applies_to"] or {}).get("products")
    return not products or product in products


def _reductions(coupon: Object, amounts: list[int], currencies: Iterable[str]) -> list[int]:
    """What a coupon takes off each amount; an ``amount_off`` in another currency takes nothing off.

    Source: docs.stripe.com ``invoicing/multiple-currencies``, "amount-off coupons".
    """
    percent = coupon["percent_off"]
    if percent:
        return [rounded(Decimal(amount) * Decimal(str(percent)) / 100) for amount in amounts]
    off = {name: option["amount_off"] for name, option in coupon["currency_options"].items()}
    off[coupon["currency"]] = coupon["amount_off"]
    most = sum(off.get(currency, 0) for currency in currencies)
    return spread(min(most, max(sum(amounts), 0)), amounts)


def _coupon(account: Account, discount: Object) -> Object:
    """What a discount is worth: its coupon as it was when it was redeemed; one only foreseen, as it is."""
    given = account.part(Given).coupons.get(discount["id"])
    return given or account.table("coupon")[discount["source"]["coupon"]]
