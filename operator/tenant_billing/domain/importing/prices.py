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
        return None
    if price.unit_amount is not None:
        return {"unitAmount": price.unit_amount}
    if price.unit_amount_decimal is not None:
        return {"unitAmountDecimal": _text(price.unit_amount_decimal)}
    return None


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
