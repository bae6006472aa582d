"""What a rehearsal notes: the calls that nobody carried out, and what would be there after them."""

from collections.abc import AsyncIterator, Callable
from itertools import count
from typing import Generic, TypeVar

from tenant_billing.domain.forecast import Call, System, before_of, parameters_of
from tenant_billing.domain.forecast_reasons import reason_of
from tenant_billing.ports import Subject

SeenT = TypeVar("SeenT")


class Record:
    """All calls of one rehearsal, in their order, and names for what they would make."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._numbers: dict[str, count[int]] = {}
        self._made: set[str] = set()

    def new_id(self, what: str) -> str:
        """A name for something that does not exist yet: ``customer-1``."""
        name = f"{what}-{next(self._numbers.setdefault(what, count(1)))}"
        self._made.add(name)
        return name

    def has_made(self, identity: str) -> bool:
        """Whether a name stands for something that does not exist yet."""
        return identity in self._made

    def note(
        self,
        system: System,
        operation: str,
        subject: Subject,
        target: str,
        request: object,
        seen: object = None,
    ) -> None:
        """Note a call.

        Args:
            system: Where it would go.
            operation: What it would do.
            subject: For which object.
            target: What it would write.
            request: What would be sent.
            seen: What stands there now, where something does.
        """
        parameters = parameters_of(request)
        call = Call(
            system=system,
            operation=operation,
            subject=f"{subject.kind} {subject.name}",
            target=target,
            parameters=parameters,
            before={} if seen is None else before_of(seen, parameters),
            why=reason_of(operation, parameters),
        )
        self.calls.append(call)


class Overlay(Generic[SeenT]):
    """What would stand in place of, or beside, what is read."""

    def __init__(self, id_of: Callable[[SeenT], str]) -> None:
        self._id_of = id_of
        self._put: dict[str, SeenT] = {}

    def __contains__(self, identity: str) -> bool:
        return identity in self._put

    def put(self, made: SeenT) -> SeenT:
        """Lay something over what is read from now on."""
        self._put[self._id_of(made)] = made
        return made

    def get(self, identity: str) -> SeenT | None:
        """What was laid over, None where nothing was."""
        return self._put.get(identity)

    def remove(self, identity: str) -> None:
        """Nothing is laid over any more."""
        self._put.pop(identity, None)

    def all(self) -> tuple[SeenT, ...]:
        """Everything that was laid over."""
        return tuple(self._put.values())

    async def over(self, listed: AsyncIterator[SeenT]) -> AsyncIterator[SeenT]:
        """A listing with everything laid over it."""
        seen: set[str] = set()
        async for each in listed:
            identity = self._id_of(each)
            seen.add(identity)
            yield self._put.get(identity, each)
        for identity, made in list(self._put.items()):
            if identity not in seen:
                yield made
