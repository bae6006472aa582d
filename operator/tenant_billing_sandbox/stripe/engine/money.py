"""Amounts in integer minor units, computed in Decimal and rounded half up once."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from tenant_billing_sandbox.stripe.account import Object

SMALLEST_CHARGES: Mapping[str, int] = {
    # docs.stripe.com/currencies, "Minimum and maximum charge amounts"
    **dict.fromkeys(("aud", "brl", "cad", "chf", "eur", "inr", "nzd", "sgd", "usd"), 50),
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17500,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
"""The least that can be charged at once, in minor units; currencies that are not named are charged whatever it is."""


def rounded(amount: Decimal) -> int:
    """A whole number of minor units, halves away from zero."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def share(amount: int, part: int, whole: int) -> int:
    """``amount * part / whole``, rounded; zero of nothing."""
    return rounded(Decimal(amount) * part / whole) if whole else 0


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the parts add up to it exactly; the last part takes the remainder."""
    whole, used, parts = sum(weights), 0, 0
    result = []
    for weight in weights:
        parts += weight
        upto = share(amount, parts, whole)
        result.append(upto - used)
        used = upto
    return result


def unit_amount(price: Object, name: str = "unit_amount") -> Decimal:
    """The exact amount of one unit in minor units (``unit_amount_decimal`` carries up to 12 decimals)."""
    exact = price.get(f"{name}_decimal")
    return Decimal(str(exact)) if exact is not None else Decimal(price.get(name) or 0)


def amount_of(price: Object, quantity: int | Decimal) -> int:
    """What a quantity of a price costs: per unit, in packages, or by tiers (stripe.md 1.2)."""
    units = Decimal(quantity)
    if price.get("billing_scheme") == "tiered":
        return rounded(_tiered(price, units))
    transform = price.get("transform_quantity")
    if transform:
        packages, rest = divmod(units, Decimal(transform["divide_by"]))
        units = packages + (1 if rest and transform["round"] == "up" else 0)
    return rounded(unit_amount(price) * units)


def _tiered(price: Object, units: Decimal) -> Decimal:
    """Volume: all units at the tier reached; graduated: each unit at its own tier."""
    total, below = Decimal(0), Decimal(0)
    for tier in price.get("tiers") or []:
        limit = None if tier.get("up_to") is None else Decimal(tier["up_to"])
        reached = limit is None or units <= limit
        if price.get("tiers_mode") == "volume":
            if reached:
                return unit_amount(tier) * units + unit_amount(tier, "flat_amount")
            continue
        inside = units - below if reached or limit is None else limit - below
        total += unit_amount(tier) * inside + unit_amount(tier, "flat_amount")
        if reached:
            break
        below = limit or below
    return total
