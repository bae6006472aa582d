"""Ports that servers are told to use: free, and given to no other process that will use them too."""

import asyncio
import json
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.ports import LOOPBACK, SHARE, free_ports
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError

SOURCE_ROOT = Path(__file__).parents[2] / "operator"

CHOOSE_AND_LIVE_ON = f"""
import json, sys
from tenant_billing_sandbox.control_plane.ports import free_ports
print(json.dumps(free_ports({SHARE // 2})), flush=True)
sys.stdin.read()
"""


async def test_processes_that_choose_before_they_use_never_meet() -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CHOOSE_AND_LIVE_ON),
            env={"PYTHONPATH": str(SOURCE_ROOT)},
            stdin=PIPE,
            stdout=PIPE,
        )
        for _ in range(4)
    ]
    chosen = free_ports(SHARE // 2)
    for process in processes:
        assert process.stdout is not None
        chosen += json.loads(await process.stdout.readline())
    for process in processes:
        await process.communicate(b"")
    assert len(set(chosen)) == len(chosen) == 5 * (SHARE // 2)


def test_a_port_that_something_is_bound_to_is_passed_over() -> None:
    with socket.socket() as server:
        (port,) = free_ports(1)
        server.bind((LOOPBACK, port))
        assert port not in free_ports(SHARE // 2) + free_ports(SHARE // 2 - 2)


def test_more_ports_than_there_are_is_an_error_and_no_endless_search() -> None:
    with pytest.raises(ControlPlaneError, match=f"no {SHARE} free ports"):
        free_ports(SHARE)
