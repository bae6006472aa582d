"""What the operator writes as ``state_description``: how it knows its own doing again.

A flag that somebody else has set is not ours to lift. A suspension of ours takes its place for a time, and keeps its
words behind our own, so that the flag is set again when access is given back.
"""

import enum
from typing import Final

LONGEST: Final = 128
"""Characters that a description may have (things-stack.md, T-13)."""

_FLAGGED: Final = "; flagged"
_ELLIPSIS: Final = "…"


class Description(enum.StrEnum):
    """The closed list of our own words, and those of the Tenant Billing Server."""

    FLAGGED = "Stripe subscription past due"
    PAST_DUE = "Billing: payment past due"
    UNPAID = "Billing: subscription unpaid"
    PAUSED = "Billing: subscription paused"
    ENDED = "Billing: subscription ended"
    COLLECTION_PAUSED = "Billing: payment collection paused"
    ADMINISTRATOR = "Billing: suspended by an administrator"


def own_words(text: str) -> Description | None:
    """Our own words of a description; None where it is somebody else's, or empty."""
    for each in Description:
        if text == each or kept_flag(text, each) is not None:
            return each
    return None


def kept_flag(text: str, own: str) -> str | None:
    """The words of the flag that a description keeps behind our own; None where it keeps none."""
    beginning = f"{own}{_FLAGGED}"
    if text == beginning:
        return ""
    words = text.removeprefix(f"{beginning}: ")
    return words if words != text else None


def keeping(own: str, flag: str | None) -> str:
    """Our own words, and behind them those of a flag of somebody else's; what does not fit is cut off."""
    if flag is None:
        return own
    whole = f"{own}{_FLAGGED}: {flag}" if flag else f"{own}{_FLAGGED}"
    return whole if len(whole) <= LONGEST else whole[: LONGEST - len(_ELLIPSIS)] + _ELLIPSIS
