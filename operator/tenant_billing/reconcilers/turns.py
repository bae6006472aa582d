"""When something is due again: after a time, or because what it was done for has changed."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass
class Turn:
    """When something was done last, and for what.

    Attributes:
        done_at: Monotonic seconds; None where it is due whatever the time.
        done_for: What it was done for, such as a generation.
    """

    done_at: float | None = None
    done_for: Hashable = None

    def is_due(self, now: float, interval: float, wanted: Hashable) -> bool:
        """Whether it is due at a time, in monotonic seconds."""
        if self.done_at is None or self.done_for != wanted:
            return True
        return now - self.done_at >= interval

    def done(self, now: float, wanted: Hashable) -> None:
        """Note that it was done."""
        self.done_at, self.done_for = now, wanted

    def again(self) -> None:
        """Let it be due at the next look."""
        self.done_at = None
