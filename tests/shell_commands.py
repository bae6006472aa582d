"""The commands of a shell script, as lists of words: enough for what documentation shows, no shell."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from document_pages import Block

_SEPARATORS: Final = {"|", "||", "&&", ";", "&"}
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_SUBSTITUTION: Final = re.compile(r"\$\(([^()]*)\)")
_PROMPT: Final = "$ "


@dataclass(frozen=True)
class Command:
    """One command of a block, without redirections and assignments."""

    block: Block
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.block} {' '.join(self.words)}"


def commands(block: Block) -> Iterator[Command]:
    """The commands of a block of ``sh``, or of a session in ``console``; those within ``$(…)`` too."""
    text = block.text if block.language == "sh" else _typed(block.text)
    for line in text.replace("\\\n", " ").splitlines():
        for part in (line, *_SUBSTITUTION.findall(line)):
            for words in _split(part):
                yield Command(block, words)


def _typed(session: str) -> str:
    """What a person typed in a session; the rest was printed."""
    return "\n".join(line.removeprefix(_PROMPT) for line in session.splitlines() if line.startswith(_PROMPT))


def _split(line: str) -> Iterator[tuple[str, ...]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in (*lexer, ";"):
        if word in _SEPARATORS:
            if words := _without_surroundings(words):
                yield tuple(words)
            words = []
        else:
            words.append(word)


def _without_surroundings(words: list[str]) -> list[str]:
    """Without redirections, assignments in front, and ``export`` of nothing but assignments."""
    if ">" in words:
        words = words[: words.index(">")]
    if words[:1] == ["export"]:
        words = words[1:]
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    return words
