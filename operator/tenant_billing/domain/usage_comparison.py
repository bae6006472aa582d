"""Comparing what was reported with what the provider has counted (product.md, "Metering")."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from tenant_billing.domain.metering import GRACE, Metered, Reported, UsageReport, closing_time, report_of
from tenant_billing.domain.usage_facts import Closing, Comparison, Outcome

HOUR: Final = timedelta(hours=1)
SETTLED_AFTER: Final = timedelta(minutes=10)
"""How long the provider may take to count a report: it does so behind its back (stripe.md 4.2)."""
FEWEST_PER_HOUR: Final = 1
"""Reads in an hour for the smallest account: 720 of the 10,000 that it may make in a month (stripe.md 5.4)."""
ALLOWANCE: Final = 500
"""Reads that a month allows for each transaction; every tenant pays at least once."""
SHARE: Final = 10
"""One read in so many goes to comparisons."""
HOURS_OF_MONTH: Final = 720


def hour_of(now: datetime) -> int:
    """Whole hours since the epoch."""
    return int(now.timestamp()) // 3600


def reads_per_hour(tenants: int) -> int:
    """How many tenants may be compared in an hour, within the provider's monthly allowance of reads."""
    return max(FEWEST_PER_HOUR, tenants * ALLOWANCE // SHARE // HOURS_OF_MONTH)


def turn_of(uids: Sequence[str], hour: int) -> tuple[str, ...]:
    """Whose turn it is in an hour: one share after the other, whoever remembers nothing goes on all the same."""
    if not uids:
        return ()
    ordered, share = sorted(uids), min(reads_per_hour(len(uids)), len(uids))
    start = hour * share % len(ordered)
    return tuple((ordered + ordered)[start : start + share])


def is_comparable(metered: Metered, last: Reported | None, now: datetime) -> bool:
    """Whether something was reported in this period, and long enough ago to have been counted."""
    return last is not None and metered.start <= last.time and now - last.time >= SETTLED_AFTER


def window(metered: Metered, last: Reported) -> tuple[datetime, datetime]:
    """The span to ask for, on whole minutes: nothing but the last report decides what it comes to."""
    start = metered.start.replace(second=0, microsecond=0)
    behind = last.time.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return start, behind


def compare(last: Reported, seen: Decimal | None, now: datetime) -> Comparison:
    """Judge the provider's figure."""
    counted = seen if seen is not None else Decimal(-1)
    if counted == last.quantity:
        outcome = Outcome.AGREES
    else:
        outcome = Outcome.LOWER if counted < last.quantity else Outcome.HIGHER
    return Comparison(last, seen, outcome, hour_of(now))


def closing_after(closing: Closing | None, report: UsageReport, now: datetime) -> Closing | None:
    """What is known of the last period's closing report once the provider has taken a report."""
    if report.closes:
        return Closing(report, now)
    if closing is not None and closing.report.reported == report.reported:
        return replace(closing, sent_at=now, outcome=None, repeats=closing.repeats + 1)
    return closing


def closing_of_a_former_leader(
    metered: Metered, last: Reported | None, known: Closing | None, now: datetime
) -> Closing | None:
    """What closed the last period, where another leader sent it: nothing keeps it but the provider's sums.

    Nothing of a period is reported before the one ahead of it was closed, so what was reported last tells that it was,
    and when at the latest. Its quantity is taken to be the one reported since: both were counted after the end.

    Args:
        metered: Of whom.
        last: What was reported last.
        known: What this leader knows of such a report.
        now: The account's time.

    Returns:
        None where this leader knows it, there was no period before this one, it was not closed yet (then it is closed,
        and not looked for), or its invoice takes no usage any more.
    """
    time = closing_time(metered.start)
    if known is not None and known.report.timestamp >= time:
        return None
    if metered.start <= metered.since or last is None or last.time < time:
        return None
    sent_at = last.time if last.time >= metered.start else now
    closing = Closing(report_of(metered, last.quantity, time, closes=True), sent_at, assumed=True)
    return closing if can_be_repaired(closing, now) else None


def judge_closing(closing: Closing, seen: Decimal | None, now: datetime) -> Outcome:
    """Judge the provider's figure of the minute that a closing report lies in.

    Where the quantity is only assumed, any figure is the report, a zero too: nothing is billed on a guess.
    """
    if closing.assumed:
        return Outcome.LOWER if seen is None else Outcome.AGREES
    return compare(closing.report.reported, seen, now).outcome


def closing_due_at(closing: Closing | None) -> datetime | None:
    """When a closing report is to be looked for in the sums; None where nothing is to be looked for.

    It costs one read for each period, repeat, and leader that begins within the hour, and each period is paid for:
    that is far within the allowance.
    """
    return closing.sent_at + SETTLED_AFTER if closing is not None and closing.outcome is None else None


def closing_window(report: UsageReport) -> tuple[datetime, datetime]:
    """The minute at the end of the period that a closing report lies in."""
    start = report.timestamp.replace(second=0, microsecond=0)
    return start, start + timedelta(minutes=1)


def can_be_repaired(closing: Closing, now: datetime) -> bool:
    """Whether the invoice is still a draft, so that what is sent now is billed (stripe.md 4.3)."""
    return now < closing.report.timestamp + GRACE


def repair_of(closing: Closing | None, now: datetime, refused: str) -> UsageReport | None:
    """The closing report once more, inside the period that it closed; None where the sums do not lack it, or too late.

    Args:
        closing: What is known of it.
        now: The account's time.
        refused: Identifier of a report that was refused for good.
    """
    if closing is None or closing.outcome is not Outcome.LOWER or not can_be_repaired(closing, now):
        return None
    identifier = f"{closing.report.identifier}:{closing.repeats + 1}"
    if identifier == refused:
        return None
    return replace(closing.report, identifier=identifier, closes=False)
