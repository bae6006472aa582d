"""What an account owner sets in the Dashboard and no API call shows (stripe.md 2.2)."""

from dataclasses import dataclass
from enum import StrEnum

from tenant_billing_sandbox.stripe.engine.timeline import DAY, HOUR


class TerminalAction(StrEnum):
    """What becomes of a subscription when the last retry failed."""

    PAST_DUE = "past_due"
    CANCEL = "cancel"
    UNPAID = "unpaid"
    PAUSE = "pause"


@dataclass
class BillingSettings:
    """The billing settings of the account.

    Attributes:
        terminal_action: After the last retry; Stripe's choice "leave past due" by default.
        pause_after_first_failure: With ``PAUSE``, pause at the first failure already, not the last.
        retry_intervals: Seconds between a failure and the next retry; 8 retries within 2 weeks by default.
        draft_seconds: How long a renewal invoice stays a draft (1 hour; up to 72 for metered items).
        processing_seconds: How long a slow payment method takes to succeed or fail.
    """

    terminal_action: TerminalAction = TerminalAction.PAST_DUE
    pause_after_first_failure: bool = False
    retry_intervals: tuple[int, ...] = (DAY, DAY, *(2 * DAY,) * 6)
    draft_seconds: int = HOUR
    processing_seconds: int = 3 * DAY
