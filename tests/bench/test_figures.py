"""The arithmetic of the benchmarks."""

import json

import pytest

from bench.figures import Figure, Goal, Judged, median, percentile


def test_a_figure_is_judged_by_its_ratio_to_the_floor() -> None:
    within = Figure("restart", 5.0, "s", floor=2.0, goal=Goal(2.5))
    beyond = Figure("restart", 5.1, "s", floor=2.0, goal=Goal(2.5))
    assert (within.ratio, within.met) == (2.5, True)
    assert beyond.met is False


def test_a_goal_may_be_about_the_value_itself() -> None:
    writes = Figure("writes", 4.9, "writes", floor=1.0, goal=Goal(5, Judged.VALUE))
    assert writes.met is True
    assert Figure("writes", 5.1, "writes", goal=Goal(5, Judged.VALUE)).met is False


@pytest.mark.parametrize("floor", [None, 0.0])
def test_without_a_floor_a_ratio_is_not_judged(floor: float | None) -> None:
    figure = Figure("restart", 5.0, "s", floor=floor, goal=Goal(2.5))
    assert figure.ratio is None
    assert figure.met is None


def test_a_figure_without_a_goal_only_informs() -> None:
    assert Figure("memory", 90.0, "MiB", floor=60.0).met is None


def test_a_figure_is_told_as_one_line_of_json_with_its_conditions() -> None:
    figure = Figure("onboarding", 61.23456, "s", 30.0, Goal(2.5), {"tenants": 1000})
    line = figure.line({"cpus": 2})
    assert "\n" not in line
    assert json.loads(line) == {
        "figure": "onboarding",
        "value": 61.23,
        "unit": "s",
        "floor": 30.0,
        "ratio": 2.041,
        "goal": "ratio <= 2.5",
        "met": True,
        "tenants": 1000,
        "machine": {"cpus": 2},
    }


def test_the_median_lies_in_the_middle() -> None:
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 2.0, 3.0]) == 2.5


@pytest.mark.parametrize(
    ("share", "expected"), [(0.05, 1.0), (0.5, 10.0), (0.95, 19.0), (0.951, 20.0), (1.0, 20.0)]
)
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    values = [float(number) for number in range(20, 0, -1)]
    assert percentile(values, share) == expected


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        percentile([1.0], share)


def test_nothing_has_neither_median_nor_percentile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        median([])
    with pytest.raises(ValueError, match="at least one"):
        percentile([], 0.5)
