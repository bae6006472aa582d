"""What applying something would do outside, as values: every call in its order, and how each object would stand.

Nothing is decided here. The calls are those that the reconcilers made while nobody carried them out
(:mod:`tenant_billing.rehearsal`); this module turns them into what a person, or a program, reads.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

Value = str | int | bool | None | list["Value"] | dict[str, "Value"]
"""A parameter as JSON knows it; decimals are strings, so that no digit is lost."""

HIDDEN: Final = frozenset({"password", "secret"})
"""Fields whose value is shown nowhere."""


class System(enum.StrEnum):
    """Where a call goes."""

    STRIPE = "Stripe"
    THINGS_STACK = "The Things Stack"


@dataclass(frozen=True)
class Call:
    """One write outside that applying would cause.

    Attributes:
        system: Where it goes.
        operation: What it does, such as ``CreateSubscription``.
        subject: The object it is done for: ``TenantSubscription tenants/acme``.
        target: Id of what is written, or the predicted id of what is made: ``customer-1``.
        parameters: What is sent, without what is left out and without secrets.
        before: Of the same names what stands there now, where something does.
        why: In words, why it is done.
    """

    system: System
    operation: str
    subject: str
    target: str
    parameters: Mapping[str, Value]
    before: Mapping[str, Value]
    why: str

    def to_json(self) -> dict[str, Any]:
        """The call as JSON."""
        return {
            "system": self.system.value,
            "operation": self.operation,
            "subject": self.subject,
            "target": self.target,
            "parameters": dict(self.parameters),
            "before": dict(self.before),
            "why": self.why,
        }


@dataclass(frozen=True)
class Outlook:
    """How one object would stand once everything was done that can be done at once.

    Attributes:
        subject: ``TenantSubscription tenants/acme``.
        is_new: Whether the cluster does not have it yet.
        ready: Status of the condition ``Ready``; ``Unknown`` where nothing says so.
        reason: Its reason.
        message: What to do about it.
    """

    subject: str
    is_new: bool
    ready: str
    reason: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """The outlook as JSON."""
        return {
            "subject": self.subject,
            "new": self.is_new,
            "ready": self.ready,
            "reason": self.reason,
            "message": self.message,
        }


@dataclass(frozen=True)
class Forecast:
    """All that applying would do.

    Attributes:
        calls: In the order in which they would be made.
        outlooks: Of every object that was looked at, in the order of their dependence.
    """

    calls: tuple[Call, ...] = ()
    outlooks: tuple[Outlook, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The forecast as JSON."""
        return {
            "calls": [each.to_json() for each in self.calls],
            "objects": [each.to_json() for each in self.outlooks],
        }


def parameters_of(request: object) -> dict[str, Value]:
    """The fields of a request that say something: no secrets, nothing empty.

    Args:
        request: One of :mod:`tenant_billing.domain.requests`, or a mapping.
    """
    return {name: value for name, value in _items(request) if value not in (None, "", [], {})}


def before_of(seen: object, parameters: Mapping[str, Value]) -> dict[str, Value]:
    """Of what stands outside now: the values that parameters of the same names would replace.

    A mapping such as ``limits`` is narrowed to the keys that are written.
    """
    present = dict(_items(seen))
    found: dict[str, Value] = {}
    for name, value in parameters.items():
        if name not in present:
            continue
        before = present[name]
        if isinstance(value, dict) and isinstance(before, dict):
            before = {key: before.get(key) for key in value}
        found[name] = before
    return found


def _items(source: object) -> list[tuple[str, Value]]:
    if isinstance(source, Mapping):
        return [(str(name), _plain(value)) for name, value in source.items() if name not in HIDDEN]
    assert is_dataclass(source), "requests and observations are dataclasses"
    return [
        (field.name, _plain(getattr(source, field.name)))
        for field in fields(source)
        if field.name not in HIDDEN
    ]


def _plain(value: object) -> Value:
    """A value as JSON knows it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return dict(_items(value))
    if is_dataclass(value):
        return {name: given for name, given in _items(value) if given is not None}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return str(value)
