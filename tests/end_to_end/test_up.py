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
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "operator")},
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
    sandbox.send_signal(signal.SIGINT)
    output, _ = await sandbox.communicate()
    told = output.decode()
    assert sandbox.returncode == 0
    assert "export KUBECONFIG=" in told
    assert "tenant-billing sandbox advance 21d" in told
    assert told.endswith("Nothing is left running.\n")
    assert not state.exists()
    kubeconfig = Path(told.partition("export KUBECONFIG=")[2].splitlines()[0])
    assert not await asyncio.to_thread(kubeconfig.exists)
