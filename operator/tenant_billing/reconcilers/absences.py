"""How long something that was there has been missing: one 404 is never proof."""

from typing import Final

from tenant_billing.ports import Clock

PROOF: Final = 60.0
"""Seconds between the two answers that together prove an absence (product.md, "The rule of access")."""


class Absences:
    """Remembers since when something is missing; after a restart it is counted anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: dict[str, float] = {}

    def absent(self, uid: str) -> bool:
        """Note that it is missing now; gives whether that is proved by now."""
        now = self._clock.monotonic()
        return now - self._since.setdefault(uid, now) >= PROOF

    def present(self, uid: str) -> None:
        """Note that it is there."""
        self._since.pop(uid, None)

    def forget(self, uid: str) -> None:
        """Drop what is remembered."""
        self._since.pop(uid, None)
