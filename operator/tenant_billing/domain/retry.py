"""How long to wait before looking again. Randomness is passed in, so that a test can tabulate it."""

from typing import Final

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 60.0
SLOW_RECHECK: Final = 15.0
"""For what only a person can mend outside (a key, a permission): seldom enough to disturb nobody."""
RECHECK_SPREAD: Final = 0.2
_MOST_DOUBLINGS: Final = 32


def delay_after(failures: int, jitter: float, at_least: float = 0.0) -> float:
    """Seconds to wait after failures in a row: doubling from half a second to a minute, spread downwards by half.

    Args:
        failures: How many passes failed in a row, from 1.
        jitter: A random number from 0 to 1; many objects must not come back at the same moment.
        at_least: What the other side asked for (``Throttled.retry_after``); it is never undercut.
    """
    doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
    longest: float = min(LONGEST_DELAY, FIRST_DELAY * 2**doublings)
    return max(at_least, longest * (0.5 + 0.5 * _within(jitter)))


def recheck_after(jitter: float, seconds: float = SLOW_RECHECK) -> float:
    """Seconds until a slow recheck, spread by a fifth to both sides.

    Args:
        jitter: A random number from 0 to 1.
        seconds: The middle of the spread.
    """
    return seconds * (1 - RECHECK_SPREAD + 2 * RECHECK_SPREAD * _within(jitter))


def _within(jitter: float) -> float:
    return min(max(jitter, 0.0), 1.0)
