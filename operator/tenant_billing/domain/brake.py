"""The brake: how much access may be taken away in an hour before a person must approve (product.md, "The brake").

Counted are tenants whose access is taken away: by a suspension, by a cancel, by a deletion. A tenant that cannot
be held in the current batch waits all the same; what is held keeps its access.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.things_stack_cluster import BrakeStatus

WINDOW: Final = timedelta(hours=1)
SMALLEST_SHARE: Final = 10
"""A share of few tenants is never counted as less than this (api.md, ``brake``)."""
LONGEST_BATCH: Final = 1000
"""Tenants listed in one batch; the others wait for the next one."""


@dataclass(frozen=True)
class BrakeState:
    """The running hour and the batch that waits.

    Attributes:
        day: Day of the current batch, UTC, as ``YYYYMMDD``.
        number: Number of the batch on that day, from 1; grows with every change of what an approval would cover.
        engaged: Nothing more goes ahead before a person approves the batch.
        window_start: Begin of the hour that ``count`` belongs to.
        count: Tenants whose access was taken away since then.
        tenants: While engaged, the batch that waits; afterwards, those of the approved batch not yet carried out.
    """

    day: str
    number: int
    engaged: bool
    window_start: datetime
    count: int = 0
    tenants: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What an approval must name: stands for exactly this list of tenants."""
        return f"b-{self.day}-{self.number}"

    @property
    def held(self) -> int:
        """How many tenants wait for approval."""
        return len(self.tenants) if self.engaged else 0

    def to_status(self) -> BrakeStatus:
        """The state as ``status.brake`` keeps it."""
        return BrakeStatus(
            id=self.id,
            engaged=self.engaged,
            window_start_time=self.window_start,
            count=self.count,
            held=self.held,
            tenants=self.tenants,
        )


@dataclass(frozen=True)
class Verdict:
    """The answer to a request: who goes ahead once ``state`` is stored, and who waits."""

    state: BrakeState
    allowed: frozenset[str]
    held: frozenset[str]


def from_status(status: BrakeStatus | None, now: datetime) -> BrakeState:
    """The state that ``status.brake`` keeps; a new one where there is none, or where its id is not ours."""
    if status is None:
        return BrakeState(_day(now), 0, engaged=False, window_start=now)
    match status.id.split("-"):
        case ["b", day, number] if number.isdecimal():
            pass
        case _:
            day, number = _day(now), "0"
    return BrakeState(
        day=day,
        number=int(number),
        engaged=status.engaged,
        window_start=status.window_start_time,
        count=status.count,
        tenants=status.tenants,
    )


def limit_of(setting: int | str, managed: int) -> int:
    """How many tenants may lose access in an hour.

    Args:
        setting: A number (0: each needs approval), or a share such as ``5%``.
        managed: How many tenants the cluster manages; the share is rounded down, and never under 10.
    """
    if isinstance(setting, int):
        return setting
    return max(SMALLEST_SHARE, managed * int(setting.removesuffix("%")) // 100)


def request(state: BrakeState, now: datetime, limit: int, tenants: Sequence[str]) -> Verdict:
    """Ask to take access away from tenants, first come first served.

    What is allowed must not be carried out before the new state is stored: a restart must not forget it. Who was
    approved stays on the list until it is carried out (see :func:`withdraw`), so that a kill in between does not use
    the approval up.
    """
    state = _in_current_window(state, now)
    asked = tuple(dict.fromkeys(tenants))
    if state.engaged:
        return Verdict(_joined(state, now, asked), frozenset(), frozenset(asked))
    approved = tuple(each for each in asked if each in state.tenants)
    others = tuple(each for each in asked if each not in state.tenants)
    room = max(0, limit - state.count - len(approved))
    allowed, held = approved + others[:room], others[room:]
    state = replace(state, count=state.count + len(allowed))
    if held and not state.tenants:
        state = _joined(replace(state, engaged=True), now, held)
    return Verdict(state, frozenset(allowed), frozenset(held))


def approve(state: BrakeState, approved_id: str | None) -> BrakeState:
    """Let exactly the batch that an administrator named go ahead; any other id changes nothing."""
    if not state.engaged or approved_id != state.id:
        return state
    return replace(state, engaged=False)


def withdraw(state: BrakeState, tenants: Sequence[str]) -> BrakeState:
    """Take tenants off the list that lost access, or need not lose it any more; an empty batch needs no approval."""
    rest = tuple(each for each in state.tenants if each not in tenants)
    return replace(state, tenants=rest, engaged=state.engaged and bool(rest))


def condition(state: BrakeState) -> tuple[bool, Reason, str]:
    """Whether ``DisruptionsHeld`` is true, why, and what a person can do."""
    if state.engaged:
        remedy = (
            f"{state.held} tenants keep their access until somebody approves: look at status.brake.tenants, then "
            f"annotate this object with {Annotation.APPROVE_DISRUPTIONS}={state.id}"
        )
        return True, Reason.LIMIT_EXCEEDED, remedy
    if state.tenants:
        return False, Reason.APPROVED, f"batch {state.id} was approved and is being carried out"
    return False, Reason.WITHIN_LIMIT, ""


def _joined(state: BrakeState, now: datetime, tenants: Sequence[str]) -> BrakeState:
    """Add tenants to the batch that waits; a batch that grew is another one, so that nobody approves it unseen."""
    newcomers = tuple(each for each in tenants if each not in state.tenants)
    newcomers = newcomers[: max(0, LONGEST_BATCH - len(state.tenants))]
    if not newcomers:
        return state
    today = _day(now)
    number = state.number + 1 if state.day == today else 1
    return replace(state, day=today, number=number, tenants=state.tenants + newcomers)


def _in_current_window(state: BrakeState, now: datetime) -> BrakeState:
    """Begin a new hour when the old one is over; an approval that was not used by then has lapsed."""
    if state.window_start <= now < state.window_start + WINDOW:
        return state
    return replace(state, window_start=now, count=0, tenants=state.tenants if state.engaged else ())


def _day(now: datetime) -> str:
    return f"{now:%Y%m%d}"
