"""The whole bench with few tenants, so that it still runs when somebody needs its figures."""

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.pins import Program

BENCH = Path(__file__).parent
FIGURES = {
    "onboarding",
    "restart",
    "payment event to flagged tenant, median",
    "payment event to flagged tenant, 95th percentile",
    "memory",
    "memory after onboarding",
    "writes to Kubernetes for a new tenant",
    "growth: one tenant more, median",
    "full pass",
    "price change",
    "usage run",
}


@pytest.mark.control_plane
@pytest.mark.timeout(900)
async def test_every_figure_is_measured_beside_its_floor(
    control_plane_programs: Mapping[Program, Path],
) -> None:
    size = ("--tenants", "10", "--few", "5", "--probes", "2", "--repetitions", "1", "--cursor-wait", "0")
    bench = await asyncio.create_subprocess_exec(
        sys.executable, BENCH, *size, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, progress = await bench.communicate()
    assert bench.returncode == 0, progress.decode()
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["figure"] for line in lines} == FIGURES
    assert all(line["value"] > 0 and line["floor"] > 0 for line in lines)
    assert all(line["tenants"] == 10 for line in lines)
