"""Telling the person who waits what takes so long: a bar where there is a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PLAIN_STEPS = 10
"""Lines that a plain report spends on one long step."""


class Advance(Protocol):
    """Takes the count of what is done so far."""

    def __call__(self, done: int, /) -> None:
        """Show that ``done`` units are done."""
        ...


class Report(Protocol):
    """Where the search for programs says what it does."""

    def say(self, text: str) -> None:
        """Tell one fact, in one line."""
        ...

    def progress(self, title: str, total: int, /) -> AbstractContextManager[Advance]:
        """Show a step of ``total`` units while the context lasts."""
        ...


class SilentReport:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Drop the fact."""

    @contextmanager
    def progress(self, _title: str, _total: int, /) -> Iterator[Advance]:
        """Drop the count."""
        yield lambda _done, /: None


class ConsoleReport:
    """Speaks through a console: colours and a bar on a terminal, a line for every tenth elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Print the fact."""
        self._console.print(f"  [dim]·[/dim] {escape(text)}", highlight=False, soft_wrap=True)

    @contextmanager
    def progress(self, title: str, total: int, /) -> Iterator[Advance]:
        """Show the step as a bar or, without a terminal, as lines."""
        if not self._console.is_terminal:
            yield self._lines(title, total)
            return
        columns = (
            TextColumn("  [dim]·[/dim] {task.description}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda done, /: bar.update(task, completed=min(done, total))

    def _lines(self, title: str, total: int) -> Advance:
        shown = 0

        def advance(done: int, /) -> None:
            nonlocal shown
            reached = min(done, total) * PLAIN_STEPS // max(total, 1)
            if reached > shown:
                shown = reached
                self.say(f"{title}: {min(done, total):,} of {total:,}")

        return advance
