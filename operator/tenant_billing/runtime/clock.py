"""The process's own time."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The operating system's time; the only place that asks for it."""

    def now(self) -> datetime:
        """The local time, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        return time.monotonic()
