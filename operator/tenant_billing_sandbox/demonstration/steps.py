"""What a step of the story is: what somebody does, and what must then be seen."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from tenant_billing_sandbox.demonstration.observation import Fact
from tenant_billing_sandbox.environment.outside import Answer


@dataclass(frozen=True)
class Command:
    """A command line that somebody types.

    Attributes:
        shown: As a person types it, in the root of this repository.
        run: Runs it; gives what it writes.
    """

    shown: str
    run: Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class Happening:
    """Something that happens outside the cluster.

    Attributes:
        telling: In words, before it happens.
        happen: Lets it happen; gives what there is to say of it.
    """

    telling: str
    happen: Callable[[], Awaitable[str]]


class Subject(Protocol):
    """What a step is about."""

    async def resource(self) -> Answer | None:
        """The TenantSubscription as Kubernetes gives it; None if there is none."""
        ...


@dataclass(frozen=True)
class Step:
    """One step of the story.

    Attributes:
        short_title: What it is about, in a word or two.
        title: The same in a sentence.
        actions: What is done, in order.
        facts: What must be seen, in order.
        subject: Shows the object that it is about, for whoever wonders why something was not seen.
    """

    short_title: str
    title: str
    actions: tuple[Command | Happening, ...]
    facts: tuple[Fact, ...]
    subject: Subject
