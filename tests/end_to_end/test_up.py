"""``make sandbox``: what runs until Ctrl-C, and how it is found."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from command_line import tenant_billing
from manifests import REPOSITORY
from tenant_billing_sandbox.control_plane.pins import Program
from waiting import wait_for

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def sandbox(
    control_plane_programs: Mapping[Program, Path], tmp_path: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command, in a directory of its own; killed if the test did not end it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tenant_billing_sandbox",
        "up",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "operator"), "TMPDIR": str(temporary(tmp_path))},
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_sandbox_runs_until_it_is_interrupted_and_leaves_nothing(
    sandbox: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    state = tmp_path / ".sandbox" / "state.json"
    await wait_for(state.exists, "the sandbox to tell its addresses", deadline=90)
    clock = await tenant_billing("sandbox", "clock", directory=tmp_path)
    assert (clock.code, clock.errors) == (0, "")
    ctrl_c(sandbox)
    output, _ = await sandbox.communicate()
    told = output.decode()
    assert sandbox.returncode == 0
    assert "export KUBECONFIG=" in told
    assert "tenant-billing sandbox advance 21d" in told
    assert told.endswith("Nothing is left running.\n")
    assert not state.exists()
    assert list(temporary(tmp_path).iterdir()) == []


async def test_ctrl_c_while_it_starts_ends_it_likewise(
    sandbox: asyncio.subprocess.Process, tmp_path: Path
) -> None:
    """When the operator's log is there, kubectl installs the product."""
    await wait_for(
        lambda: list(temporary(tmp_path).glob("*/logs/operator.log")),
        "the control plane to stand",
        deadline=90,
    )
    ctrl_c(sandbox)
    output, _ = await sandbox.communicate()
    assert sandbox.returncode == 0
    assert output.decode().endswith("Stopping …\nNothing is left running.\n")
    assert not (tmp_path / ".sandbox" / "state.json").exists()
    assert list(temporary(tmp_path).iterdir()) == []


def temporary(directory: Path) -> Path:
    """Where the sandbox makes what it removes in the end."""
    path = directory / "temporary"
    path.mkdir(exist_ok=True)
    return path


def ctrl_c(sandbox: asyncio.subprocess.Process) -> None:
    """As a terminal does: everything that was started in it is told."""
    os.killpg(sandbox.pid, signal.SIGINT)
