"""An import as files, or as text: the same for the same outside, so that two of them can be compared."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from rich.console import Console
from rich.text import Text

from tenant_billing.api.names import KINDS, TENANT_SUBSCRIPTION
from tenant_billing.commands.problems import CannotGoOn
from tenant_billing.domain.importing.remarks import Remark, Severity

WIDTH: Final = 110
_PLURALS: Final = {each.kind: each.plural for each in KINDS}
_STYLES: Final = {Severity.NOT_MAPPED: "red", Severity.PAUSED: "yellow", Severity.NOTE: ""}
_WORDS: Final = {
    Severity.NOT_MAPPED: "not mapped",
    Severity.PAUSED: "written, but paused",
    Severity.NOTE: "note",
}

Body = Mapping[str, Any]


def as_yaml(bodies: Iterable[Body]) -> str:
    """Objects as one YAML stream."""
    return yaml.safe_dump_all(bodies, sort_keys=False, allow_unicode=True, width=WIDTH, explicit_start=True)


def write_files(directory: Path, bodies: Sequence[Body]) -> list[Path]:
    """Write one file for each kind, and for TenantSubscriptions one for each namespace; gives their paths.

    Raises:
        CannotGoOn: The directory cannot be written to.
    """
    files: dict[str, list[Body]] = {}
    for body in bodies:
        files.setdefault(_file_of(body), []).append(body)
    written = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name in sorted(files):
            path = directory / name
            path.write_text(as_yaml(files[name]), encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise CannotGoOn(f"{directory}: {error.strerror}") from None
    return written


def print_report(remarks: Sequence[Remark]) -> None:
    """Print the report to the standard error output, one paragraph for each remark."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for remark in remarks:
        head = Text.assemble(
            (_WORDS[remark.severity], _STYLES[remark.severity]), f": {remark.subject}: {remark.problem}."
        )
        console.print(head)
        console.print(Text(f"  {remark.remedy}", style="dim"))


def summary(bodies: Sequence[Body], remarks: Sequence[Remark]) -> str:
    """What an import came to, in one line."""
    kinds = [str(each["kind"]) for each in bodies]
    objects = ", ".join(f"{kinds.count(kind)} {kind}" for kind in _PLURALS if kind in kinds)
    severities = [each.severity for each in remarks]
    rest = f"{severities.count(Severity.NOT_MAPPED)} not mapped, {severities.count(Severity.PAUSED)} paused"
    return f"{objects}; {rest}."


def _file_of(body: Body) -> str:
    kind = str(body["kind"])
    if kind == TENANT_SUBSCRIPTION.kind:
        return f"{_PLURALS[kind]}-{body['metadata']['namespace']}.yaml"
    return f"{_PLURALS[kind]}.yaml"
