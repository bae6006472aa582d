"""As much of PromQL as tells which series an expression asks for, and by which labels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s+|\#[^\n]*
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
    |(?P<number>\d+(?:\.\d+)?(?:[smhdwy](?:\d+[smhdwy])*)?|[+-]?Inf|NaN)
    |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*|\$(?:\w+|\{\w+\}))
    |(?P<sign>[=!]~|[=!<>]=|[-+*/%^<>={}()\[\],:@])""",
    re.VERBOSE,
)
_GROUPING: Final = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS: Final = {"and", "or", "unless", "offset", "bool", "atan2"}


@dataclass(frozen=True)
class Asked:
    """One series that an expression asks for.

    Attributes:
        labels: Those that it is selected by.
    """

    name: str
    labels: frozenset[str]


def tokens(expression: str) -> list[str]:
    """The expression in words and signs.

    Raises:
        ValueError: Something stands in it that is no PromQL.
    """
    found: list[str] = []
    position = 0
    while position < len(expression):
        match = _TOKEN.match(expression, position)
        if match is None:
            raise ValueError(f"no PromQL at {expression[position:]!r}")
        if match.lastgroup is not None:
            found.append(match[0])
        position = match.end()
    return found


def asked(expression: str) -> Iterator[Asked]:
    """Every series that an expression asks for."""
    words = tokens(expression)
    at = 0
    while at < len(words):
        word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        if word in _GROUPING:
            at = words.index(")", at) + 1 if following == "(" else at + 1
        elif _is_name(word) and following not in {"(", "by", "without"} and word not in _WORDS:
            end = words.index("}", at) if following == "{" else at
            labels = {words[each - 1] for each in range(at, end) if words[each] in {"=", "!=", "=~", "!~"}}
            yield Asked(word, frozenset(labels))
            at = end + 1
        else:
            at += 1


def grouped(expression: str) -> set[str]:
    """The labels that an expression groups by."""
    words = tokens(expression)
    found: set[str] = set()
    for at, word in enumerate(words):
        if word in _GROUPING and words[at + 1] == "(":
            found |= set(words[at + 2 : words.index(")", at)]) - {","}
    return found


def _is_name(word: str) -> bool:
    return bool(re.match(r"[a-zA-Z_:]", word)) and word not in {"Inf", "NaN"}
