"""A clock that a test moves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@dataclass
class HandClock:
    """Stands still until a test moves it."""

    moment: datetime = NOW
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds
