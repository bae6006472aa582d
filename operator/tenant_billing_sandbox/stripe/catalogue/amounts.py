"""The amounts of prices: whole minor units, decimals of them, tiers (stripe.md 1.2, Price)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tenant_billing_sandbox.stripe.account import Object
from tenant_billing_sandbox.stripe.catalogue.currencies import check_currency
from tenant_billing_sandbox.stripe.problems import invalid

Params = Mapping[str, Any]


def amount_pair(params: Params, name: str, path: str = "") -> Object:
    """``unit_amount`` and ``unit_amount_decimal`` (or ``flat_…``) from whichever was given; both null if neither.

    Raises:
        Problem: 400 for both at once, or a negative amount.
    """
    decimal_name = f"{name}_decimal"
    where = f"{path}[{name}]" if path else name
    if name in params and decimal_name in params:
        raise invalid(
            f"You may only specify one of these parameters: {name}, {decimal_name}.",
            param=where,
            code="parameters_exclusive",
        )
    given = params.get(name, params.get(decimal_name))
    if given is None:
        return {name: None, decimal_name: None}
    amount = Decimal(given)
    if amount < 0:
        raise invalid("Invalid non-negative integer", param=where, code="parameter_invalid_integer")
    whole = amount == amount.to_integral_value()
    return {name: int(amount) if whole else None, decimal_name: str(int(amount)) if whole else str(given)}


def tiers(params: Params) -> list[Object]:
    """The tiers as they are shown: ``up_to`` is null for the last one.

    Raises:
        Problem: 400 if they do not rise, or do not end with ``inf``.
    """
    shown = []
    reached = 0
    for position, tier in enumerate(params["tiers"]):
        path = f"tiers[{position}]"
        up_to = None if tier["up_to"] == "inf" else int(tier["up_to"])
        if (up_to is None) != (position == len(params["tiers"]) - 1):
            raise invalid("The last tier, and only the last, must have `up_to` set to `inf`.", param="tiers")
        if up_to is not None and up_to <= reached:
            raise invalid("Tiers must be in ascending order of `up_to`.", param=f"{path}[up_to]")
        reached = up_to or reached
        shown.append(
            {
                **amount_pair(tier, "flat_amount", path),
                **amount_pair(tier, "unit_amount", path),
                "up_to": up_to,
            }
        )
    return shown


def currency_options(options: Params) -> Object:
    """What a price costs in other currencies, by currency.

    Raises:
        Problem: 400.
    """
    return {check_currency(currency): _option(option, currency) for currency, option in options.items()}


def _option(option: Params, currency: str) -> Object:
    path = f"currency_options[{currency}]"
    shown = {
        "custom_unit_amount": custom_amount(option),
        "tax_behavior": option.get("tax_behavior", "unspecified"),
        **amount_pair(option, "unit_amount", path),
    }
    return shown | ({"tiers": tiers(option)} if "tiers" in option else {})


def custom_amount(params: Params) -> Object | None:
    """The bounds within which the customer chooses the amount; null where it is fixed."""
    wanted = params.get("custom_unit_amount")
    if not wanted or not wanted["enabled"]:
        return None
    return {name: wanted.get(name) for name in ("maximum", "minimum", "preset")}


def scheme(params: Params) -> Object:
    """The members of a price that say how much it costs.

    Raises:
        Problem: 400 for members that exclude each other, or none at all.
    """
    if params.get("billing_scheme") == "tiered":
        for needed in ("tiers", "tiers_mode"):
            if needed not in params:
                raise invalid(f"Missing required param: {needed}.", param=needed, code="parameter_missing")
        for refused in ("unit_amount", "unit_amount_decimal", "transform_quantity"):
            if refused in params:
                raise invalid(f"`{refused}` cannot be used with `billing_scheme=tiered`.", param=refused)
        return {
            "billing_scheme": "tiered",
            "tiers": tiers(params),
            "tiers_mode": params["tiers_mode"],
        }
    for refused in ("tiers", "tiers_mode"):
        if refused in params:
            raise invalid(f"`{refused}` can only be used with `billing_scheme=tiered`.", param=refused)
    amounts = amount_pair(params, "unit_amount")
    if amounts["unit_amount_decimal"] is None and "custom_unit_amount" not in params:
        raise invalid("Missing required param: unit_amount.", param="unit_amount", code="parameter_missing")
    return {
        "billing_scheme": "per_unit",
        "custom_unit_amount": custom_amount(params),
        "transform_quantity": params.get("transform_quantity"),
        **amounts,
    }
