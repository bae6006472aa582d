"""``tenant-billing run`` as a process of its own."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from waiting import PATIENCE, wait_for

SOURCE_ROOT = Path(__file__).parents[2] / "operator"


async def start(environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tenant_billing",
        "run",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE_ROOT)} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def holder(kinds: ControlPlane, namespace: str) -> str:
    get = ("get", "lease", "--namespace", namespace, "--output", "jsonpath={.items[*].spec.holderIdentity}")
    return await kinds.run_kubectl(*get)


async def test_it_leads_and_told_to_stop_it_gives_the_lease_back_and_ends_well(
    kinds: ControlPlane, namespace: str
) -> None:
    environment = {
        "KUBECONFIG": str(kinds.kubeconfig),
        "TENANT_BILLING_NAMESPACE": namespace,
        "TENANT_BILLING_HOST": "127.0.0.1",
        "TENANT_BILLING_PORT": "0",
        "TENANT_BILLING_PROBE_PORT": "0",
        "TENANT_BILLING_IDENTITY": "under-test",
    }
    process = await start(environment)
    try:

        async def leads() -> bool:
            assert process.returncode is None, "the operator ended"
            return await holder(kinds, namespace) == "under-test"

        await wait_for(leads, "the Lease to be held")
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = [json.loads(line) for line in errors.splitlines()]
    assert process.returncode == 0, errors
    assert [line["event"] for line in lines][-1] == "no longer leading"
    assert await holder(kinds, namespace) == ""


@pytest.mark.parametrize("value", ["many", "0"])
async def test_a_setting_that_cannot_be_used_ends_it_with_one_clear_line(value: str) -> None:
    process = await start({"TENANT_BILLING_WORKERS": value})
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    assert errors.decode().startswith(f"Error: TENANT_BILLING_WORKERS='{value}': ")
    assert b"Traceback" not in errors
