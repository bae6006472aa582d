"""What a leader remembers of each tenant's usage between passes; losing it harms nothing."""

from dataclasses import replace
from typing import Any

from tenant_billing.domain.usage_facts import NOTHING_KNOWN, UsageFacts


class UsageBook:
    """Facts by uid of the TenantSubscription."""

    def __init__(self) -> None:
        self._facts: dict[str, UsageFacts] = {}

    def of(self, uid: str) -> UsageFacts:
        """What is known of one tenant."""
        return self._facts.get(uid, NOTHING_KNOWN)

    def note(self, uid: str, **changes: Any) -> UsageFacts:
        """Change some of it; gives all of it."""
        self._facts[uid] = replace(self.of(uid), **changes)
        return self._facts[uid]

    def begin_pass(self, uid: str) -> None:
        """What was tried in the former pass may be tried again."""
        facts = self._facts.get(uid)
        if facts is not None and (facts.tried or facts.asked):
            self.note(uid, tried=False, asked=False)

    def forget(self, uid: str) -> None:
        """Drop what is remembered of an object that is gone."""
        self._facts.pop(uid, None)
