"""What is known of one tenant's usage beside its status: counts, answers of the provider, comparisons."""

import enum
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.metering import CountedTotals, Reported, UsageReport


class Outcome(enum.StrEnum):
    """How the provider's sum compares with what was reported."""

    AGREES = "Agrees"
    LOWER = "Lower"
    HIGHER = "Higher"


@dataclass(frozen=True)
class Comparison:
    """What the provider had counted when it was asked.

    Attributes:
        reported: What it was compared with; of a later report it says nothing.
        seen: The provider's figure, None where it has none.
        hour: When, in whole hours since the epoch.
        repaired: Whether the report was sent again since.
    """

    reported: Reported
    seen: Decimal | None
    outcome: Outcome
    hour: int
    repaired: bool = False


@dataclass(frozen=True)
class Closing:
    """The report that closed the last period, and whether the provider's sums show it.

    Attributes:
        report: As the provider took it first.
        sent_at: When the provider took it last, in the account's time.
        outcome: What the sums have said of it since; None where they were not asked.
        repeats: How often it was sent again.
        assumed: Whether a former leader sent it, so that its quantity is not known: the one in the report is what was
            reported next.
    """

    report: UsageReport
    sent_at: datetime
    outcome: Outcome | None = None
    repeats: int = 0
    assumed: bool = False


@dataclass(frozen=True)
class UsageFacts:
    """What one leader remembers of one tenant; all of it can be lost.

    Attributes:
        counted: The newest totals.
        pushed: The annotation that they came from, where they were pushed.
        asked: Whether they were asked for in this very pass, in vain or not.
        silent: Whether nothing was counted for longer than the interval allows.
        accepted: What the provider took last.
        problem: Why the last attempt to report failed.
        tried: Whether that was in this very pass: then it is not tried again.
        refused: Identifier of a report that was refused for good.
        rejection: Why the provider could not count a report that it had taken; its code.
        in_doubt: Whether such a report may be this tenant's: it is compared first.
        comparison: The last one.
        closing: What closed the last period, as far as this leader knows.
    """

    counted: CountedTotals | None = None
    pushed: str = ""
    asked: bool = False
    silent: bool = False
    accepted: Reported | None = None
    problem: OutsideError | None = None
    tried: bool = False
    refused: str = ""
    rejection: str = ""
    in_doubt: bool = False
    comparison: Comparison | None = None
    closing: Closing | None = None


NOTHING_KNOWN: Final = UsageFacts()
