"""Official archives: nothing that fails its checksum is used, nothing that can't be reached is waited for."""

import os
import socket
import time
from pathlib import Path

import pytest

from program_sources import RecordedReport, file_server, put_archive, put_release, sources
from tenant_billing_sandbox.control_plane.downloads import Downloads, DownloadSources
from tenant_billing_sandbox.control_plane.pins import CORE_PROGRAMS, Program
from tenant_billing_sandbox.control_plane.problems import WayFailedError

GIVEN_UP = 30.0
"""Seconds: a busy machine takes longer than the three that are meant; the kernel alone would take two minutes."""


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    path = tmp_path / "mirror"
    path.mkdir()
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target"
    path.mkdir()
    return path


def test_programs_of_an_archive_can_be_run(mirror: Path, target: Path) -> None:
    checksum = put_archive(mirror)
    with file_server(mirror) as url:
        Downloads(sources(url, checksum), RecordedReport()).fetch(CORE_PROGRAMS, target)
    assert {path.name for path in target.iterdir()} == set(CORE_PROGRAMS)
    assert all(os.access(path, os.X_OK) for path in target.iterdir())


def test_an_archive_with_another_checksum_is_refused_and_leaves_nothing(mirror: Path, target: Path) -> None:
    put_archive(mirror, content="tampered")
    with file_server(mirror) as url, pytest.raises(WayFailedError, match="its SHA-512 differs"):
        Downloads(sources(url, "0" * 128), RecordedReport()).fetch(CORE_PROGRAMS, target)
    assert list(target.iterdir()) == []


def test_a_release_that_differs_from_its_checksum_file_is_refused(mirror: Path, target: Path) -> None:
    put_release(mirror, "kube-controller-manager", sha512="0" * 128)
    with file_server(mirror) as url, pytest.raises(WayFailedError, match="its SHA-512 differs"):
        Downloads(sources(url), RecordedReport()).fetch([Program.KUBE_CONTROLLER_MANAGER], target)
    assert list(target.iterdir()) == []


def test_an_archive_that_lacks_a_program_is_refused(mirror: Path, target: Path) -> None:
    checksum = put_archive(mirror, names=("etcd", "kubectl"))
    with file_server(mirror) as url, pytest.raises(WayFailedError, match="holds no kube-apiserver"):
        Downloads(sources(url, checksum), RecordedReport()).fetch(CORE_PROGRAMS, target)


def test_a_missing_archive_is_told_by_its_status(mirror: Path, target: Path) -> None:
    with file_server(mirror) as url, pytest.raises(WayFailedError, match="answers 404"):
        Downloads(sources(url), RecordedReport()).fetch(CORE_PROGRAMS, target)


def test_a_platform_without_an_archive_is_told(target: Path) -> None:
    nothing_pinned = DownloadSources(envtest_sha512={})
    with pytest.raises(WayFailedError, match="no pinned archive for"):
        Downloads(nothing_pinned, RecordedReport()).fetch(CORE_PROGRAMS, target)


def test_a_host_that_accepts_no_connection_is_given_up_within_seconds(target: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        port = busy.getsockname()[1]
        waiting = [
            socket.socket() for _ in range(3)
        ]  # fill the queue, so that further connections get no answer
        try:
            for client in waiting:
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", port))
            started = time.monotonic()
            with pytest.raises(WayFailedError, match=r"can't be reached \(ConnectTimeout\)"):
                Downloads(sources(f"http://127.0.0.1:{port}"), RecordedReport()).fetch(CORE_PROGRAMS, target)
            assert time.monotonic() - started < GIVEN_UP
        finally:
            for client in waiting:
                client.close()
