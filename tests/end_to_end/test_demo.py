"""The demo is the end-to-end test: every step seen through a public API, or it fails."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from manifests import REPOSITORY
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.demonstration.narration import WIDTH, Narrator
from tenant_billing_sandbox.demonstration.telling import demonstrate
from waiting import PATIENCE

pytestmark = pytest.mark.timeout(180)


def closing(text: str) -> str:
    """The closing table, with the line below it."""
    return text[text.index("    Step         Observed") :]


def without_dates(text: str) -> str:
    """What stays the same from one day, and one machine, to the next."""
    return re.sub(r"all observed in \d+ s", "all observed in N s", re.sub(r"\d{4}-\d\d-\d\d", "DATE", text))


async def test_every_step_of_the_main_job_is_observed(
    control_plane_programs: Mapping[Program, Path],
) -> None:
    told = io.StringIO()
    seen = await demonstrate(Narrator(Console(file=told, width=WIDTH, highlight=False)), patience=PATIENCE)
    text = told.getvalue()
    assert seen, text
    assert without_dates(closing(text)) in without_dates(
        (REPOSITORY / "README.md").read_text(encoding="utf-8")
    )
    ending = r"✓ 16 steps, 40 facts, all observed in \d+ s\. Nothing is left running\.\n"
    assert re.search(ending, text), text


@pytest.fixture(scope="module")
def without_the_operator(
    control_plane_programs: Mapping[Program, Path], tmp_path_factory: pytest.TempPathFactory
) -> "subprocess.CompletedProcess[str]":
    """The demo as a command, with nobody to do the work; its logs stay where pytest keeps its files."""
    command = [
        sys.executable,
        "-m",
        "tenant_billing_sandbox",
        "demo",
        "--without-operator",
        "--patience",
        "0.5",
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("demo"))}
    return subprocess.run(
        command, cwd=REPOSITORY / "operator", env=environment, capture_output=True, text=True, check=False
    )


def test_without_the_operator_the_demo_fails(
    without_the_operator: "subprocess.CompletedProcess[str]",
) -> None:
    assert without_the_operator.returncode == 1
    assert without_the_operator.stdout.endswith("✗ Not every step was observed. Nothing is left running.\n")


def test_a_failing_demo_says_what_it_waited_for_and_what_it_saw(
    without_the_operator: "subprocess.CompletedProcess[str]",
) -> None:
    assert "✗ Kubernetes        not observed within 0.5 s" in without_the_operator.stdout
    assert "expected anything, seen nothing" in without_the_operator.stdout
    assert "the operator does not run" in without_the_operator.stdout


def test_after_a_failure_the_logs_stay_where_the_demo_says(
    without_the_operator: "subprocess.CompletedProcess[str]",
) -> None:
    place = re.search(r"Logs +(\S+)", without_the_operator.stdout)
    assert place is not None
    names = {path.name for path in Path(place[1]).iterdir()}
    assert {"kube-apiserver.log", "etcd.log", "operator.log"} <= names


def test_without_a_terminal_the_demo_is_plain_text_of_its_width(
    without_the_operator: "subprocess.CompletedProcess[str]",
) -> None:
    lines = without_the_operator.stdout.splitlines()
    assert "\x1b" not in without_the_operator.stdout
    assert max(len(line) for line in lines if "Logs" not in line) <= WIDTH  # a path is never cut
    assert lines == [line.rstrip() for line in lines]
