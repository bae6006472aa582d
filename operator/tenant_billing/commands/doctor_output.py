"""Findings as a person reads them, and as a script does."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tenant_billing.commands.tables import PLAIN_WIDTH
from tenant_billing.domain.diagnosis.results import Finding, Status, counted

SCHEMA: Final = 1
"""Version of the JSON; it grows where a member changes its meaning or goes."""
_STYLES: Final = {
    Status.OK: "green",
    Status.WARNING: "yellow",
    Status.ERROR: "bold red",
    Status.SKIPPED: "dim",
}
_ARROW: Final = "→ "
_CLUSTER: Final = "Kubernetes"
_OBJECTS: Final = "objects"
_GROUPS: Final = {
    **dict.fromkeys(
        ("api-server", "own-rights", "operator-rights", "definitions", "leader", "leader-clock"), _CLUSTER
    ),
    **dict.fromkeys(("objects", "conditions", "brake", "waiting"), _OBJECTS),
}
"""Heads of the checks whose subjects are many; the others stand below what they are about."""
_NAMES_ITS_SUBJECT: Final = frozenset({"conditions"})


def to_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings with their sums, for ``-o json``."""
    summary = {status.value: number for status, number in counted(findings).items()}
    return {"version": SCHEMA, "summary": summary, "findings": [each.to_json() for each in findings]}


def print_findings(findings: Sequence[Finding]) -> None:
    """Print the findings below what they are about, remedies below them, and a line that sums up."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    width = max(len(each.check) for each in findings)
    for subject, about in groupby(findings, key=_head):
        console.print(Text(subject, style="bold"))
        console.print(_rows(about, width))
        console.print()
    console.print(_sum(findings))


def _head(finding: Finding) -> str:
    """What a group of findings is about: one account, one deployment, or many things of one sort."""
    return _GROUPS.get(finding.check, finding.subject)


def _rows(findings: Iterable[Finding], width: int) -> Table:
    """The findings, each above its remedy; what one remedy mends stands together above it."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(min_width=len(max(Status, key=len)) + 2)
    table.add_column(min_width=width)
    table.add_column(overflow="fold")
    told = list(findings)
    for each, following in zip(told, [*told[1:], None], strict=True):
        style = _STYLES[each.status]
        table.add_row(Text(f"  {each.status}", style=style), Text(each.check), Text(_told(each)))
        if each.remedy and (following is None or following.remedy != each.remedy):
            table.add_row("", "", Text(f"{_ARROW}{each.remedy}", style="cyan"))
    return table


def _told(finding: Finding) -> str:
    """The finding, with what it is about where the head of its group does not say so."""
    said = finding.subject in (_head(finding), finding.check) or finding.check in _NAMES_ITS_SUBJECT
    return finding.finding if said else f"{finding.subject}: {finding.finding}"


def _sum(findings: Sequence[Finding]) -> Text:
    counts = counted(findings)
    words = {
        Status.ERROR: ("error", "errors"),
        Status.WARNING: ("warning", "warnings"),
        Status.OK: ("check is well", "checks are well"),
        Status.SKIPPED: ("skipped", "skipped"),
    }
    parts = [
        Text(f"{counts[status]} {one if counts[status] == 1 else many}", style=_STYLES[status])
        for status, (one, many) in words.items()
    ]
    return Text(", ").join(parts).append(". Nothing was written.")
