"""One figure beside its floor, and the arithmetic of the benchmarks. No input or output."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

_DIGITS: Final = 4


class Judged(StrEnum):
    """What of a figure a goal is about."""

    RATIO = "ratio"
    VALUE = "value"


@dataclass(frozen=True)
class Goal:
    """At most so much.

    Attributes:
        limit: The most that is good.
        judged: Whether that is said of the ratio to the floor, or of the value itself.
    """

    limit: float
    judged: Judged = Judged.RATIO


@dataclass(frozen=True)
class Figure:
    """One measurement.

    Attributes:
        name: What was measured.
        value: Of the operator.
        unit: Of value and floor: ``s``, ``MiB`` or ``writes``.
        floor: Of the least that could be done, in the same run; None where there is none.
        goal: What was promised; None for a figure that only informs.
        details: How it came about: conditions, repetitions, what the floor does.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    goal: Goal | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """How many times the floor; None without a floor, or with a floor of nothing."""
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal, or where it cannot be judged."""
        if self.goal is None:
            return None
        judged = self.value if self.goal.judged is Judged.VALUE else self.ratio
        return None if judged is None else judged <= self.goal.limit

    def line(self, facts: Mapping[str, Any]) -> str:
        """The figure as one line of JSON, with facts about the machine."""
        described = {
            "figure": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "floor": _rounded(self.floor),
            "ratio": _rounded(self.ratio),
            "goal": None if self.goal is None else f"{self.goal.judged} <= {self.goal.limit:g}",
            "met": self.met,
        }
        return json.dumps({**described, **self.details, "machine": dict(facts)})


def median(values: Sequence[float]) -> float:
    """The median.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("the median of nothing was asked for")
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least a share of all values does not exceed (nearest rank).

    Args:
        values: At least one.
        share: Above 0 and at most 1.

    Raises:
        ValueError: There are no values, or the share is out of range.
    """
    if not values or not 0 < share <= 1:
        raise ValueError("expected at least one value, and a share above 0 and at most 1")
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 1)  # rounded up
    return ordered[int(rank) - 1]


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
