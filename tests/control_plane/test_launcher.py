"""The launcher of each server: the program ends as it is told, and never later than whoever asked for it."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process

import pytest

from tenant_billing_sandbox.control_plane.server_process import LAUNCHER
from waiting import PATIENCE

# The launcher, standing still right after its fork until a byte arrives through its lifeline.
HELD_AFTER_FORK = """
import os, runpy, sys
fork = os.fork
def fork_and_hold():
    child = fork()
    if child:
        os.read(0, 1)
    return child
os.fork = fork_and_hold
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
UNTIL_KILLED = "trap 'echo told; exit 7' TERM; echo ready; while :; do sleep 0.02; done"


async def launch(*program: str, by: tuple[str, ...] = (str(LAUNCHER),)) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", *by, *program), stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )


async def launch_and_await_ready(by: tuple[str, ...] = (str(LAUNCHER),)) -> Process:
    process = await launch("/bin/sh", "-c", UNTIL_KILLED, by=by)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def rest_of_output(process: Process) -> bytes:
    """Read until the launcher and its program have both closed their output, which they do when they end."""
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.read(), PATIENCE)


async def test_it_exits_as_its_program_does() -> None:
    process = await launch("/bin/sh", "-c", "exit 5")
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 5


async def test_termination_is_handed_on() -> None:
    process = await launch_and_await_ready()
    process.terminate()
    assert await rest_of_output(process) == b"told\n"
    assert await process.wait() == 7


async def test_termination_is_handed_on_by_a_launcher_that_has_only_just_forked() -> None:
    process = await launch_and_await_ready(by=("-c", HELD_AFTER_FORK, str(LAUNCHER)))
    process.terminate()
    assert process.stdin is not None
    process.stdin.write(b"\n")
    assert await rest_of_output(process) == b"told\n"
    assert await process.wait() == 7


async def test_the_end_of_the_lifeline_kills_the_program() -> None:
    process = await launch_and_await_ready()
    assert process.stdin is not None
    process.stdin.close()
    assert await rest_of_output(process) == b""
    assert await process.wait() == 128 + signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the death of a parent")
async def test_a_killed_launcher_takes_its_program_along() -> None:
    process = await launch_and_await_ready()
    process.kill()
    assert await rest_of_output(process) == b""
    await process.wait()


async def test_a_program_that_is_not_there_is_told() -> None:
    process = await launch("/nowhere/etcd")
    assert await rest_of_output(process) == b"/nowhere/etcd: No such file or directory\n"
    assert await process.wait() == 126
