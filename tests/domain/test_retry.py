"""Slow rechecks: around a quarter of a minute, never in step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.domain.retry import recheck_after

ROWS = [
    pytest.param(0.0, 12.0, id="the luckiest comes a fifth early"),
    pytest.param(0.5, 15.0, id="the middle"),
    pytest.param(1.0, 18.0, id="the last comes a fifth late"),
    pytest.param(7.0, 18.0, id="a number that is out of range counts as the nearer end"),
]


@pytest.mark.parametrize(("jitter", "seconds"), ROWS)
def test_recheck_is_spread_by_a_fifth(jitter: float, seconds: float) -> None:
    assert recheck_after(jitter) == pytest.approx(seconds)


@given(st.floats(0, 1), st.floats(1, 10_000))
def test_recheck_never_comes_at_once(jitter: float, seconds: float) -> None:
    assert 0.79 * seconds < recheck_after(jitter, seconds) < 1.21 * seconds
