"""What can be seen of the operator from outside: its log lines, its writes, its memory."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tenant_billing_sandbox.control_plane.audit import AuditEntry

NUDGE: Final = {"tenantbilling.dev/nudge"}
DONE: Final = frozenset({"settled", "changed"})
_PROC: Final = Path("/proc")


@dataclass(frozen=True)
class Pass:
    """One pass over one object, as the operator's log tells it.

    Attributes:
        key: Kind, namespace and name.
        result: ``settled``, ``changed``, ``waiting`` or ``failed``.
        at: When it ended, seconds since the epoch.
    """

    key: tuple[str, str, str]
    result: str
    at: float


def passes(log: Path, since: int = 0) -> list[Pass]:
    """The passes that a log tells of, from a position on."""
    with log.open("rb") as file:
        file.seek(since)
        whole, _, _unfinished = file.read().rpartition(b"\n")
    return [_pass(line) for line in _lines(whole) if line.get("event") == "pass"]


def _lines(text: bytes) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        if line.startswith(b"{"):
            yield json.loads(line)


def _pass(line: Mapping[str, Any]) -> Pass:
    at = datetime.fromisoformat(line["timestamp"]).timestamp()
    return Pass((line["kind"], line.get("namespace") or "", line["name"]), line["result"], at)


def is_nudge(entry: AuditEntry) -> bool:
    """Whether a write only stored the note that an event has come."""
    if entry.verb != "patch" or entry.subresource:
        return False
    metadata = (entry.body or {}).get("metadata", {})
    return set(metadata) == {"annotations"} and set(metadata["annotations"]) == NUDGE


def by_kind(entries: Iterable[AuditEntry]) -> Counter[str]:
    """Writes by verb, resource and subresource; nudges by that name."""
    return Counter("nudge" if is_nudge(each) else _named(each) for each in entries)


def _named(entry: AuditEntry) -> str:
    subresource = f"/{entry.subresource}" if entry.subresource else ""
    return f"{entry.verb} {entry.resource}{subresource}"


def resident_mebibytes(program: str) -> float:
    """Resident memory of the one process below this one that was started with ``-m PROGRAM``.

    Raises:
        LookupError: There is none, or more than one.
    """
    status = (_PROC / _running(program) / "status").read_text()
    (kibibytes,) = re.findall(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kibibytes) / 1024


def processor_seconds(program: str) -> float:
    """Processor time that the one process below this one, started with ``-m PROGRAM``, has used so far.

    Raises:
        LookupError: There is none, or more than one.
    """
    fields = (_PROC / _running(program) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _running(program: str) -> str:
    found = [pid for pid in _descendants(_own()) if _arguments(pid)[1:3] == ["-m", program]]
    if len(found) != 1:
        raise LookupError(f"{len(found)} processes run {program}")
    return found[0]


def _own() -> str:
    return (_PROC / "self").resolve().name


def _descendants(pid: str) -> Iterator[str]:
    for thread in (_PROC / pid / "task").iterdir():
        for child in (thread / "children").read_text().split():
            yield child
            yield from _descendants(child)


def _arguments(pid: str) -> list[str]:
    return (_PROC / pid / "cmdline").read_text().split("\0")
