"""Periods and amounts: exact to the second and to the minor unit (stripe.md 1.2)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing_sandbox.stripe.engine.changes import difference
from tenant_billing_sandbox.stripe.engine.money import amount_of, share, spread
from tenant_billing_sandbox.stripe.engine.periods import after, period_at

MOMENTS = st.integers(min_value=1_500_000_000, max_value=2_500_000_000)
RECURRING = st.builds(
    lambda interval, count: {"interval": interval, "interval_count": count},
    st.sampled_from(["day", "week", "month", "year"]),
    st.integers(1, 12),
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "months", "then"),
    [
        ("2026-01-31T10:00:00", 1, "2026-02-28T10:00:00"),
        ("2026-01-31T10:00:00", 2, "2026-03-31T10:00:00"),
        ("2027-12-15T00:00:00", 2, "2028-02-15T00:00:00"),
        ("2027-01-30T00:00:00", 13, "2028-02-29T00:00:00"),
        ("2026-03-31T10:00:00", -1, "2026-02-28T10:00:00"),
    ],
)
def test_a_month_without_that_day_ends_on_its_last_day(anchor: str, months: int, then: str) -> None:
    assert after(at(anchor), "month", months) == at(then)


@given(anchor=MOMENTS, recurring=RECURRING, moment=MOMENTS)
def test_a_period_contains_its_moment_and_the_next_one_begins_where_it_ends(
    anchor: int, recurring: dict[str, Any], moment: int
) -> None:
    start, end = period_at(anchor, recurring, moment)
    assert start <= moment < end
    assert period_at(anchor, recurring, end)[0] == end


@given(amount=st.integers(-(10**9), 10**9), weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_what_is_spread_adds_up(amount: int, weights: list[int]) -> None:
    assert sum(spread(amount, weights)) == (amount if sum(weights) else 0)


@given(amount=st.integers(0, 10**9), whole=st.integers(1, 10**7), data=st.data())
def test_a_share_is_never_more_than_the_whole_nor_a_minor_unit_off(
    amount: int, whole: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, whole))
    assert 0 <= share(amount, part, whole) <= amount
    assert abs(Decimal(share(amount, part, whole)) - Decimal(amount) * part / whole) <= Decimal("0.5")


@pytest.mark.parametrize(
    ("price", "quantity", "amount"),
    [
        ({"unit_amount": 4900}, 3, 14_700),
        ({"unit_amount": None, "unit_amount_decimal": "0.5"}, 3, 2),
        ({"unit_amount": None, "unit_amount_decimal": "0.000000000001"}, 10**12, 1),
        ({"unit_amount": 100, "transform_quantity": {"divide_by": 10, "round": "up"}}, 11, 200),
        ({"unit_amount": 100, "transform_quantity": {"divide_by": 10, "round": "down"}}, 19, 100),
    ],
)
def test_an_amount_is_rounded_once_halves_away_from_zero(
    price: dict[str, Any], quantity: int, amount: int
) -> None:
    assert amount_of({"billing_scheme": "per_unit", **price}, quantity) == amount


TIERS = [
    {"up_to": 10, "unit_amount": 50, "flat_amount": None},
    {"up_to": 20, "unit_amount": 40, "flat_amount": 7},
    {"up_to": None, "unit_amount": None, "unit_amount_decimal": "0.5", "flat_amount": 0},
]


@pytest.mark.parametrize(
    ("mode", "quantity", "amount"),
    [
        ("graduated", 0, 0),
        ("graduated", 10, 500),
        ("graduated", 11, 500 + 40 + 7),
        ("graduated", 23, 500 + 400 + 7 + 2),
        ("volume", 10, 500),
        ("volume", 11, 11 * 40 + 7),
        ("volume", 23, 12),
    ],
)
def test_tiers_bill_graduated_or_by_volume(mode: str, quantity: int, amount: int) -> None:
    price = {"billing_scheme": "tiered", "tiers_mode": mode, "tiers": TIERS}
    assert amount_of(price, quantity) == amount


def test_previous_attributes_hold_the_former_values_of_what_changed_only() -> None:
    before = {
        "status": "active",
        "metadata": {"a": "1", "b": "2"},
        "items": {"data": [1], "url": "u"},
        "same": 1,
    }
    now = {
        "status": "past_due",
        "metadata": {"a": "1", "c": "3"},
        "items": {"data": [2], "url": "u"},
        "same": 1,
    }
    assert difference(before, now) == {
        "status": "active",
        "metadata": {"b": "2", "c": None},
        "items": {"data": [1], "url": "u"},
    }
