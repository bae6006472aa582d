"""The alerts: promtool accepts and tests them, each has its page, and all ask for metrics that exist."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exposed_metrics import OF_THE_TARGET, series
from manifests import REPOSITORY
from promql import asked, grouped
from tenant_billing_sandbox.control_plane.pins import Program

ALERTS: Final = REPOSITORY / "deploy" / "helm" / "tenant-billing" / "files" / "alerts.yaml"
TESTS: Final = sorted(Path(__file__).parent.glob("*alerts_test.yaml"))
PAGES: Final = REPOSITORY / "docs" / "runbooks"
ADDRESS: Final = "https://github.com/tenant-billing/tenant-billing-operator/blob/main/docs/runbooks/"
SECTIONS: Final = ["What customers feel", "Look", "Do", "It is over when"]

KUBERNETES_CLUSTER: Final = "cluster"
"""Put on every series where one Prometheus tells several Kubernetes clusters apart: each has its own leader."""

RULES: Final[list[dict[str, Any]]] = [
    rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
]
NAMES: Final = [rule["alert"] for rule in RULES]


@pytest.mark.parametrize(
    "arguments", [("check", "rules", ALERTS), ("test", "rules", *TESTS)], ids=["check", "test"]
)
def test_promtool_accepts_the_alerts_and_sees_each_fire(
    tool_programs: Mapping[Program, Path], arguments: tuple[str | Path, ...]
) -> None:
    result = subprocess.run(
        [tool_programs[Program.PROMTOOL], *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_is_seen_to_fire() -> None:
    fired = set(re.findall(r'alertname="(\w+)"', " ".join(each.read_text() for each in TESTS)))
    assert set(NAMES) == fired


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_says_how_bad_it_is_and_where_to_read_on(rule: Mapping[str, Any]) -> None:
    assert rule["alert"].startswith("TenantBilling")
    assert rule["labels"]["severity"] in {"critical", "warning", "info"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["description"]
    assert rule["annotations"]["runbook_url"] == f"{ADDRESS}{rule['alert']}.md"


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_an_alert_asks_for_series_and_labels_that_exist(rule: Mapping[str, Any]) -> None:
    known, wanted, groups = series(), list(asked(rule["expr"])), grouped(rule["expr"])
    assert {each.name for each in wanted} - known.keys() == set()
    shown = OF_THE_TARGET.union(*(known[each.name] for each in wanted))
    for each in wanted:
        assert each.labels - known[each.name] - OF_THE_TARGET == set()
    assert groups - shown == ({KUBERNETES_CLUSTER} if groups else set())
    told = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
    assert told - (groups or shown) == set(), "a label that is not there is shown as nothing"


@pytest.mark.parametrize(
    "rule", [pytest.param(each, id=each["alert"]) for each in RULES if str(each.get("for")).endswith("h")]
)
def test_an_alert_that_waits_for_hours_does_not_begin_anew_with_another_leader(
    rule: Mapping[str, Any],
) -> None:
    """Else it never fires where the leader changes more often; what the former one showed is over at once."""
    assert re.search(r"(last_over_time|increase)\(", rule["expr"])


def test_each_alert_has_its_page_and_each_page_its_alert() -> None:
    assert {each.stem for each in PAGES.glob("TenantBilling*.md")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_says_what_it_means_what_is_felt_how_to_look_what_to_do_and_when_it_is_over(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    assert "```sh\n" in text, "exact commands"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_names_metrics_that_exist(name: str) -> None:
    named = re.findall(r"`(tenant_billing_\w+)", (PAGES / f"{name}.md").read_text())
    begun = re.findall(r"\^(tenant_billing_\w+)", (PAGES / f"{name}.md").read_text())
    assert set(named) - series().keys() == set()
    assert [each for each in begun if not any(known.startswith(each) for known in series())] == []
