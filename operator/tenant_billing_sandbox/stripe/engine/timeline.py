"""What falls due when: one line of time for the account and one for every test clock (stripe.md 8).

A module announces a moment by :func:`schedule` and answers it by a function marked with :func:`due`. The function
looks at the object as it is then and does nothing where the moment no longer applies, so nothing is ever unscheduled.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from tenant_billing_sandbox.stripe.account import Account, Object

HOUR = 3600
DAY = 24 * HOUR

Due = Callable[[Account, str], None]
DUE: dict[str, Due] = {}


@dataclass
class Timelines:
    """Pending moments by test clock id; ``None`` is the account's own clock.

    Attributes:
        pending: Heaps of (time in seconds, sequence, kind, object id).
        sequence: Keeps moments of one second in the order of their announcement.
    """

    pending: dict[str | None, list[tuple[int, int, str, str]]] = field(default_factory=dict)
    sequence: int = 0


def due(kind: str) -> Callable[[Due], Due]:
    """Mark the function that answers moments of a kind, given the account and an object id."""

    def register(function: Due) -> Due:
        DUE[kind] = function
        return function

    return register


def time_of(account: Account, owner: Object) -> int:
    """The present time in seconds for an object: its test clock's frozen time, else the account's time."""
    clock = owner.get("test_clock")
    if clock is None:
        return account.now
    frozen = account.table("test_helpers.test_clock").get(clock)
    return int(frozen["frozen_time"]) if frozen else account.now


def schedule(account: Account, owner: Object, kind: str, at: int) -> None:
    """Announce that ``kind`` falls due for ``owner`` at a time in seconds."""
    if kind not in DUE:
        raise LookupError(f"nothing answers moments of the kind {kind}")
    lines = account.part(Timelines)
    lines.sequence += 1
    entry = (at, lines.sequence, kind, str(owner["id"]))
    heapq.heappush(lines.pending.setdefault(owner.get("test_clock"), []), entry)


def run(account: Account, clock: Object | None, until: int) -> None:
    """Move a clock forward to ``until``, answering everything due on the way in order of time."""
    heap = account.part(Timelines).pending.setdefault(clock["id"] if clock else None, [])
    while heap and heap[0][0] <= until:
        at, _, kind, identifier = heapq.heappop(heap)
        _set(account, clock, at)
        DUE[kind](account, identifier)
    _set(account, clock, until)


def forget(account: Account, clock_id: str) -> None:
    """Drop everything pending on a deleted test clock."""
    account.part(Timelines).pending.pop(clock_id, None)


def _set(account: Account, clock: Object | None, at: int) -> None:
    if clock is None:
        account.now = max(account.now, at)
    else:
        clock["frozen_time"] = max(clock["frozen_time"], at)
