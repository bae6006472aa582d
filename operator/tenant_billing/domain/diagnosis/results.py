"""One finding, and what all of them come to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

EXIT_ERRORS: Final = 1
"""Exit status where an error was found."""
EXIT_NOTHING_SEEN: Final = 2
"""Exit status where nothing could be looked at."""


_OF_THE_COMMAND: Final = frozenset({"api-server", "own-rights"})
"""Checks of what this command works with, and not of the installation."""


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    """It works; somebody should look at it in working hours."""
    ERROR = "error"
    """Something does not work, and does not mend itself."""
    SKIPPED = "skipped"
    """It could not be looked at; the finding says why."""


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: Name of the check; a contract with scripts (``docs/commands.md``).
        subject: What was looked at: an object as ``KIND NAME``, or a part of the cluster.
        status: How it ended.
        finding: What was seen, in a sentence without secrets.
        remedy: What to do; empty where nothing is to be done.
    """

    check: str
    subject: str
    status: Status
    finding: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """The finding as JSON; every member is always there."""
        return {name: str(value) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Unreadable:
    """Stands where something could not be looked at.

    Attributes:
        why: For people.
    """

    why: str


def counted(findings: Iterable[Finding]) -> dict[Status, int]:
    """How many findings have each status, all four of them."""
    counts = Counter(each.status for each in findings)
    return {status: counts[status] for status in Status}


def exit_status(findings: Iterable[Finding]) -> int:
    """What a script learns: 1 where something is wrong, 2 where all was skipped, else 0. Warnings wake nobody."""
    told = tuple(findings)
    if counted(told)[Status.ERROR]:
        return EXIT_ERRORS
    looked_at = [each for each in told if each.check not in _OF_THE_COMMAND]
    return EXIT_NOTHING_SEEN if counted(looked_at)[Status.SKIPPED] == len(looked_at) else 0
