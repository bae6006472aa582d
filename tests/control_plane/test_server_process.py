"""One server as a process: what counts as started, and that it ends whenever that is asked."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.problems import ServerFailedError
from tenant_billing_sandbox.control_plane.server_process import ServerProcess
from waiting import wait_for


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def a_server(script: str, log: Path) -> ServerProcess:
    return ServerProcess(["/bin/sh", "-c", script], log, name="the server")


@pytest.fixture
def ended(log: Path) -> Iterator[ServerProcess]:
    server = a_server("echo address already in use; exit 3", log)
    server.start()
    yield server
    server.stop()


async def test_one_that_ended_is_not_ready_although_something_answers_at_its_address(
    ended: ServerProcess,
) -> None:
    await wait_for(lambda: not ended.alive, "the server to end")
    with pytest.raises(ServerFailedError, match="the server ended while it started: address already in use"):
        ended.wait_until(lambda: True, timeout=60)
    assert ended.address_taken


def test_one_that_has_only_just_been_started_can_be_killed(log: Path) -> None:
    server = a_server("echo $$; exec sleep 600", log)
    server.start()
    server.kill()
    assert [each for each in started(log) if is_running(each)] == []


def test_one_that_heeds_no_termination_is_killed_when_patience_is_over(log: Path) -> None:
    server = a_server("trap '' TERM; echo $$; while :; do sleep 0.02; done", log)
    server.start()
    server.wait_until(lambda: bool(started(log)), timeout=60)
    (program,) = started(log)
    assert is_running(program)
    server.stop(patience=0.1)
    assert not is_running(program)


def test_to_stop_one_twice_or_before_it_was_started_is_harmless(log: Path) -> None:
    server = a_server("echo $$; exec sleep 600", log)
    server.stop()
    server.start()
    server.wait_until(lambda: bool(started(log)), timeout=60)
    server.stop()
    server.stop()
    assert [each for each in started(log) if is_running(each)] == []


def started(log: Path) -> list[int]:
    """The processes whose whole number stands in the log."""
    return [int(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
