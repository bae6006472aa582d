"""Arms of a plan's price from a price that stands in Stripe."""

from decimal import Decimal
from typing import Any

from tenant_billing.api.prices import DeviceCounting, TaxBehavior
from tenant_billing.domain.observations import Price

Body = dict[str, Any]


def recurring_arm(price: Price) -> Body:
    """``price.recurring`` with the terms of a licensed price."""
    return {"currency": price.currency, "unitAmount": price.unit_amount or 0, **_period(price)}


def metered_arm(price: Price, counting: DeviceCounting) -> Body | None:
    """``price.metered`` with the terms of a price, None where its amount cannot be said in the API's words."""
    amount = _amount(price)
    if amount is None:
        return None
    return {"currency": price.currency, **amount, **_period(price), "counting": counting.value}


def _amount(price: Price) -> Body | None:
    if price.tiered:
        return _tiers(price)
    exact = price.exact_amount
    if exact is None:
        return None
    return {"unitAmount": int(exact)} if _is_whole(exact) else {"unitAmountDecimal": _text(exact)}


def _tiers(price: Price) -> Body | None:
    """Tiers, None where they were not told or charge less than a minor unit."""
    amounts = [amount for each in price.tiers or () for amount in (each.unit_amount, each.flat_amount)]
    if not amounts or not all(map(_is_whole, amounts)):
        return None
    tiers = [
        {
            **({} if each.up_to is None else {"upTo": each.up_to}),
            "unitAmount": int(each.unit_amount),
            **({"flatAmount": int(each.flat_amount)} if each.flat_amount else {}),
        }
        for each in price.tiers or ()
    ]
    return {"tiersMode": (price.tiers_mode or "graduated").capitalize(), "tiers": tiers}


def _is_whole(amount: Decimal) -> bool:
    return amount == amount.to_integral_value()


def _period(price: Price) -> Body:
    period: Body = {"interval": (price.interval or "month").capitalize()}
    if price.interval_count != 1:
        period["intervalCount"] = price.interval_count
    tax = TaxBehavior(price.tax_behavior.capitalize())
    if tax is not TaxBehavior.UNSPECIFIED:
        period["taxBehavior"] = tax.value
    return period


def _text(amount: Decimal) -> str:
    return format(amount.normalize(), "f")
