"""values.yaml as what it documents: each value with its default, description and schema."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

SECTION: Final = "## "
SCHEMA: Final = "@schema "
EXAMPLE: Final = "@example "


class ValuesError(ValueError):
    """values.yaml lacks something; the message names the value."""


@dataclass(frozen=True)
class Comment:
    """What stands above a key.

    Attributes:
        description: Its sentences, on one line.
        schema: What is added to the type that the default shows.
        example: A value that could be set.
    """

    description: str
    schema: Mapping[str, Any]
    example: str


@dataclass(frozen=True)
class Value:
    """One key of values.yaml.

    Attributes:
        path: The keys that lead to it, itself the last.
        default: What it is if nothing is set.
        comment: What stands above it.
        section: The section of README.md that it belongs to.
        children: The values below it; empty for one that is set as a whole.
    """

    path: tuple[str, ...]
    default: Any
    comment: Comment
    section: str
    children: Sequence["Value"] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        """As ``helm --set`` takes it."""
        return ".".join(self.path)

    def leaves(self) -> Iterator["Value"]:
        """The values that are set as a whole, itself included if it is one."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


def documented_values(text: str) -> Sequence[Value]:
    """Read values.yaml.

    Raises:
        ValuesError: A value has no description, or a comment no readable schema.
    """
    loaded = YAML().load(text)
    return tuple(_values(loaded, (), text.splitlines()))


def _values(mapping: CommentedMap, above: tuple[str, ...], lines: Sequence[str]) -> Iterator[Value]:
    for key, default in mapping.items():
        path = (*above, str(key))
        line, column = mapping.lc.key(key)
        comment = _comment(path, _lines_above(lines, line, column))
        # A mapping that has a named shape, or is empty, is set as a whole; any other one is a group of values.
        is_group = isinstance(default, CommentedMap) and bool(default) and "$ref" not in comment.schema
        children = tuple(_values(default, path, lines)) if is_group else ()
        if not children and not comment.description:
            raise ValuesError(f"{'.'.join(path)} has no description")
        yield Value(path, default, comment, _section(lines, line), children)


def _lines_above(lines: Sequence[str], line: int, column: int) -> Sequence[str]:
    """The comment lines directly above a key, at its column, without their marks."""
    first = line
    while first > 0 and lines[first - 1].startswith(" " * column + "#"):
        first -= 1
    return [each.strip().removeprefix("#").strip() for each in lines[first:line]]


def _comment(path: tuple[str, ...], lines: Sequence[str]) -> Comment:
    schema = " ".join(each.removeprefix(SCHEMA) for each in lines if each.startswith(SCHEMA))
    example = " ".join(each.removeprefix(EXAMPLE) for each in lines if each.startswith(EXAMPLE))
    description = " ".join(each for each in lines if not each.startswith("@"))
    parsed = YAML(typ="safe").load(schema) if schema else {}
    if not isinstance(parsed, dict):
        raise ValuesError(f"{'.'.join(path)}: @schema is followed by a mapping, not by {schema}")
    return Comment(description, parsed, example)


def _section(lines: Sequence[str], line: int) -> str:
    """The title of the last section that begins above a line."""
    titles = [each.removeprefix(SECTION).strip() for each in lines[:line] if each.startswith(SECTION)]
    return titles[-1] if titles else ""
