"""The pages that people read, taken apart: headings with their anchors, links, fenced blocks, tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from manifests import REPOSITORY

DOCUMENTS: Final = REPOSITORY / "docs"
PAGES: Final = sorted([*REPOSITORY.glob("*.md"), *DOCUMENTS.rglob("*.md")])

_PARSER: Final = MarkdownIt("commonmark").enable("table")


def name_of(page: Path) -> str:
    """The page as people name it."""
    return str(page.relative_to(REPOSITORY))


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes:
        page: Where it stands.
        line: Of its first line, from 1.
        language: The word behind the fence; empty where there is none, or no fence.
        text: What it holds.
    """

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{name_of(self.page)}:{self.line}"


@dataclass(frozen=True)
class Link:
    """One link of a page to somewhere."""

    page: Path
    line: int
    target: str

    def __str__(self) -> str:
        return f"{name_of(self.page)}:{self.line} {self.target}"


@dataclass(frozen=True)
class Heading:
    """One heading, with the anchor that a link names."""

    level: int
    text: str
    anchor: str


@cache
def _tokens(page: Path) -> tuple[Token, ...]:
    return tuple(_PARSER.parse(page.read_text(encoding="utf-8")))


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0


def blocks(page: Path) -> Iterator[Block]:
    """All blocks of code of a page."""
    for token in _tokens(page):
        if token.type in {"fence", "code_block"}:
            yield Block(page, _line(token), token.info.strip(), token.content)


def all_blocks(*languages: str) -> list[Block]:
    """The blocks of all pages in these languages."""
    return [block for page in PAGES for block in blocks(page) if block.language in languages]


def links(page: Path) -> Iterator[Link]:
    """All links of a page."""
    for token in _tokens(page):
        for child in token.children or ():
            if child.type == "link_open":
                yield Link(page, _line(token), str(child.attrs["href"]))


def headings(page: Path) -> Iterator[Heading]:
    """All headings of a page, with anchors as GitHub makes them."""
    seen: dict[str, int] = {}
    tokens = _tokens(page)
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        text = "".join(child.content for child in inline.children or ())
        plain = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = seen.get(plain, 0)
        seen[plain] = count + 1
        yield Heading(int(token.tag[1]), text, plain if count == 0 else f"{plain}-{count}")


def rows(page: Path, heading: str) -> Iterator[tuple[str, ...]]:
    """The rows of the tables below a heading, up to the next heading; each cell as it is written."""
    below, row, in_head = False, list[str](), False
    tokens = _tokens(page)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            below = "".join(child.content for child in inline.children or ()) == heading
        elif token.type in {"thead_open", "thead_close"}:
            in_head = token.type == "thead_open"
        elif token.type == "td_open" and below:
            row.append(inline.content)
        elif token.type == "tr_close" and below and not in_head:
            yield tuple(row)
            row = []


def codes(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)
