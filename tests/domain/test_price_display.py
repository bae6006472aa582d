"""A price as people write it, so that a mistake by a factor of 100 is seen."""

from decimal import Decimal
from typing import Any

import pytest

from plan_builders import a_price
from tenant_billing.domain.observations import PriceTier
from tenant_billing.domain.price_display import display_price_of

TWO_STEPS = (PriceTier(100, Decimal(50), Decimal(1000)), PriceTier(None, Decimal("0.5")))

DISPLAYED: list[Any] = [
    pytest.param({}, "EUR 49.00 / month", id="an amount"),
    pytest.param({"interval_count": 3}, "EUR 49.00 / 3 months", id="several intervals make one period"),
    pytest.param({"interval": None}, "EUR 49.00 / once", id="a price without period"),
    pytest.param({"metered": True, "unit_amount": 50}, "EUR 0.50 / device / month", id="for each device"),
    pytest.param(
        {"metered": True, "unit_amount": None, "unit_amount_decimal": Decimal("0.25")},
        "EUR 0.0025 / device / month",
        id="below a cent nothing is cut",
    ),
    pytest.param(
        {"metered": True, "tiers": TWO_STEPS, "tiers_mode": "graduated"},
        "EUR 0.50 + EUR 10.00 flat up to 100, EUR 0.005 above (graduated) / device / month",
        id="each tier with its reach",
    ),
    pytest.param(
        {"tiers": tuple(PriceTier(upto, Decimal(9)) for upto in (1, 2, 3, 4, None))},
        "EUR 0.09 up to 1, EUR 0.09 up to 2, EUR 0.09 up to 3 and 2 more / month",
        id="of many tiers the first",
    ),
    pytest.param({"tiers": None}, "EUR in tiers / month", id="tiers that were not told have no figure"),
]


@pytest.mark.parametrize(("seen", "shown"), DISPLAYED)
def test_price_is_displayed(seen: dict[str, Any], shown: str) -> None:
    price = a_price(**({"unit_amount": None, "tiered": True} if "tiers" in seen else {}) | seen)
    assert display_price_of(price) == shown


def test_longest_price_fits_the_status() -> None:
    huge = Decimal("999999999999.999999999999")
    tiers = tuple(PriceTier(upto, huge, huge) for upto in (10**12, 10**13, 10**14, None))
    price = a_price(unit_amount=None, tiered=True, tiers=tiers, tiers_mode="graduated", metered=True)
    assert len(display_price_of(price)) <= 255
