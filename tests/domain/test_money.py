"""Money: amounts as people write them, and what is refused before anything is sent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.domain.money import (
    EXPONENTS,
    amount_problem,
    currency_problem,
    display_amount,
    display_period,
)

DISPLAYED = [
    pytest.param("EUR", 4900, "EUR 49.00", id="cents: a factor of 100 would be seen"),
    pytest.param("JPY", 4900, "JPY 4900", id="the yen has no minor unit"),
    pytest.param("KWD", 4900, "KWD 4.900", id="the dinar has a thousand fils"),
    pytest.param("EUR", 5, "EUR 0.05", id="less than one unit keeps its zero"),
    pytest.param("EUR", 0, "EUR 0.00", id="a free plan is shown as such"),
    pytest.param("EUR", Decimal("0.5"), "EUR 0.005", id="below a minor unit nothing is cut"),
    pytest.param("UGX", 500, "UGX 5.00", id="the provider takes UGX with two decimals"),
    pytest.param("ABC", 4900, "ABC 4900 (minor units)", id="unknown: figures are not guessed"),
]


@pytest.mark.parametrize(("currency", "amount", "shown"), DISPLAYED)
def test_amount_is_shown_as_people_write_it(currency: str, amount: int | Decimal, shown: str) -> None:
    assert display_amount(currency, amount) == shown


def test_period_is_shown_as_people_write_it() -> None:
    assert (display_period("Month"), display_period("week", 2)) == ("month", "2 weeks")


PROBLEMS = [
    pytest.param("EUR", 4900, None, id="an ordinary price has no problem"),
    pytest.param("EUR", 0, None, id="free is a price"),
    pytest.param("EUR", -1, "spec.price.recurring.unitAmount: -1", id="nobody is paid for subscribing"),
    pytest.param("KWD", 5005, "multiple of 10", id="the last of three decimals must be 0"),
    pytest.param("KWD", 5000, None, id="three decimals that end in 0 are fine"),
]


@pytest.mark.parametrize(("currency", "amount", "problem"), PROBLEMS)
def test_problem_of_an_amount_names_the_field(currency: str, amount: int, problem: str | None) -> None:
    found = amount_problem(currency, amount, "spec.price.recurring.unitAmount")
    assert found is None if problem is None else problem in (found or "")


@pytest.mark.parametrize("currency", ["EUX", "eur", ""])
def test_currency_that_does_not_exist_is_named_with_its_field(currency: str) -> None:
    found = currency_problem(currency, "spec.price.recurring")
    assert found is not None
    assert found.startswith(f"spec.price.recurring.currency: {currency!r}")
    assert currency_problem("EUR", "spec.price.recurring") is None


@given(st.sampled_from(sorted(EXPONENTS)), st.integers(min_value=0, max_value=10**12))
def test_displayed_amount_is_the_exact_amount(currency: str, minor_units: int) -> None:
    """No float on the way: what is shown times the minor unit is what is charged."""
    shown = Decimal(display_amount(currency, minor_units).removeprefix(f"{currency} "))
    assert shown.scaleb(EXPONENTS[currency]) == minor_units
