"""Scripted faults: what shall go wrong with which call, and the calls that are held (stripe.md 8, item 9)."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Effect = Literal["error", "delay", "disconnect_before", "disconnect_after", "hold_before", "hold_after"]
NEEDED_MEMBERS: dict[Effect, str] = {"error": "status", "delay": "seconds"}


class FaultSpecification(BaseModel):
    """The body of ``POST /_sandbox/faults``.

    Attributes:
        effect: ``error`` answers instead of the call; ``delay`` waits, then carries the call out, whether or
            not the client still listens; ``disconnect_before`` cuts the connection before anything is done;
            ``disconnect_after`` carries the call out and cuts the connection without an answer;
            ``hold_before`` and ``hold_after`` block the call before it is carried out or after, until the
            fault is released.
        method: ``GET``, ``POST`` …; ``*`` is any.
        path: A pattern of the path: ``*`` stands for one segment, ``**`` for any number of them.
        writes: Only calls that write (True) or only calls that read (False); None for both.
        containing: Only calls in whose body each of these texts stands as it was sent.
        nth: The first matching call that is hit, counted from 1 since the fault was scripted.
        times: How many matching calls in a row are hit; None for all from then on.
        status: HTTP status of an ``error``.
        body: The whole JSON body of an ``error``; without it the simulator words it from the next three.
        type: ``error.type`` of a worded error.
        code: ``error.code`` of a worded error.
        message: The message of a worded error.
        headers: Further headers of an ``error``.
        point: Where an ``error`` strikes: on ``arrival``, before anything looks at the call, or at its
            ``execution``, when keys, limits and validation are passed; only then is it stored under the
            call's idempotency key.
        seconds: Length of a ``delay``, in seconds of real time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    effect: Effect
    method: str = "*"
    path: str = "**"
    writes: bool | None = None
    containing: tuple[str, ...] = ()
    nth: int = Field(default=1, ge=1)
    times: int | None = Field(default=1, ge=1)
    status: int | None = Field(default=None, ge=400, le=599)
    body: dict[str, Any] | None = None
    type: str | None = None
    code: str | int | None = None
    message: str = "A scripted fault."
    headers: dict[str, str] = Field(default_factory=dict)
    point: Literal["arrival", "execution"] = "arrival"
    seconds: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _has_what_the_effect_needs(self) -> "FaultSpecification":
        needed = NEEDED_MEMBERS.get(self.effect)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"the effect {self.effect} needs {needed}")
        return self

    def matches(self, method: str, path: str, body: str, *, writes: bool) -> bool:
        """Whether a call is one that the fault is about, whatever ``nth`` and ``times`` say."""
        if self.method not in {"*", method} or self.writes not in {None, writes}:
            return False
        if not all(text in body for text in self.containing):
            return False
        return re.fullmatch(_expression(self.path), path) is not None


class FaultReport(BaseModel):
    """The answer about one fault.

    Attributes:
        id: ``fault_1``, ``fault_2`` …
        specification: What was asked for.
        seen: Matching calls so far, hit or not.
        hits: Calls hit so far.
        held: Sequence numbers of the calls that are blocked now.
        released: Whether the fault was released; later calls pass it unblocked.
    """

    id: str
    specification: FaultSpecification
    seen: int
    hits: int
    held: list[int]
    released: bool


@dataclass
class Fault:
    """One scripted fault and what became of it."""

    id: str
    specification: FaultSpecification
    seen: int = 0
    hits: int = 0
    held: list[int] = field(default_factory=list)
    has_hit: asyncio.Event = field(default_factory=asyncio.Event)
    has_held: asyncio.Event = field(default_factory=asyncio.Event)
    _release: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self) -> bool:
        """Count one matching call; True if this one is hit."""
        self.seen += 1
        first, times = self.specification.nth, self.specification.times
        hit = self.seen >= first and (times is None or self.seen < first + times)
        if hit:
            self.hits += 1
            self.has_hit.set()
        return hit

    async def hold(self, sequence: int) -> None:
        """Block the call with this sequence number until the fault is released."""
        self.held.append(sequence)
        self.has_held.set()
        try:
            await self._release.wait()
        finally:
            self.held.remove(sequence)

    def release(self) -> None:
        """Let the held calls go on, and later ones pass."""
        self._release.set()

    def report(self) -> FaultReport:
        """What is told about the fault."""
        return FaultReport(
            id=self.id,
            specification=self.specification,
            seen=self.seen,
            hits=self.hits,
            held=sorted(self.held),
            released=self._release.is_set(),
        )


class Faults:
    """All scripted faults of one simulator, in the order in which they were scripted."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._scripted = 0

    def script(self, specification: FaultSpecification) -> Fault:
        """Add a fault."""
        self._scripted += 1
        fault = Fault(f"fault_{self._scripted}", specification)
        self._faults[fault.id] = fault
        return fault

    @property
    def read_bodies(self) -> bool:
        """Whether any fault is about what a body contains."""
        return any(fault.specification.containing for fault in self._faults.values())

    def all(self) -> list[Fault]:
        """Every fault that was not removed."""
        return list(self._faults.values())

    def get(self, identifier: str) -> Fault | None:
        """The fault with this id, or None."""
        return self._faults.get(identifier)

    def remove(self, identifier: str) -> Fault | None:
        """Remove a fault and release what it holds; None if there is none."""
        fault = self._faults.pop(identifier, None)
        if fault is not None:
            fault.release()
        return fault

    def clear(self) -> None:
        """Remove every fault and release what they hold."""
        for identifier in list(self._faults):
            self.remove(identifier)

    def striking(self, method: str, path: str, body: str, *, writes: bool) -> list[Fault]:
        """The faults that hit this call; each matching fault counts it."""
        matching = [
            fault
            for fault in self._faults.values()
            if fault.specification.matches(method, path, body, writes=writes)
        ]
        return [fault for fault in matching if fault.strikes()]


def _expression(pattern: str) -> str:
    parts = re.split(r"(\*\*|\*)", pattern)
    return "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
