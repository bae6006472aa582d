"""Discounts: coupons applied to a subscription, and what they take off an invoice."""

from decimal import Decimal
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.lists import referred
from tenant_billing_sandbox.stripe.engine.money import rounded, spread
from tenant_billing_sandbox.stripe.engine.periods import after
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.problems import invalid


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
        if not coupon.get("valid", True):
            raise invalid(f"Coupon {coupon['id']} is expired.", param="coupon", code="coupon_expired")


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
    coupon["times_redeemed"] = int(coupon.get("times_redeemed") or 0) + 1
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
    eligible = [line for line in lines if line["discountable"]]
    for discount in discounts:
        remaining = [
            line["amount"] - sum(part["amount"] for part in line["discount_amounts"]) for line in eligible
        ]
        for line, amount in zip(eligible, _reductions(_coupon(account, discount), remaining), strict=True):
            line["discount_amounts"].append({"amount": amount, "discount": discount["id"]})


def after_discounts(account: Account, discounts: list[Object], amount: int) -> int:
    """An amount less all percentage discounts: proration lines carry them included (``proration_discounts``)."""
    exact = Decimal(amount)
    for discount in discounts:
        percent = _coupon(account, discount).get("percent_off")
        if percent:
            exact -= exact * Decimal(str(percent)) / 100
    return rounded(exact)


def _reductions(coupon: Object, amounts: list[int]) -> list[int]:
    percent = coupon.get("percent_off")
    if percent:
        return [rounded(Decimal(amount) * Decimal(str(percent)) / 100) for amount in amounts]
    whole = sum(amounts)
    return spread(min(int(coupon.get("amount_off") or 0), max(whole, 0)), amounts)


def _coupon(account: Account, discount: Object) -> Object:
    return account.table("coupon").get(discount["source"]["coupon"], {"duration": "forever"})
