"""The pages on metrics and logs say what there is: no more, and no less."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
from structlog.testing import capture_logs

from exposed_metrics import exposed
from hand_clock import HandClock
from kubernetes_bodies import a_subscription, key
from manifests import REPOSITORY
from outside_stubs import SUBJECT, ManualClock
from tenant_billing.clients.audit import Audit
from tenant_billing.ports import ObjectKey, Outcome, System
from tenant_billing.runtime.deadlines import Deadlines
from tenant_billing.runtime.passes import Passes
from tenant_billing.runtime.resources import ResourceStore

METRICS: Final = REPOSITORY / "docs" / "metrics.md"
LOGS: Final = REPOSITORY / "docs" / "logs.md"
SEARCHED: Final = re.compile(r"^kubectl logs .*\| grep (?:-E )?'(?P<pattern>[^']+)'", re.MULTILINE)
LOGGER: Final = re.compile(r'"logger": "\(?(?P<names>[a-z|-]+)\)?"')
EVENT: Final = re.compile(r"[a-z]+(?: [a-zA-Z]+)+")
"""What a line says, in words; names of fields, calls and reasons are others."""


def searched() -> Iterator[str]:
    """What the runbooks search the log for."""
    for page in sorted((REPOSITORY / "docs" / "runbooks").glob("*.md")):
        for match in SEARCHED.finditer(page.read_text(encoding="utf-8")):
            yield match["pattern"]


def sources() -> str:
    """All code of the operator."""
    modules = (REPOSITORY / "operator" / "tenant_billing").rglob("*.py")
    return "\n".join(each.read_text(encoding="utf-8") for each in modules)


def test_runbooks_search_the_log_for_what_it_says() -> None:
    code, loggers, events = sources(), set[str](), set[str]()
    for pattern in searched():
        if match := LOGGER.search(pattern):
            loggers |= set(match["names"].split("|"))
        else:
            events |= {each for each in pattern.split("|") if EVENT.fullmatch(each)}
    assert {"leadership", "lease", "roll-call"} <= loggers
    assert {each for each in loggers if f'get_logger("{each}")' not in code} == set()
    assert "event not stored" in events
    assert {each for each in events if f'"{each}"' not in code} == set()


def rows(text: str) -> Iterator[list[str]]:
    """The rows of all tables, cell by cell, without their headings."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [each.strip() for each in line.strip("|").split("|")]


def codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def documented() -> dict[str, tuple[str, list[str]]]:
    return {codes(row[0])[0]: (row[1], codes(row[2])) for row in rows(METRICS.read_text(encoding="utf-8"))}


def test_every_metric_is_on_the_page_and_every_one_on_the_page_exists() -> None:
    assert documented().keys() == exposed().keys()


@pytest.mark.parametrize("name", exposed())
def test_type_and_labels_of_a_metric_are_as_the_page_says(name: str) -> None:
    metric = exposed()[name]
    kind, labels = documented()[name]
    assert kind == metric.kind
    assert set(labels) == metric.labels


def fields_below(heading: str) -> list[str]:
    """The fields that the page names in one section."""
    text = LOGS.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    return [field for row in rows(text) for field in codes(row[0])]


class Settling:
    async def reconcile(self, key: ObjectKey) -> Outcome:
        return Outcome("waiting", retry=True, why="ClusterNotReady: the registry is down")


async def test_a_pass_leaves_one_line_with_the_fields_of_the_page() -> None:
    store, body = ResourceStore(), a_subscription()
    store.observe(body)
    passes = Passes({"TenantSubscription": Settling()}, store, Deadlines(lambda _: None), HandClock())
    with capture_logs() as lines:
        await passes(key(body))
    assert lines == [
        {
            "event": "pass",
            "log_level": "info",
            "kind": "TenantSubscription",
            "namespace": "tenants",
            "name": "acme",
            "uid": body["metadata"]["uid"],
            "generation": 1,
            "result": "waiting",
            "why": "ClusterNotReady: the registry is down",
            "retry": True,
            "seconds": 0.0,
        }
    ]
    assert lines[0].keys() - {"event", "log_level"} == set(fields_below("One line for each pass"))


def test_a_write_outside_leaves_one_line_with_the_fields_of_the_page() -> None:
    with capture_logs() as lines, Audit(System.STRIPE, ManualClock()).writing("CreateCustomer", SUBJECT, "k"):
        pass
    (line,) = lines
    assert line.keys() - {"event", "log_level"} == set(fields_below("One line for each write outside"))
