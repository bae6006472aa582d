"""The time that the simulator writes into timestamps."""

from collections.abc import Callable
from datetime import datetime, timedelta


class Clock:
    """The real time, or a time that was set and stands still until it is set again."""

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self._set: datetime | None = None
        self._last: datetime | None = None

    def now(self) -> datetime:
        """The time in UTC."""
        return self._set or self._real()

    def set(self, moment: datetime | None) -> None:
        """Stop the clock at a moment; None lets it follow the real time again."""
        self._set = moment
        self._last = None

    def tick(self) -> datetime:
        """A timestamp for a write: the time, and a microsecond after the last one at least (T-26)."""
        moment = self.now()
        if self._last is not None and moment <= self._last:
            moment = self._last + timedelta(microseconds=1)
        self._last = moment
        return moment
