"""What was reported, compared with what the provider has counted, within its allowance of reads."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.domain import usage_comparison
from tenant_billing.domain.usage_facts import Outcome
from usage_builders import DAY, HOUR, MINUTE, SECOND, START, metered_tenant, said

MIDDLE = START + 10 * DAY

OUTCOMES = [
    pytest.param(Decimal(5), Outcome.AGREES, id="the same"),
    pytest.param(Decimal(4), Outcome.LOWER, id="less"),
    pytest.param(None, Outcome.LOWER, id="nothing"),
    pytest.param(Decimal("5.5"), Outcome.HIGHER, id="more"),
]


@pytest.mark.parametrize(("seen", "outcome"), OUTCOMES)
def test_the_provider_s_figure_is_judged(seen: Decimal | None, outcome: Outcome) -> None:
    comparison = usage_comparison.compare(said(5, MIDDLE), seen, MIDDLE + HOUR)
    assert (comparison.outcome, comparison.seen) == (outcome, seen)
    assert comparison.hour == usage_comparison.hour_of(MIDDLE + HOUR)


def test_nothing_reported_is_none_counted() -> None:
    assert usage_comparison.compare(said(0, MIDDLE), None, MIDDLE).outcome is Outcome.LOWER
    assert usage_comparison.compare(said(0, MIDDLE), Decimal(0), MIDDLE).outcome is Outcome.AGREES


def test_the_span_lies_on_whole_minutes_and_ends_right_behind_the_report() -> None:
    start, end = usage_comparison.window(metered_tenant(), said(5, MIDDLE))
    assert start <= START < start + MINUTE
    assert MIDDLE < end <= MIDDLE + MINUTE
    assert {start.second, end.second} == {0}


def test_only_what_was_reported_in_this_period_and_had_time_to_be_counted_is_compared() -> None:
    tenant = metered_tenant()
    assert usage_comparison.is_comparable(tenant, said(5, MIDDLE), MIDDLE + 10 * MINUTE)
    assert not usage_comparison.is_comparable(tenant, said(5, MIDDLE), MIDDLE + MINUTE)
    assert not usage_comparison.is_comparable(tenant, said(5, START - SECOND), MIDDLE)
    assert not usage_comparison.is_comparable(tenant, None, MIDDLE)


@given(st.integers(min_value=0, max_value=2000), st.integers(min_value=0, max_value=500_000))
def test_everybody_s_turn_comes_within_the_monthly_allowance(tenants: int, first_hour: int) -> None:
    uids = [f"uid-{number}" for number in range(tenants)]
    month = usage_comparison.HOURS_OF_MONTH
    reads = month * usage_comparison.reads_per_hour(tenants)
    assert reads <= max(10_000, usage_comparison.ALLOWANCE * tenants) // usage_comparison.SHARE
    turns = [usage_comparison.turn_of(uids, first_hour + hour) for hour in range(min(month, tenants + 2))]
    assert {uid for turn in turns for uid in turn} == set(uids)
    assert all(len(set(turn)) == len(turn) for turn in turns)
