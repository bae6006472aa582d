"""What the image holds runs alone: the wheel in an empty environment, with nothing of the checkout."""

import asyncio
import signal
import subprocess
import zipfile
from pathlib import Path

import httpx
import pytest

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.ports import LOOPBACK, free_ports
from waiting import PATIENCE, wait_for

ENVIRONMENT = {"PATH": "/nonexistent", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
"""No shell can be found, nothing can be written at home: as in the image."""


def test_the_wheel_holds_the_operator_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    rooms = {name.split("/")[0] for name in names}
    assert {room for room in rooms if not room.endswith(".dist-info")} == {"tenant_billing"}
    assert "tenant_billing/wiring.py" in names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize("name", ["tenant-billing", "kubectl-tenantbilling"])
def test_each_command_answers(installed: Path, name: str) -> None:
    command: list[str | Path] = [installed / "bin" / name, "--version"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("tenant-billing, version "), done.stderr


def test_simulators_are_not_installed(installed: Path) -> None:
    command: list[str | Path] = [installed / "bin" / "python", "-c", "import tenant_billing_sandbox"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert "No module named 'tenant_billing_sandbox'" in done.stderr


async def test_it_becomes_ready_and_ends_well_and_writes_no_file(
    installed: Path, kinds: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    before = _files(installed)
    webhook, probe = free_ports(2)
    process = await asyncio.create_subprocess_exec(
        installed / "bin" / "tenant-billing",
        "run",
        cwd=tmp_path,
        env={
            **ENVIRONMENT,
            "TMPDIR": str(tmp_path),
            "TENANT_BILLING_KUBECONFIG": str(kinds.kubeconfig),
            "TENANT_BILLING_NAMESPACE": namespace,
            "TENANT_BILLING_HOST": LOOPBACK,
            "TENANT_BILLING_PORT": str(webhook),
            "TENANT_BILLING_PROBE_PORT": str(probe),
            "TENANT_BILLING_IDENTITY": "installed",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    try:

        async def is_ready() -> bool:
            assert process.returncode is None, "it ended"
            async with httpx.AsyncClient(trust_env=False) as client:
                try:
                    return (await client.get(f"http://{LOOPBACK}:{probe}/readyz")).is_success
                except httpx.TransportError:
                    return False

        await wait_for(is_ready, "the operator of the wheel to be ready")
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, errors
    assert _files(installed) == before, "the root file system of the container is read-only"
    assert not _files(tmp_path)


def _files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))
