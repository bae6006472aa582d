"""How long to wait before looking again at what only a person can mend. Randomness is passed in."""

from typing import Final

SLOW_RECHECK: Final = 15.0
"""Seconds; for a refused key or a missing right: seldom enough to disturb nobody."""
SPREAD: Final = 0.2


def recheck_after(jitter: float, seconds: float = SLOW_RECHECK) -> float:
    """Seconds until a slow recheck, spread by a fifth to both sides: many objects must not come back at once.

    Args:
        jitter: A random number from 0 to 1; one outside is taken as the nearer end.
        seconds: The middle of the spread.
    """
    return seconds * (1 - SPREAD + 2 * SPREAD * min(max(jitter, 0.0), 1.0))
