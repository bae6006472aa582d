"""README.md of the chart: what a person needs first, then every value."""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from chart_generator.documented_values import Value

HEADINGS = "| value | default | meaning |\n| --- | --- | --- |"


def readme(introduction: str, values: Sequence[Value]) -> str:
    """Write the page.

    Args:
        introduction: What stands above the values.
        values: The documented values, in the order of values.yaml.
    """
    leaves = [leaf for value in values for leaf in value.leaves()]
    parts = [introduction.strip(), "## Values"]
    parts += [
        f"### {section}\n\n{HEADINGS}\n" + "\n".join(_row(leaf) for leaf in group)
        for section, group in groupby(leaves, key=lambda leaf: leaf.section)
    ]
    return "\n\n".join(parts) + "\n"


def _row(value: Value) -> str:
    return f"| `{value.name}` | `{_default(value.default)}` | {_cell(' '.join(_sentences(value)))} |"


def _sentences(value: Value) -> Iterator[str]:
    yield value.comment.description
    if choices := value.comment.schema.get("enum"):
        yield f"One of {', '.join(f'`{choice}`' for choice in choices)}."
    if value.comment.example:
        yield f"For example `{{{value.comment.example}}}`."


def _default(default: Any) -> str:
    return json.dumps(default, ensure_ascii=False).replace("|", "\\|")


def _cell(text: str) -> str:
    """Text that does not end its cell; a vertical line means that even between backticks."""
    return text.replace("|", "\\|")
