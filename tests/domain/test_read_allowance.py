"""Reads that nobody asked for stay within the provider's monthly allowance, however small the account."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.domain.observations import Price, Subscription, SubscriptionItem
from tenant_billing.domain.read_allowance import (
    ACCOUNT_INTERVAL,
    ENDPOINT_INTERVAL,
    LISTING_INTERVAL,
    MONTH,
    AccountSize,
    event_interval,
    listing_interval,
    payments_a_month,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
EMPTY = AccountSize((0, 0, 0, 0, 0, 0))


def reads_a_month(configured: float, size: AccountSize) -> float:
    return (
        MONTH / event_interval(configured, size)
        + MONTH / ACCOUNT_INTERVAL
        + MONTH / ENDPOINT_INTERVAL
        + MONTH / listing_interval(configured, size) * size.reads_of_a_listing
    )


sizes = st.builds(
    AccountSize,
    objects=st.lists(st.integers(0, 10_000_000), min_size=1, max_size=8).map(tuple),
    transactions=st.integers(0, 1_000_000),
)


@given(configured=st.floats(0.1, 86_400), size=sizes)
def test_all_timers_together_leave_a_quarter_of_the_allowance(configured: float, size: AccountSize) -> None:
    assert reads_a_month(configured, size) <= 0.75 * size.allowance * (1 + 1e-9)


def test_an_empty_account_is_read_as_often_as_configured() -> None:
    assert event_interval(600, EMPTY) == 600
    assert listing_interval(600, EMPTY) == LISTING_INTERVAL
    assert reads_a_month(600, EMPTY) == 4320 + 720 + 120 + 720


def test_the_event_list_is_read_less_often_than_configured_where_the_allowance_asks_for_it() -> None:
    assert event_interval(10, EMPTY) == pytest.approx(518.4)
    assert event_interval(10, AccountSize((0,), transactions=1000)) == pytest.approx(10.368)


@pytest.mark.parametrize(
    ("objects", "transactions", "days"),
    [
        pytest.param((10_000, 10_000, 1, 1, 1, 1), 10_000, 0.25, id="10,000 payers: every six hours"),
        pytest.param((10_000, 10_000, 1, 1, 1, 1), 0, 2.615, id="nobody pays: every 2.6 days"),
        pytest.param((1_000_000, 0, 0, 0, 0, 0), 0, 128.4, id="more customers than reads in a month"),
    ],
)
def test_a_full_listing_takes_what_is_left(objects: tuple[int, ...], transactions: int, days: float) -> None:
    interval = listing_interval(600, AccountSize(objects, transactions))
    assert interval / 86_400 == pytest.approx(days, rel=0.01)


def a_subscription(
    status: str = "active", interval: str = "month", count: int = 1, price: str = "paid"
) -> Subscription:
    item = SubscriptionItem("si_1", price, 1, NOW, NOW, interval=interval, interval_count=count)
    return Subscription("sub_1", "cus_1", status, NOW, (item,))


@pytest.mark.parametrize(
    ("subscription", "payments"),
    [
        (a_subscription(), 1),
        (a_subscription(interval="week", count=2), 1),
        (a_subscription(count=3), 0),
        (a_subscription(interval="year"), 0),
        (a_subscription(status="trialing"), 0),
        (a_subscription(status="past_due"), 0),
        (a_subscription(price="free"), 0),
        (a_subscription(price="unknown"), 0),
    ],
)
def test_only_what_is_surely_paid_each_month_counts(subscription: Subscription, payments: int) -> None:
    prices = {
        "paid": Price("paid", "prod_1", active=True, currency="EUR", unit_amount=4900),
        "free": Price("free", "prod_1", active=True, currency="EUR", unit_amount=0),
    }
    assert payments_a_month([subscription], prices) == payments
