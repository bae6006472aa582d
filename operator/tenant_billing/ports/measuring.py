"""What is measured while it happens, and what of the accounts is shown; whoever measures decides nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from tenant_billing.domain.observations import Invoice, Price, Subscription

INTERRUPTED: Final = "Interrupted"
"""Result of a call that was cut off on our side, by a shutdown for example: its outcome is unknown."""
SUCCEEDED: Final = "Ok"
"""Result of a call that was answered as hoped; every other result is the name of an error."""


class System(StrEnum):
    """The outside systems, as audit lines and metrics name them."""

    STRIPE = "Stripe"
    THE_THINGS_STACK = "TheThingsStack"
    KUBERNETES = "Kubernetes"


class CallMeter(Protocol):
    """Measures the requests to one outside system, or to one account of it."""

    def queued(self) -> None:
        """A request begins to wait for its turn in the budget."""
        ...

    def admitted(self, seconds: float) -> None:
        """A request has waited so long: its turn has come, or it was given up."""
        ...

    def answered(self, operation: str, result: str, seconds: float, *, is_read: bool) -> None:
        """A request has ended.

        Args:
            operation: The call, for example ``CreateSubscription``; of a closed list.
            result: :data:`SUCCEEDED`, :data:`INTERRUPTED` or the name of the error.
            seconds: From sending it to its answer.
            is_read: Whether it changes nothing.
        """
        ...


CallMeters = Callable[[System, str], CallMeter]
"""Gives the meter of a system and an account of it (the name of its object)."""


DEFECT: Final = "defect"
"""Result of a pass that a defect broke off."""


class PassMeter(Protocol):
    """Measures passes."""

    def passed(self, kind: str, result: str, seconds: float, *, retry: bool) -> None:
        """A pass over an object of a kind has ended."""
        ...


CorrectionMeter = Callable[[str], None]
"""Told the name of an action that put back what was in sync before somebody else changed it."""


class Unmeasured:
    """Measures nothing: for commands, and wherever nobody looks."""

    def queued(self) -> None:
        """Nobody looks."""

    def admitted(self, seconds: float) -> None:
        """Nobody looks."""

    def answered(self, operation: str, result: str, seconds: float, *, is_read: bool) -> None:
        """Nobody looks."""

    def passed(self, kind: str, result: str, seconds: float, *, retry: bool) -> None:
        """Nobody looks."""


UNMEASURED: Final = Unmeasured()


def unmeasured_calls(_: System, __: str) -> CallMeter:
    """Meters of no account."""
    return UNMEASURED


def uncounted_correction(_: str) -> None:
    """Counts no correction."""


@dataclass(frozen=True)
class AccountSeen:
    """What a leader knows of one account at a moment; nothing of it changes any more.

    Attributes:
        backend: Name of the BillingBackend.
        now: The account's time.
        events_read_age: Seconds since the event list was last read to its end, None where it was not.
        events_handled_until: Account time up to which events are known to be handled, None where nothing is known.
        subscriptions: As last seen, ended ones too.
        prices: Recurring prices by id.
        open_invoices: By subscription; those without one are left out.
    """

    backend: str
    now: datetime
    events_read_age: float | None = None
    events_handled_until: datetime | None = None
    subscriptions: tuple[Subscription, ...] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    open_invoices: Mapping[str, tuple[Invoice, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class QueueSeen:
    """How the queue of a leader stands at a moment.

    Attributes:
        waiting: Objects whose turn it is.
        running: Objects that are worked on.
        failing: Objects whose last pass asked for another try.
        oldest_wait: Seconds that the longest waiting one has waited for a worker; 0 where none waits.
    """

    waiting: int = 0
    running: int = 0
    failing: int = 0
    oldest_wait: float = 0.0
