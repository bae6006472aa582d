"""One call of the registry and its answer, free of HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def no_fault() -> None:
    """Nothing was scripted to go wrong."""


@dataclass(frozen=True)
class Call:
    """Who calls.

    Attributes:
        authorization: The header ``Authorization``.
        strike: Raises what was scripted to go wrong when the call is carried out.
    """

    authorization: str | None
    strike: Callable[[], None] = no_fault


@dataclass(frozen=True)
class Answer:
    """What the registry answers.

    Attributes:
        body: The JSON body.
        total_count: Entries on all pages (``X-Total-Count``), for lists.
        warnings: What goes out as ``X-Warning``.
    """

    body: dict[str, Any]
    total_count: int | None = None
    warnings: tuple[str, ...] = ()
