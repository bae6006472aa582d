"""The table of conversations: what is said to a Stripe account, and what it is to show."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from stripe_contract import Service

Talk = Callable[[Service], Awaitable[None]]


@dataclass(frozen=True)
class Conversation:
    """A sequence of calls by the official SDK.

    Attributes:
        name: What it is about.
        talk: Carries it out.
        operations: The calls that it shows in success, by method and path template.
        statuses: The statuses of subscriptions that it shows.
        events: The types of events that it causes.
    """

    name: str
    talk: Talk
    operations: frozenset[str]
    statuses: frozenset[str]
    events: frozenset[str]


CONVERSATIONS: dict[str, Conversation] = {}


def conversation(
    *operations: str, statuses: Sequence[str] = (), events: Sequence[str] = ()
) -> Callable[[Talk], Talk]:
    """Enter a function into the table.

    Args:
        operations: Method and path template of each call that it shows, ``POST /v1/products/{}``.
        statuses: Statuses of subscriptions that it shows.
        events: Types of events that it causes.
    """

    def register(talk: Talk) -> Talk:
        name = talk.__name__.replace("_", " ")
        assert name not in CONVERSATIONS
        CONVERSATIONS[name] = Conversation(
            name, talk, frozenset(operations), frozenset(statuses), frozenset(events)
        )
        return talk

    return register
