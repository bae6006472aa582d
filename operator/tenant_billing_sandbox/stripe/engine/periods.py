"""Billing periods: calendar arithmetic in UTC, exact to the second."""

import calendar
from datetime import UTC, datetime

from tenant_billing_sandbox.stripe.account import Object

SECONDS = {"day": 86_400, "week": 7 * 86_400}
MONTHS = {"month": 1, "year": 12}


def after(anchor: int, interval: str, count: int) -> int:
    """The time ``count`` intervals after ``anchor``; a month without that day ends on its last day."""
    if interval in SECONDS:
        return anchor + count * SECONDS[interval]
    start = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(start.year * 12 + start.month - 1 + count * MONTHS[interval], 12)
    day = min(start.day, calendar.monthrange(years, month + 1)[1])
    return int(start.replace(year=years, month=month + 1, day=day).timestamp())


def period_at(anchor: int, recurring: Object, moment: int) -> tuple[int, int]:
    """The period (start, end) of a price anchored at ``anchor`` that contains ``moment``.

    A moment before the anchor lies in the period that ends at the anchor or earlier, as when an anchor is set in the
    future.
    """
    interval, step = str(recurring["interval"]), int(recurring["interval_count"])
    length = step * (SECONDS.get(interval) or MONTHS[interval] * 31 * 86_400)
    number = (moment - anchor) // length
    while after(anchor, interval, number * step) > moment:
        number -= 1
    while after(anchor, interval, (number + 1) * step) <= moment:
        number += 1
    return after(anchor, interval, number * step), after(anchor, interval, (number + 1) * step)


def shortest(recurrings: list[Object]) -> Object:
    """The shortest of some recurring intervals."""
    return min(recurrings, key=lambda recurring: after(0, recurring["interval"], recurring["interval_count"]))


def describe_day(moment: int) -> str:
    """A day as Stripe prints it on invoice lines, ``22 Nov 2026``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y")
