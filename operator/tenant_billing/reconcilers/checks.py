"""What the last check of each account, or of each registry, has shown, and when it is doubted."""

from typing import Final

from tenant_billing.domain.health import Health
from tenant_billing.ports import Clock

TRUSTED_FOR: Final = 10.0
"""Seconds for which a check is not doubted: calls that fail all the same must not each become another call."""


class Checks:
    """Health by name; a name that was not checked yet has none."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._health: dict[str, Health] = {}
        self._judged_at: dict[str, float] = {}
        self._suspected: set[str] = set()

    def health(self, name: str) -> Health | None:
        """What is known, None before the first check."""
        return self._health.get(name)

    def is_available(self, name: str) -> bool:
        """Whether it may be called."""
        health = self._health.get(name)
        return health is not None and health.is_available

    def is_suspected(self, name: str) -> bool:
        """Whether a call got no usable answer since the last check."""
        return name in self._suspected

    def judged(self, name: str, health: Health) -> bool:
        """Note the result of a check; gives whether others may judge differently by it: those who wait go on."""
        before = self._health.get(name)
        self._health[name] = health
        self._suspected.discard(name)
        self._judged_at[name] = self._clock.monotonic()
        return before is None or before.is_available is not health.is_available

    def refused(self, name: str, health: Health) -> None:
        """Note that a call, not a check, was refused: nothing is called any more before the next check."""
        self._health[name] = health

    def doubt(self, name: str) -> bool:
        """Note that a call got no usable answer; gives whether a check is due for that."""
        judged_at = self._judged_at.get(name)
        if judged_at is not None and self._clock.monotonic() - judged_at < TRUSTED_FOR:
            return False
        self._suspected.add(name)
        return True

    def forget(self, name: str) -> None:
        """Begin anew, with another connection or with none."""
        self._health.pop(name, None)
        self._judged_at.pop(name, None)
        self._suspected.discard(name)
