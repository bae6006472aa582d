"""Points in time as Kubernetes writes them: RFC 3339 in UTC with ``Z``, whole seconds."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, PlainSerializer


def format_timestamp(moment: datetime) -> str:
    """Write an aware moment as ``2026-11-20T10:00:00Z``; parts of a second are dropped.

    Raises:
        ValueError: the moment has no time zone.
    """
    return to_whole_seconds(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_whole_seconds(moment: datetime) -> datetime:
    """Bring a moment to UTC and whole seconds, so that a status equals what is read back.

    Raises:
        ValueError: the moment has no time zone, or lies in UTC before the year 1 or after the year 9999.
    """
    if moment.tzinfo is None:
        raise ValueError("a timestamp needs a time zone")
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:  # the API server admits it: 9999-12-31T23:59:59-14:00
        raise ValueError("a timestamp lies between the years 1 and 9999 in UTC") from None


Timestamp = Annotated[datetime, AfterValidator(to_whole_seconds), PlainSerializer(format_timestamp)]
"""A model field that is an aware ``datetime`` in Python and an RFC 3339 string in Kubernetes."""
