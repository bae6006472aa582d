"""Tables on a terminal, and as plain text where the output goes elsewhere."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH: Final = 2000
"""Columns where there is no terminal: wider than any message, since a program may read it."""


def print_table(heads: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Print rows below their heads, aligned, as kubectl does."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    console.print(table)
