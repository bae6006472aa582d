"""How the story is told at a terminal: calm, aligned, coloured where there is a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from tenant_billing_sandbox.demonstration.observation import NotObservedError, Observation, Place

WIDTH: Final = 100
INDENT: Final = "    "
RULE: Final = "─"
PLACE_WIDTH: Final = max(len(place) for place in Place)
TITLE_WIDTH: Final = 13
OBSERVED_WIDTH: Final = WIDTH - 4 - TITLE_WIDTH - PLACE_WIDTH


@dataclass(frozen=True)
class ToldStep:
    """A step that was seen whole.

    Attributes:
        short_title: What it was about, in a word or two.
        observations: What was seen.
    """

    short_title: str
    observations: Sequence[Observation]


class Narrator:
    """Tells the story through a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._steps = 0

    def open(self, title: str, subtitle: str) -> None:
        """Begin."""
        self._say(Text(title, style="bold"))
        self._say(Text(subtitle, style="dim"))

    def step(self, title: str) -> None:
        """Begin the next step."""
        self._steps += 1
        self._say(Text())
        self._say(Text.assemble((f"{self._steps:>2}  ", "bold cyan"), (title, "bold")))

    def command(self, line: str) -> None:
        """Show a command line that is run now."""
        self._say(Text.assemble(INDENT, ("$ ", "dim"), line), whole=True)

    def happening(self, telling: str) -> None:
        """Tell what happens outside the cluster now."""
        self._say(Text.assemble(INDENT, ("» ", "yellow"), telling))

    def output(self, text: str) -> None:
        """Show what a command wrote."""
        for line in text.splitlines():
            self._say(Text.assemble(INDENT, (f"  {line}", "dim")))

    def observation(self, seen: Observation) -> None:
        """Tell what was seen, and where."""
        place = f"{seen.place:<{PLACE_WIDTH}}  "
        self._say(Text.assemble(INDENT, ("✓ ", "green"), (place, "cyan"), seen.telling))

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show on a terminal that something takes its time."""
        with self._console.status(Text(what, style="dim"), spinner="dots"):
            yield

    def table(self, steps: Sequence[ToldStep], unseen: Sequence[str]) -> None:
        """Sum up: every step, what was seen of it, and where; steps that were not seen whole come last."""
        self._say(Text())
        self._row("", "Step", "Observed", "Where", "bold")
        self._say(Text(RULE * (WIDTH - 1), style="dim"))
        for number, step in enumerate(steps, start=1):
            head = (f"{number:>2}", step.short_title)
            for seen in step.observations:
                self._row(*head, seen.telling, seen.place)
                head = ("", "")
        for number, title in enumerate(unseen, start=len(steps) + 1):
            self._row(f"{number:>2}", title, "not observed", "", "red")
        self._say(Text())

    def stopping(self) -> None:
        """Tell that it is interrupted, and ends what runs."""
        self._say(Text())
        self._say(Text("Stopping …", style="dim"))

    def close(self, *, done: bool, text: str) -> None:
        """End well or not."""
        sign = ("✓ ", "bold green") if done else ("✗ ", "bold red")
        self._say(Text.assemble(sign, (text, "bold")), whole=True)

    def unseen(self, error: NotObservedError, context: Mapping[str, Any] | None) -> None:
        """Tell what was expected, what was seen instead, and what the object says of itself."""
        expected = {**error.fact.expected, **dict.fromkeys(error.fact.present, "anything")}
        place = f"{error.fact.place:<{PLACE_WIDTH}}  "
        patience = f"not observed within {error.patience:g} s"
        self._say(Text.assemble(INDENT, ("✗ ", "red"), (place, "cyan"), patience))
        for name, value in expected.items():
            seen = error.seen.get(name, "") if not isinstance(error.seen, str) else error.seen
            if seen != value:
                self._detail(name, f"expected {value}, seen {seen or 'nothing'}")
        for condition in (context or {}).get("status", {}).get("conditions", []):
            line = f"{condition['status']}, {condition['reason']}. {condition['message']}"
            self._detail(condition["type"], line)

    def broken(self, message: str) -> None:
        """Tell why the story cannot go on."""
        self._say(Text.assemble(INDENT, ("✗ ", "red"), message), whole=True)

    def logs(self, path: Path) -> None:
        """Tell where the logs are."""
        self._detail("Logs", str(path))

    def _row(self, number: str, title: str, observed: str, where: str, style: str = "") -> None:
        observed = observed if len(observed) < OBSERVED_WIDTH else f"{observed[: OBSERVED_WIDTH - 2]}…"
        row = f"{number:>2}  {title:<{TITLE_WIDTH}}{observed:<{OBSERVED_WIDTH}}"
        line = Text.assemble((row, style), (where, style or "cyan"))
        line.rstrip()
        self._say(line)

    def _detail(self, name: str, text: str) -> None:
        self._say(Text.assemble(INDENT, f"  {name:<{PLACE_WIDTH}}  ", (text.strip(), "dim")), whole=True)

    def _say(self, text: Text, *, whole: bool = False) -> None:
        """Print one line, cut at the width unless all of it must be told."""
        if whole:
            self._console.print(text, soft_wrap=True)
        else:
            self._console.print(text, overflow="ellipsis", no_wrap=True)


def a_console() -> Console:
    """The terminal, or plain text where there is none, always of the same width; ``NO_COLOR`` is honoured."""
    console = Console(highlight=False)
    console.width = WIDTH  # a narrower terminal folds long lines; cutting them would hide what was seen
    return console
