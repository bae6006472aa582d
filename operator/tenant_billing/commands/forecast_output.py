"""A forecast as a person reads it: the calls one after the other, then how the objects would stand."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from tenant_billing.commands.tables import PLAIN_WIDTH, print_table
from tenant_billing.domain.forecast import Call, Forecast, Value

LONGEST_VALUE: Final = 100
_HEADS: Final = ("OBJECT", "READY", "REASON", "MESSAGE")
_STYLES: Final = {"True": "green", "False": "yellow"}


def print_forecast(forecast: Forecast, *, is_whole: bool) -> None:
    """Print all calls, then a table of the objects, then one line that sums up.

    Args:
        forecast: What would happen.
        is_whole: Whether all of it could be told; else nothing is summed up, least of all to "nothing".
    """
    print_calls(forecast.calls)
    if forecast.outlooks:
        rows = [
            [
                Text(f"{each.subject}{' (new)' if each.is_new else ''}"),
                Text(each.ready, style=_STYLES.get(each.ready, "")),
                Text(each.reason),
                Text(each.message),
            ]
            for each in forecast.outlooks
        ]
        print_table(_HEADS, rows)
        click.echo()
    if is_whole:
        click.echo(_sum(len(forecast.calls)))


def print_calls(calls: Sequence[Call]) -> None:
    """Print calls, numbered, each with its parameters and with what stands there now."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    for number, call in enumerate(calls, start=1):
        _print_call(console, number, call)


def _print_call(console: Console, number: int, call: Call) -> None:
    head = Text.assemble(f"{number}. {call.system}: ", (call.operation, "bold"), f" {call.target}")
    console.print(head)
    console.print(Text(f"   for {call.subject}{': ' if call.why else ''}{call.why}", style="dim"))
    before = dict(_flat(call.before))
    for name, value in _flat(call.parameters):
        shown = Text(f"     {name}: ")
        if name in before and before[name] != value:
            shown.append(f"{before[name]} → ", style="red")
        shown.append(value, style="green")
        console.print(shown)
    console.print()


def _flat(parameters: Mapping[str, Value], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in parameters.items():
        path = f"{above}{name}"
        if isinstance(value, dict):
            yield from _flat(value, f"{path}.")
        else:
            yield path, _shown(value)


def _shown(value: Value) -> str:
    if value is None:
        return "unlimited"
    text = ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _sum(calls: int) -> str:
    if not calls:
        return "Nothing would be written outside."
    return f"{calls} {'call' if calls == 1 else 'calls'} would be made outside. Nothing was written."
