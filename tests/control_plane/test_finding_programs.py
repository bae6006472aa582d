"""Where the programs come from, and what is said when they come from nowhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from program_sources import (
    Machine,
    RecordedReport,
    file_server,
    put_archive,
    put_programs,
    put_release,
    sources,
)
from tenant_billing_sandbox.control_plane.binaries import Binaries
from tenant_billing_sandbox.control_plane.cache import ProgramCache
from tenant_billing_sandbox.control_plane.downloads import DownloadSources
from tenant_billing_sandbox.control_plane.pins import (
    CORE_PROGRAMS,
    ENVTEST_SHA512,
    KUBERNETES_VERSION,
    Program,
)
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError, ProgramsMissingError
from tenant_billing_sandbox.control_plane.tools import TOOLS

CORE_AND_CONTROLLERS = (*CORE_PROGRAMS, Program.KUBE_CONTROLLER_MANAGER)
NOWHERE = sources("http://127.0.0.1:1")  # nothing listens on port 1


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def contents(found: dict[Program, Path]) -> set[str]:
    return {path.read_text() for path in found.values()}


def test_assets_of_envtest_come_first(machine: Machine) -> None:
    machine.install_go()
    assets = put_programs(machine.root / "assets")
    found = Binaries(machine.environment(KUBEBUILDER_ASSETS=str(assets)), sources=NOWHERE).install()
    assert found == {program: assets / program for program in CORE_PROGRAMS}
    assert machine.builds == []


def test_what_assets_lack_comes_from_the_next_way(machine: Machine) -> None:
    machine.install_go()
    assets = put_programs(machine.root / "assets")
    binaries = Binaries(machine.environment(KUBEBUILDER_ASSETS=str(assets)), sources=NOWHERE)
    found = binaries.install(CORE_AND_CONTROLLERS)
    assert found[Program.ETCD] == assets / "etcd"
    assert found[Program.KUBE_CONTROLLER_MANAGER].read_text() == "compiled"


def test_an_archive_is_preferred_to_compiling(machine: Machine) -> None:
    machine.install_go()
    checksum = put_archive(machine.root / "mirror")
    with file_server(machine.root / "mirror") as url:
        found = Binaries(machine.environment(), sources=sources(url, checksum)).install()
    assert contents(found) == {"downloaded"}
    assert machine.builds == []


def test_without_the_internet_go_compiles(machine: Machine) -> None:
    machine.install_go()
    report = RecordedReport()
    found = Binaries(machine.environment(), report, NOWHERE).install()
    assert contents(found) == {"compiled"}
    assert any("can't be reached" in line for line in report.said)


def test_the_second_time_everything_is_in_the_cache(machine: Machine) -> None:
    machine.install_go()
    first = Binaries(machine.environment(), sources=NOWHERE).install()
    report = RecordedReport()
    second = Binaries(machine.environment(), report, NOWHERE).install()
    assert second == first
    assert len(machine.builds) == 1
    assert report.said == []


def test_the_cache_lies_under_the_version_and_outside_the_tree(machine: Machine) -> None:
    machine.install_go()
    found = Binaries(machine.environment(), sources=NOWHERE).install()
    place = found[Program.ETCD].relative_to(machine.cache)
    assert place.parts[0] == "tenant-billing-operator"
    assert place.parts[1].startswith(f"{KUBERNETES_VERSION}-")


@pytest.mark.parametrize("way", ["download", "compile"])
def test_a_cache_that_cannot_be_written_is_told_with_its_place_and_the_way_out(
    machine: Machine, way: str
) -> None:
    machine.install_go()
    checksum = put_archive(machine.root / "mirror")
    (machine.root / "no-folder").touch()
    environment = machine.environment(
        XDG_CACHE_HOME=str(machine.root / "no-folder"), TENANT_BILLING_CONTROL_PLANE=way
    )
    with file_server(machine.root / "mirror") as url, pytest.raises(ProgramsMissingError) as raised:
        Binaries(environment, sources=sources(url, checksum)).install()
    assert f"- {way}: the programs can't be put into {machine.root / 'no-folder'}" in str(raised.value)
    assert "(Not a directory)" in str(raised.value)
    assert "set XDG_CACHE_HOME" in str(raised.value)


def test_a_full_cache_that_cannot_be_written_is_good_enough(machine: Machine) -> None:
    machine.install_go()
    made = Binaries(machine.environment(), sources=NOWHERE).install()
    folder = made[Program.ETCD].parent
    for path in (folder, folder.parent):
        path.chmod(0o500)
    try:
        found = Binaries(machine.environment(), sources=NOWHERE).install()
    finally:
        for path in (folder, folder.parent):
            path.chmod(0o700)
    assert found == made


def test_a_relative_cache_folder_is_ignored_as_its_specification_asks() -> None:
    """Go, which works in another directory, would take it for another folder."""
    cache = ProgramCache.of_user({"XDG_CACHE_HOME": "cache"}, "compiled")
    assert cache.folder.is_relative_to(Path.home() / ".cache" / "tenant-billing-operator")


def test_looking_never_compiles(machine: Machine) -> None:
    machine.install_go()
    with pytest.raises(ProgramsMissingError, match="make control-plane"):
        Binaries(machine.environment(), sources=NOWHERE).locate()
    assert machine.builds == []


@pytest.mark.parametrize(
    ("way", "origin"),
    [("assets", "there"), ("cache", "cached"), ("download", "downloaded"), ("compile", "compiled")],
)
def test_the_setting_picks_one_way(machine: Machine, way: str, origin: str) -> None:
    machine.install_go()
    assets = put_programs(machine.root / "assets")
    checksum = put_archive(machine.root / "mirror")
    if way == "cache":
        compiled = Binaries(machine.environment(TENANT_BILLING_CONTROL_PLANE="compile")).install()
        for path in compiled.values():
            path.write_text("cached")
    environment = machine.environment(TENANT_BILLING_CONTROL_PLANE=way, KUBEBUILDER_ASSETS=str(assets))
    with file_server(machine.root / "mirror") as url:
        found = Binaries(environment, sources=sources(url, checksum)).install()
    assert contents(found) == {origin}


def test_the_compiled_way_takes_nothing_that_was_downloaded(machine: Machine) -> None:
    machine.install_go()
    checksum = put_archive(machine.root / "mirror")
    with file_server(machine.root / "mirror") as url:
        Binaries(machine.environment(), sources=sources(url, checksum)).install()
    found = Binaries(machine.environment(TENANT_BILLING_CONTROL_PLANE="compile"), sources=NOWHERE).install()
    assert contents(found) == {"compiled"}


@pytest.mark.parametrize("way", ["assets", "cache", "download"])
def test_a_way_that_is_set_and_fails_is_not_replaced_by_another(machine: Machine, way: str) -> None:
    machine.install_go()
    environment = machine.environment(TENANT_BILLING_CONTROL_PLANE=way)
    with pytest.raises(ProgramsMissingError, match=f"- {way}: "):
        Binaries(environment, sources=NOWHERE).install()
    assert machine.builds == []


def test_a_setting_that_is_no_way_is_refused_with_the_list_of_ways(machine: Machine) -> None:
    with pytest.raises(ControlPlaneError, match="'docker'; it can be auto, assets, cache, download, compile"):
        Binaries(machine.environment(TENANT_BILLING_CONTROL_PLANE="docker")).install()


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_is_compiled_whatever_way_the_control_plane_comes(machine: Machine, tool: Program) -> None:
    machine.install_go()
    assets = put_programs(machine.root / "assets")
    environment = machine.environment(TENANT_BILLING_CONTROL_PLANE="assets", KUBEBUILDER_ASSETS=str(assets))
    found = Binaries(environment).install([*CORE_PROGRAMS, tool])
    assert found[tool].read_text() == "compiled"
    for document in TOOLS[tool].documents:
        assert document.beside(found[tool]).read_text() == "\n---\n".join(["{}"] * len(document.files))


def test_a_program_of_a_release_comes_beside_the_archive(machine: Machine) -> None:
    mirror = machine.root / "mirror"
    checksum = put_archive(mirror)
    put_release(mirror, "kube-controller-manager")
    with file_server(mirror) as url:
        found = Binaries(machine.environment(), sources=sources(url, checksum)).install(CORE_AND_CONTROLLERS)
    assert found[Program.KUBE_CONTROLLER_MANAGER].read_text() == "released"


def test_a_mirror_can_be_set_and_the_checksums_stay_the_pinned_ones() -> None:
    chosen = DownloadSources.from_environment({"TENANT_BILLING_DOWNLOAD_MIRROR": "http://mirror.example/"})
    assert chosen == DownloadSources("http://mirror.example", "http://mirror.example", ENVTEST_SHA512)


def test_a_machine_where_no_way_works_gets_one_message_with_the_ways_out(machine: Machine) -> None:
    source_root = Path(__file__).parents[2] / "operator"
    environment = machine.environment(
        PYTHONPATH=str(source_root), TENANT_BILLING_DOWNLOAD_MIRROR="http://127.0.0.1:1"
    )
    result = subprocess.run(
        [sys.executable, "-m", "tenant_billing_sandbox", "control-plane", "install"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.count("no way of getting it works here") == 1
    for fact in ("assets: KUBEBUILDER_ASSETS is not set", "cache: ", "can't be reached", "no Go compiler"):
        assert fact in result.stderr
    assert "Ways out" in result.stderr
