"""Compiling from the pinned modules: what Go is told, what the person sees, and never twice at once."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

import pytest

from program_sources import Machine, RecordedReport
from tenant_billing_sandbox.control_plane.binaries import Binaries
from tenant_billing_sandbox.control_plane.compiling import Compiler
from tenant_billing_sandbox.control_plane.pins import CORE_PROGRAMS, Program
from tenant_billing_sandbox.control_plane.problems import ProgramsMissingError, WayFailedError
from waiting import wait_for

SOURCE_ROOT = Path(__file__).parents[2] / "operator"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path)
    machine.install_go()
    return machine


async def start_install(environment: dict[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tenant_billing_sandbox", "control-plane", "install"),
        env=environment,
        stdout=PIPE,
        stderr=STDOUT,
    )


def compiling(machine: Machine, **variables: str) -> dict[str, str]:
    return machine.environment(
        TENANT_BILLING_CONTROL_PLANE="compile", PYTHONPATH=str(SOURCE_ROOT), **variables
    )


def test_packages_are_counted_while_they_are_compiled(machine: Machine, tmp_path: Path) -> None:
    report = RecordedReport()
    Compiler(machine.environment(), report).compile(CORE_PROGRAMS, tmp_path)
    assert report.steps == {"Packages": (3, 3)}


def test_the_version_is_stamped_and_the_module_files_are_not_changed(
    machine: Machine, tmp_path: Path
) -> None:
    Compiler(machine.environment(), RecordedReport()).compile(CORE_PROGRAMS, tmp_path)
    (build,) = machine.builds
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        assert f"-X {package}.gitVersion=v1.36.2" in build
    assert "-trimpath" in build
    environment = (machine.root / "go-calls.environment").read_text().splitlines()
    assert {"CGO_ENABLED=0", "GOGC=400", "GOFLAGS=-buildvcs=false -mod=readonly"} <= set(environment)


def test_a_cross_compiling_shell_still_gets_programs_for_this_machine(
    machine: Machine, tmp_path: Path
) -> None:
    environment = machine.environment(GOOS="windows", GOARCH="arm64")
    Compiler(environment, RecordedReport()).compile([Program.ETCD], tmp_path)
    seen = (machine.root / "go-calls.environment").read_text()
    assert "GOOS" not in seen
    assert "GOARCH" not in seen


def test_a_machine_without_go_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(WayFailedError, match="no Go compiler on the PATH"):
        Compiler(Machine(tmp_path).environment(), RecordedReport()).compile(CORE_PROGRAMS, tmp_path)


def test_a_failed_compilation_tells_what_go_said_and_leaves_nothing(machine: Machine) -> None:
    environment = compiling(machine, FAKE_GO_FAILS="no space left on device")
    with pytest.raises(ProgramsMissingError, match="no space left on device"):
        Binaries(environment).install()
    assert [path for path in machine.cache.rglob("*") if path.is_file() and path.name != "lock"] == []


def test_a_tool_is_compiled_from_the_module_of_its_own_that_pins_it(machine: Machine, tmp_path: Path) -> None:
    Compiler(machine.environment(), RecordedReport()).compile([Program.PROMTOOL], tmp_path)
    (build,) = machine.builds
    assert build.endswith("github.com/prometheus/prometheus/cmd/promtool")
    assert "-tags=remove_all_sd" in build
    assert (machine.root / "go-calls.folder").read_text().strip().endswith("programs/promtool")


def test_a_document_that_its_module_lacks_is_a_failure_and_not_an_empty_file(
    machine: Machine, tmp_path: Path
) -> None:
    environment = machine.environment()
    for path in (machine.root / "module").rglob("pod-*.yaml"):
        path.unlink()
    with pytest.raises(WayFailedError, match=r"sigs\.k8s\.io/kwok has no kustomize/stage/pod/fast"):
        Compiler(environment, RecordedReport()).compile([Program.KWOK], tmp_path)


async def test_two_at_once_compile_once(machine: Machine) -> None:
    go_on = machine.root / "go-on"
    environment = compiling(machine, FAKE_GO_WAITS_FOR=str(go_on))
    first = await start_install(environment)
    await wait_for(lambda: machine.builds, "the first to compile")
    second = await start_install(environment)
    assert second.stdout is not None
    told = [await second.stdout.readline() for _ in range(2)]
    assert b"Another process is preparing the programs" in told[1]
    go_on.touch()
    outputs = await asyncio.gather(first.communicate(), second.communicate())
    assert (first.returncode, second.returncode) == (0, 0), outputs
    assert len(machine.builds) == 1


async def test_a_killed_compilation_leaves_no_program_and_no_lock(machine: Machine) -> None:
    go_on = machine.root / "go-on"
    killed = await start_install(compiling(machine, FAKE_GO_WAITS_FOR=str(go_on)))
    await wait_for(lambda: machine.builds, "the compilation to start")
    killed.send_signal(signal.SIGKILL)
    await killed.wait()
    await wait_for(lambda: not machine.go_is_running, "the compiler to end, which nobody waits for any more")
    with pytest.raises(ProgramsMissingError):
        Binaries(compiling(machine)).locate()
    go_on.touch()
    found = await asyncio.to_thread(Binaries(compiling(machine)).install)
    assert all(os.access(path, os.X_OK) for path in found.values())
    assert list(machine.cache.rglob("unfinished-*")) == []
