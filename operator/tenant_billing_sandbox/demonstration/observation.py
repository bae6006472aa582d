"""Seeing a fact through a public API, within a deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tenant_billing_sandbox.environment.outside import NO_ANSWER

POLL_INTERVAL: Final = 0.2
"""Seconds. Stripe's limits count our reads and the operator's together."""


class Place(StrEnum):
    """The public API in which a fact is seen."""

    KUBERNETES = "Kubernetes"
    STRIPE = "Stripe"
    THINGS_STACK = "The Things Stack"


Words = Mapping[str, str]
"""What is seen, word by word; a word that isn't there is empty."""


@dataclass(frozen=True)
class Fact:
    """Something that must come to be.

    Attributes:
        place: Where it is seen.
        telling: How it is told once it is seen, with words in braces.
        expected: The words that must be seen.
        look: Looks once.
        present: Words that may be anything but empty.
    """

    place: Place
    telling: str
    expected: Words
    look: Callable[[], Awaitable[Words]]
    present: tuple[str, ...] = field(default=())

    def is_seen_in(self, words: Words) -> bool:
        """Whether these words show it."""
        exact = all(words.get(name) == value for name, value in self.expected.items())
        return exact and all(words.get(name) for name in self.present)


@dataclass(frozen=True)
class Observation:
    """A fact that was seen.

    Attributes:
        place: Where.
        telling: In words.
    """

    place: Place
    telling: str


class NotObservedError(Exception):
    """A fact was not seen in time.

    Attributes:
        fact: What was waited for.
        seen: The words seen last, or why nothing could be seen.
        patience: How long it was waited for, in seconds.
    """

    def __init__(self, fact: Fact, seen: Words | str, patience: float) -> None:
        super().__init__(f"{fact.place}: {fact.telling!r} was not seen within {patience:g} s")
        self.fact = fact
        self.seen = seen
        self.patience = patience


async def observe(fact: Fact, patience: float) -> Observation:
    """Look again and again until the fact is seen.

    Args:
        fact: What to see.
        patience: Seconds of real time.

    Raises:
        NotObservedError: It was not seen in time.
    """
    clock = asyncio.get_running_loop()
    deadline = clock.time() + patience
    while True:
        seen: Words | str
        try:
            seen = await fact.look()
        except NO_ANSWER as error:  # it may be busy, or limit how often it is asked
            seen = f"no answer: {str(error) or type(error).__name__}"
        if not isinstance(seen, str) and fact.is_seen_in(seen):
            return Observation(fact.place, fact.telling.format_map(seen))
        if clock.time() > deadline:
            raise NotObservedError(fact, seen, patience)
        await asyncio.sleep(POLL_INTERVAL)
