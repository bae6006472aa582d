"""A control plane of a test's own: outages, loss of all data, and nothing left behind, however it ends."""

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError, ServerFailedError
from tenant_billing_sandbox.control_plane.workspace import SETTLED_AFTER, Workspace
from waiting import wait_for

SOURCE_ROOT = Path(__file__).parents[2] / "operator"
Programs = Mapping[Program, Path]

HOLD_A_PLANE = """
import pathlib, sys, time
from tenant_billing_sandbox.control_plane.plane import ControlPlane
with ControlPlane.running(pathlib.Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(600)  # until it is killed, which is what is tested
"""


def processes_that_name(directory: Path) -> list[str]:
    """List the command lines of processes, on this machine, that name a directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # ended meanwhile
            continue
        if str(directory) in command:
            found.append(command)
    return found


@pytest.fixture(scope="module")
def shaken(control_plane_programs: Programs) -> Iterator[ControlPlane]:
    """A control plane whose server is stopped and whose data is lost, so not the one that all tests share."""
    with ControlPlane.running(programs=control_plane_programs) as plane:
        yield plane


async def test_an_outage_ends_on_the_same_address_with_the_same_data(shaken: ControlPlane) -> None:
    address = shaken.url
    await shaken.run_kubectl("create", "configmap", "kept")
    await shaken.stop_api_server()
    with pytest.raises(KubectlError, match="refused"):
        await shaken.run_kubectl("get", "configmap", "kept")
    await shaken.start_api_server()
    assert shaken.url == address
    assert "kept" in await shaken.run_kubectl("get", "configmap", "kept")


async def test_a_wiped_cluster_knows_nothing_and_keeps_its_address(shaken: ControlPlane) -> None:
    address = shaken.url
    await shaken.run_kubectl("create", "configmap", "lost")
    await shaken.wipe()
    assert shaken.url == address
    with pytest.raises(KubectlError, match='configmaps "lost" not found'):
        await shaken.run_kubectl("get", "configmap", "lost")


async def test_stopping_leaves_no_process_and_no_directory(control_plane_programs: Programs) -> None:
    async with ControlPlane.start(programs=control_plane_programs) as plane:
        directory = plane.directory
        assert len(processes_that_name(directory)) >= 2
    assert processes_that_name(directory) == []
    assert not directory.exists()


async def test_a_directory_of_the_callers_own_stays_and_can_be_gone_on_with(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    async with ControlPlane.start(tmp_path / "own", programs=control_plane_programs) as plane:
        assert plane.directory == tmp_path / "own"
        await plane.run_kubectl("create", "configmap", "kept")
    assert (tmp_path / "own" / "logs" / "kube-apiserver.log").exists()
    async with ControlPlane.start(tmp_path / "own", programs=control_plane_programs) as plane:
        assert "kept" in await plane.run_kubectl("get", "configmap", "kept")


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the processes in /proc")
@pytest.mark.usefixtures("control_plane_programs")
async def test_nothing_outlives_a_python_process_that_is_killed(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD_A_PLANE, str(tmp_path)),
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdout=PIPE,
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"ready\n"
    assert any("kube-apiserver" in command for command in processes_that_name(tmp_path))
    holder.send_signal(signal.SIGKILL)
    await holder.wait()
    await wait_for(lambda: not processes_that_name(tmp_path), "etcd and kube-apiserver to end")


async def test_a_cancelled_start_leaves_nothing_running(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    async def hold() -> None:
        async with ControlPlane.start(tmp_path, programs=control_plane_programs):
            await asyncio.Event().wait()

    starting = asyncio.create_task(hold())
    await wait_for(lambda: processes_that_name(tmp_path), "a server to start")
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert processes_that_name(tmp_path) == []


async def test_a_server_that_ends_at_once_is_told_with_its_last_words_and_its_log(
    control_plane_programs: Programs, tmp_path: Path
) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho no certificate today\nexit 3\n")
    broken.chmod(0o755)
    programs = {**control_plane_programs, Program.KUBE_APISERVER: broken}
    with pytest.raises(ServerFailedError, match="no certificate today") as raised:
        async with ControlPlane.start(programs=programs):
            pass
    assert "no certificate today" in raised.value.log.read_text()
    assert str(raised.value.log.parent) in "".join(raised.value.__notes__)
    directory = raised.value.log.parents[1]
    assert processes_that_name(directory) == []
    assert {path.name for path in directory.iterdir()} == {"logs"}
    shutil.rmtree(directory)


def test_a_directory_that_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    left = Workspace(parent=tmp_path)
    in_use = Workspace(parent=tmp_path)
    long_ago = in_use.directory.stat().st_mtime - SETTLED_AFTER - 1
    for workspace in (left, in_use):
        os.utime(workspace.directory / "owner", (long_ago, long_ago))
    left.forget()
    following = Workspace(parent=tmp_path)
    assert set(tmp_path.iterdir()) == {in_use.directory, following.directory}
    in_use.close(keep_logs=False)
    following.close(keep_logs=False)
    assert list(tmp_path.iterdir()) == []
