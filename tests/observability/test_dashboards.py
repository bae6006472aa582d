"""The dashboards: every query asks for series and labels that exist, and every panel says what it shows."""

import itertools
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from exposed_metrics import OF_THE_TARGET, series
from manifests import REPOSITORY
from promql import asked, grouped, tokens
from tenant_billing_sandbox.control_plane.pins import Program

DASHBOARDS: Final = sorted(
    (REPOSITORY / "deploy" / "helm" / "tenant-billing" / "files" / "dashboards").glob("*.json")
)
DATA_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
LABEL_VALUES: Final = re.compile(r"label_values\((?P<expression>.+), (?P<label>\w+)\)")

Panel = Mapping[str, Any]


def load(path: Path) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return board


def panels(board: Mapping[str, Any]) -> list[Panel]:
    return [each for each in board["panels"] if each["type"] != "row"]


def queries() -> list[Any]:
    """Every query with the name of its panel."""
    return [
        pytest.param(target, id=f"{path.stem}: {panel['title']} {target['refId']}")
        for path in DASHBOARDS
        for panel in panels(load(path))
        for target in panel["targets"]
    ]


def test_there_is_one_for_the_person_on_call_and_one_for_the_business() -> None:
    assert [each.stem for each in DASHBOARDS] == ["business", "operations"]
    assert len({load(each)["uid"] for each in DASHBOARDS}) == 2


@pytest.mark.parametrize("target", queries())
def test_a_query_asks_for_series_and_labels_that_exist(target: Mapping[str, Any]) -> None:
    assert unknown_in(target["expr"]) == set()


def test_promtool_can_read_every_query(tool_programs: Mapping[Program, Path], tmp_path: Path) -> None:
    rules = [
        {"record": f"query:{number}", "expr": filled_in(each.values[0]["expr"])}
        for number, each in enumerate(queries())
    ]
    file = tmp_path / "queries.json"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    command: list[str | Path] = [tool_programs[Program.PROMTOOL], "check", "rules", file]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def filled_in(expression: str) -> str:
    """The query as Grafana would send it."""
    return re.sub(r"\$\w+", ".*", expression.replace("$__rate_interval", "5m"))


@pytest.mark.parametrize("target", queries())
def test_a_legend_names_labels_that_the_query_gives(target: Mapping[str, Any]) -> None:
    named = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
    given = grouped(target["expr"]) | (set(OF_THE_TARGET) if " by " not in target["expr"] else set())
    assert named - given == set()


def unknown_in(expression: str) -> set[str]:
    """Series and labels that an expression asks for and that nobody shows."""
    known = series()
    unknown: set[str] = set()
    labels: set[str] = set(OF_THE_TARGET)
    for each in asked(expression):
        if each.name not in known:
            unknown.add(each.name)
            continue
        labels |= known[each.name]
        unknown |= each.labels - known[each.name] - OF_THE_TARGET
    return unknown | (grouped(expression) - labels)


@pytest.mark.parametrize(
    ("expression", "unknown"),
    [
        ("tenant_billing_leader", set()),
        ('sum by (kind) (rate(tenant_billing_reconciles_total{result="x"}[5m]))', set()),
        ("tenant_billing_leaders", {"tenant_billing_leaders"}),
        ('tenant_billing_tenants{cluster="eu1"}', {"cluster"}),
        ("sum by (plan) (tenant_billing_tenants)", {"plan"}),
        ("a / on (b) tenant_billing_leader", {"a", "b"}),
    ],
)
def test_what_does_not_exist_is_found(expression: str, unknown: set[str]) -> None:
    assert unknown_in(expression) == unknown


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match="no PromQL"):
        tokens("sum(tenant_billing_leader) & 1")


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_the_data_source_is_the_readers_choice(path: Path) -> None:
    board = load(path)
    variables = {each["name"]: each for each in board["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert all(each["datasource"] == DATA_SOURCE for each in panels(board))
    assert all(target["datasource"] == DATA_SOURCE for each in panels(board) for target in each["targets"])
    for each in variables.values():
        if each["type"] == "query":
            match = LABEL_VALUES.fullmatch(each["definition"])
            assert match is not None
            assert each["query"]["query"] == each["definition"]
            (source,) = asked(match["expression"])
            assert match["label"] in series()[source.name] | OF_THE_TARGET
    used = set(re.findall(r'=~"\$(\w+)"', path.read_text(encoding="utf-8").replace('\\"', '"')))
    assert used <= variables.keys()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_panel_says_what_it_shows_in_which_unit_and_lies_on_no_other(path: Path) -> None:
    board = load(path)
    for each in panels(board):
        assert each["title"]
        assert each["description"]
        assert each["fieldConfig"]["defaults"]["unit"]
    for one, other in itertools.combinations(board["panels"], 2):
        assert not overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])
    assert len({each["id"] for each in board["panels"]}) == len(board["panels"])


def overlap(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
    below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    return not (beside or below)


def test_every_metric_is_on_a_dashboard() -> None:
    """Whoever adds one decides where it is looked at."""
    shown = {
        each.name
        for path in DASHBOARDS
        for panel in panels(load(path))
        for target in panel["targets"]
        for each in asked(target["expr"])
    }
    nowhere = {
        name
        for name in series()
        if name.startswith("tenant_billing_") and not name.endswith(("_sum", "_count", "_bucket"))
    } - shown
    assert nowhere == set()
