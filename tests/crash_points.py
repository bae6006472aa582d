"""The points at which the operator is killed: every write that an undisturbed run was seen to make.

Nothing is listed here by hand. A run of one tenant is recorded at the doors of all three systems; each write becomes a
point, and the same write of another tenant is found by the names and ids of that tenant.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from running_product import Product
from tenant_billing_sandbox.service.faults import Fault
from tenant_billing_sandbox.service.record import RecordedRequest

BEFORE: Final = "before it was sent"
AFTER: Final = "after it was committed"
_EFFECTS: Final = {BEFORE: "hold_before", AFTER: "hold_after"}
NUDGE: Final = "annotations"
_UNBORN: Final = "<schedule>"
_PARTS_OF_METADATA: Final = (NUDGE, "finalizers")


@dataclass(frozen=True)
class Identity:
    """What names a tenant in the calls that are about it.

    Attributes:
        name: Name of its object, and its id in The Things Stack.
        customer: Its customer's id; empty before there is one.
        subscription: Its subscription's id; likewise.
        schedule: The id of the schedule that its subscription has, or had; likewise.
    """

    name: str
    customer: str = ""
    subscription: str = ""
    schedule: str = ""

    def placeholders(self) -> Iterator[tuple[str, str]]:
        """What stands in a path, and the placeholder for it."""
        for placeholder, text in vars(self).items():
            if text:
                yield f"<{placeholder}>", text

    def is_named_in(self, entry: RecordedRequest) -> bool:
        """Whether a call is about this tenant."""
        told = entry.path + json.dumps(entry.params)
        return any(text in told for _, text in self.placeholders())


def identity_of(product: Product, name: str) -> Identity:
    """The identity of a tenant as far as it exists outside."""
    customers, subscriptions = product.customers(name), product.subscriptions(name)
    return Identity(
        name,
        customers[0]["id"] if customers else "",
        subscriptions[0]["id"] if subscriptions else "",
        _schedule_of(product, subscriptions[0]["id"]) if subscriptions else "",
    )


def _schedule_of(product: Product, subscription: str) -> str:
    of = [
        each["id"]
        for each in product.stripe_objects("subscription_schedule")
        if subscription in (each["subscription"], each["released_subscription"])
    ]
    return of[-1] if of else ""


@dataclass(frozen=True, order=True)
class Point:
    """One write within one phase of a tenant's life.

    Attributes:
        system: Whose door it passes.
        method: Of HTTP.
        path: With placeholders for what names the tenant.
        part: Which part of an object's metadata it is about; empty elsewhere.
        named: The placeholder for what names the tenant in its body; empty where only the path does.
        nth: The how-manieth call like this of the phase, from 1.
    """

    system: str
    method: str
    path: str
    part: str
    named: str
    nth: int

    def __str__(self) -> str:
        part = f" ({self.part})" if self.part else ""
        return f"{self.system}: {self.method} {self.path}{part}, no. {self.nth}"

    @property
    def is_certain(self) -> bool:
        """Whether every run makes it. How many events make how many nudges is a matter of time."""
        return self.part != NUDGE

    def hold(self, product: Product, identity: Identity, side: str) -> Fault:
        """Hold this write of a tenant, and every later one like it."""
        path, texts = self.path, dict(identity.placeholders())
        for placeholder, text in texts.items():
            path = path.replace(placeholder, text)
        by_path = path != self.path
        path = path.replace(_UNBORN, "*")  # what the phase makes has no id yet when it begins
        named = () if by_path else (texts[self.named],)
        return product.script(
            self.system,
            effect=_EFFECTS[side],
            method=self.method,
            path=path,
            containing=(*named, *((f'"{self.part}"',) if self.part else ())),
            nth=self.nth,
            times=None,
        )


def marks(product: Product) -> dict[str, int]:
    """The present ends of all records."""
    return {name: observed.record.counts().last_sequence for name, observed in product.systems.items()}


def writes_since(product: Product, since: Mapping[str, int]) -> list[tuple[str, RecordedRequest]]:
    """The calls that were sent to change something, by system."""
    return [
        (name, entry)
        for name, observed in product.systems.items()
        for entry in observed.record.since(since[name], writes=True)
    ]


def points_of(writes: list[tuple[str, RecordedRequest]], identity: Identity) -> list[Point]:
    """The points among recorded writes that are about one tenant; of nudges the first."""
    seen: Counter[tuple[str, str, str, str, str]] = Counter()
    points = []
    for system, entry in writes:
        if not entry.committed or not identity.is_named_in(entry):
            continue
        path = entry.path
        for placeholder, text in identity.placeholders():
            path = path.replace(text, placeholder)
        kind = (system, entry.method, path, _part(entry.params), _name_in(entry.params, identity))
        seen[kind] += 1
        point = Point(*kind, seen[kind])
        if point.is_certain or point.nth == 1:
            points.append(point)
    return points


def _name_in(params: Mapping[str, Any], identity: Identity) -> str:
    """The placeholder for the first of a tenant's names that stands in a body."""
    body = json.dumps(params)
    return next((placeholder for placeholder, text in identity.placeholders() if text in body), "")


def _part(params: Mapping[str, Any]) -> str:
    """Which part of the metadata a call to Kubernetes changes."""
    metadata = params.get("metadata")
    changed = metadata if isinstance(metadata, dict) else {}
    return next((part for part in _PARTS_OF_METADATA if part in changed), "")


def audited(log: str, name: str = "") -> list[tuple[str, str]]:
    """System and operation of every audit line about a TenantSubscription; about one of a name, if one is given."""
    lines = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    return [
        (line["system"], line["operation"])
        for line in lines
        if line.get("event") == "OutsideWrite"
        and line["kind"] == "TenantSubscription"
        and line["name"].endswith(f"/{name}" if name else "")
    ]
