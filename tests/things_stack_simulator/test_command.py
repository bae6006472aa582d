"""``python -m tenant_billing_sandbox things-stack``."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx

SOURCE_ROOT = Path(__file__).parents[2] / "operator"
KEY = "11" * 16


async def test_the_command_prints_one_line_of_json_serves_and_ends_by_a_signal() -> None:
    arguments = ("things-stack", "--tenant-admin-key", KEY, "--no-multi-tenancy", "--calls-per-minute", "5")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tenant_billing_sandbox", *arguments),
        env=os.environ | {"PYTHONPATH": str(SOURCE_ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    started = json.loads(await process.stdout.readline())

    async with httpx.AsyncClient(headers={"Authorization": f"TenantAdminKey {KEY}"}) as http:
        response = await http.get(f"{started['url']}/api/v3/tenants")
    process.terminate()
    rest, _ = await process.communicate()

    assert started["tenantAdminKey"] == KEY
    assert response.json()["details"][0]["name"] == "multi_tenancy_not_licensed"
    assert response.headers["X-Rate-Limit-Available"] == "4"
    assert (process.returncode, rest) == (0, b"")
