from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.api.durations import format_duration, parse_duration

durations = st.integers(0, 99_999 * 3_600_000).map(lambda milliseconds: timedelta(milliseconds=milliseconds))


@given(durations)
def test_a_written_duration_reads_back_the_same(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0s", timedelta(0), id="zero"),
        pytest.param("504h", timedelta(weeks=3), id="weeks are written in hours"),
        pytest.param("1h30m", timedelta(minutes=90), id="terms add up"),
        pytest.param("30m1h", timedelta(minutes=90), id="in any order"),
        pytest.param("1500ms", timedelta(seconds=1.5), id="milliseconds are no minutes"),
    ],
)
def test_durations_are_read_as_gep_2257_says(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text", ["", "21d", "3w", "-1h", "1.5h", "1h ", "h", "100000h", "1h1h1h1h1h", "5", "1H", "1h\n"]
)
def test_what_gep_2257_does_not_allow_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration such as 168h"):
        parse_duration(text)


@pytest.mark.parametrize(
    "duration", [timedelta(seconds=-1), timedelta(microseconds=1), timedelta(hours=100_000)]
)
def test_a_duration_that_kubernetes_could_not_carry_is_not_written(duration: timedelta) -> None:
    with pytest.raises(ValueError, match=r"negative or finer|longer than"):
        format_duration(duration)
