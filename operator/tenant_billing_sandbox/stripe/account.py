"""The state of one simulated Stripe account: its objects, its clock and its events."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from tenant_billing_sandbox.stripe.operations import Call

Part = TypeVar("Part")
Object = dict[str, Any]
Emit = Callable[[str, Object, Object | None], None]


@dataclass
class Account:
    """Everything the account holds, in Stripe's own JSON shapes.

    Attributes:
        id: ``acct_…``.
        livemode: Whether its objects are live ones.
        now: The account's time in whole seconds since the epoch, UTC; moved only by the clock module.
        objects: By ``object`` name (``subscription``, ``billing.meter`` …), then by id, in order of creation.
        counter: Numbers ids, so that a run is repeatable.
        listeners: Called with (event type, object, previous attributes) for every event.
        call: The call that is being answered, for the ``request`` member of events; None between calls.
        parts: What modules keep beside the API objects, by type; see :meth:`part`.
    """

    id: str
    livemode: bool
    now: int
    objects: dict[str, dict[str, Object]] = field(default_factory=dict)
    counter: int = 0
    listeners: list[Emit] = field(default_factory=list)
    call: "Call | None" = None
    parts: dict[type[Any], Any] = field(default_factory=dict)

    def new_id(self, prefix: str) -> str:
        """A new id such as ``sub_000000000000000000000042`` (24 characters after the prefix)."""
        self.counter += 1
        return f"{prefix}_{self.counter:024d}"

    def table(self, name: str) -> dict[str, Object]:
        """All objects of one kind by id, oldest first."""
        return self.objects.setdefault(name, {})

    def emit(self, type_: str, object_: Object, previous: Object | None = None) -> None:
        """Tell of a change; ``previous`` holds the former values of the attributes that changed."""
        for listener in self.listeners:
            listener(type_, object_, previous)

    def part(self, kind: Callable[[], Part]) -> Part:
        """The account's one instance of a module's own state, made (without arguments) when first asked for."""
        key = cast("type[Any]", kind)
        if key not in self.parts:
            self.parts[key] = kind()
        return cast("Part", self.parts[key])
