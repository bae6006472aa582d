"""Durations as GEP-2257 writes them: ``168h``, ``1h30m``, ``500ms``; no days, no fractions, no sign."""

import re
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer

DURATION_PATTERN: Final = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"
"""The pattern of GEP-2257, also in the CRDs."""

_TERM: Final = re.compile(r"([0-9]{1,5})(ms|h|m|s)")
_MILLISECONDS: Final = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_MILLISECOND: Final = timedelta(milliseconds=1)
_LARGEST_HOURS: Final = 99_999


def parse_duration(text: str) -> timedelta:
    """Read a GEP-2257 duration.

    Raises:
        ValueError: the text is no such duration; days, weeks, fractions and signs are none.
    """
    if re.fullmatch(DURATION_PATTERN.strip("^$"), text) is None:
        raise ValueError(f"{text!r} is not a duration such as 168h or 1h30m (units h, m, s, ms; no days)")
    return timedelta(
        milliseconds=sum(int(number) * _MILLISECONDS[unit] for number, unit in _TERM.findall(text))
    )


def format_duration(duration: timedelta) -> str:
    """Write a duration in its shortest GEP-2257 form; zero is ``0s``.

    Raises:
        ValueError: negative, finer than a millisecond, or longer than 99999 hours and some.
    """
    if duration < timedelta(0) or duration % _MILLISECOND:
        raise ValueError(f"{duration!r} is negative or finer than a millisecond")
    rest = duration // _MILLISECOND
    terms = []
    for unit, size in _MILLISECONDS.items():
        number, rest = divmod(rest, size)
        if unit == "h" and number > _LARGEST_HOURS:
            raise ValueError(f"{duration!r} is longer than {_LARGEST_HOURS} hours")
        if number:
            terms.append(f"{number}{unit}")
    return "".join(terms) or "0s"


def _from_kubernetes(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_from_kubernetes), PlainSerializer(format_duration)]
"""A model field that is a ``timedelta`` in Python and a GEP-2257 string in Kubernetes."""
