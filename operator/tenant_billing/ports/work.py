"""What the loop works with: keys, outcomes, the queue, time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

OnTurn = Callable[[], None]
"""Told that a request is sent now; it may have waited for its turn in a budget."""

Fence = Callable[[], None]
"""Asked right before anything is written.

Raises :class:`tenant_billing.domain.errors.NotLeading` where another process may have begun to write."""


def unfenced() -> None:
    """The fence of a process that competes with nobody."""


@dataclass(frozen=True, order=True)
class ObjectKey:
    """One object of ours: the unit of work.

    Attributes:
        kind: Kind, for example ``TenantSubscription``.
        namespace: Namespace, empty for a cluster-scoped kind.
        name: Name.
    """

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """``Kind namespace/name``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Outcome:
    """How one pass ended.

    Attributes:
        result: One word for the log line: ``settled``, ``changed``, ``waiting``, ``failed``, ``gone``, or ``unchecked``
            while nothing can be told yet because its account or cluster was not checked since the start.
        retry: Look again after a back-off that grows with each pass that asks for it (a temporary error).
        look_again_after: Seconds of real time after which to look again all the same (a slow resync).
        look_again_at: Account time at which something falls due (a suspension, the end of an override).
        backend: The BillingBackend whose clock ``look_again_at`` follows.
        why: Reason and message for the log line.
    """

    result: str
    retry: bool = False
    look_again_after: float | None = None
    look_again_at: datetime | None = None
    backend: str = ""
    why: str = ""


class Reconciler(Protocol):
    """Reads what is, decides what should be, writes the difference. Never two passes for one key at a time."""

    async def reconcile(self, key: ObjectKey) -> Outcome:
        """One pass. Only defects escape as exceptions; the queue logs them and backs off."""
        ...


class Queue(Protocol):
    """The work that waits; adding a key that waits already changes nothing but its urgency."""

    def add(self, key: ObjectKey, *, urgent: bool = True) -> None:
        """Look at an object as soon as possible; the urgent go first."""
        ...


class Clock(Protocol):
    """Time as this process sees it."""

    def now(self) -> datetime:
        """The local time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...


@dataclass(frozen=True)
class Subject:
    """The object for which an outside call is made: what the audit line names, and how urgent it is.

    Attributes:
        kind: Kind of the object.
        name: ``namespace/name``, or the name of a cluster-scoped object.
        uid: Its uid.
        why: Reason of the call, in CamelCase.
        urgent: Payments and edits go before resyncs in the account's budget.
    """

    kind: str
    name: str
    uid: str
    why: str
    urgent: bool = True
