"""``python -m tenant_billing_sandbox``: one command doesn't import the others."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from tenant_billing_sandbox.__main__ import COMMANDS, main
from tenant_billing_sandbox.control_plane.commands import control_plane

SOURCE_ROOT = Path(__file__).parents[2] / "operator"

IMPORTED_BY_HELP = """
import sys
from click.testing import CliRunner
from tenant_billing_sandbox.__main__ import main
print(CliRunner().invoke(main, ["--help"]).output)
print([name for name in sys.modules if name.startswith("tenant_billing_sandbox.")])
"""


def test_every_command_is_listed_and_can_be_imported() -> None:
    listing = CliRunner().invoke(main, ["--help"]).output
    for name in COMMANDS:
        assert name in listing
        answer = CliRunner().invoke(main, [name, "--help"])
        assert answer.exit_code == 0, answer.output


def test_the_listing_imports_no_command() -> None:
    result = subprocess.run(
        [sys.executable, "-c", IMPORTED_BY_HELP],
        env={"PYTHONPATH": str(SOURCE_ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "control-plane" in result.stdout
    assert "['tenant_billing_sandbox.__main__']" in result.stdout


def test_an_unknown_command_is_refused() -> None:
    answer = CliRunner().invoke(main, ["control-plain"])
    assert answer.exit_code == 2
    assert "No such command 'control-plain'" in answer.output


def test_an_unknown_extra_program_is_refused_with_the_list_of_those_there_are() -> None:
    answer = CliRunner().invoke(control_plane, ["install", "--with", "kubelet"])
    assert answer.exit_code == 2
    assert (
        "kubelet is none of controller-manager, scheduler, stripe-mock, helm, kwok, promtool" in answer.output
    )
