"""Leaving the Tenant Billing Server: import, look, apply, and nothing outside is written by any of it.

``make moving`` does it with 1,000 tenants; ``make test`` with fewer, because a thousand objects take their time.
"""

import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from billing_server_fleet import run_with_keys, sell_as_the_billing_server
from running_product import condition
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.stripe.server import StripeSettings
from waiting import wait_for

pytestmark = pytest.mark.timeout(900)

NUMBER = int(os.environ.get("TENANT_BILLING_MOVING", "30"))
NAMES = [f"tenant-{number:04}" for number in range(NUMBER)]
OBJECTS = "/apis/tenantbilling.dev/v1alpha1/namespaces/tenants/tenantsubscriptions"


@pytest.fixture
async def environment(control_plane_programs: Mapping[Program, Path]) -> AsyncIterator[Environment]:
    async with Environment.start(EnvironmentSettings(stripe=StripeSettings(rate_limits="none"))) as running:
        yield running


def writes(environment: Environment) -> dict[str, int]:
    """How many writes each simulator has seen so far."""
    systems = {"Stripe": environment.stripe.observed, "The Things Stack": environment.things_stack.observed}
    return {name: observed.record.counts().writes for name, observed in systems.items()}


async def all_provisioned(environment: Environment) -> list[dict[str, Any]]:
    found = ((await environment.outside.from_kubernetes(OBJECTS)) or {})["items"]
    waiting = [
        (each["metadata"]["name"], condition(each))
        for each in found
        if condition(each) != ("True", "Provisioned")
    ]
    assert len(found) == NUMBER, len(found)
    assert not waiting, f"{len(waiting)} wait, such as {waiting[:2]}"
    return list(found)


async def test_a_fleet_of_the_billing_server_moves_in_without_a_write_outside(
    environment: Environment, tmp_path: Path
) -> None:
    await sell_as_the_billing_server(environment, NAMES)
    before = writes(environment)

    imported = await run_with_keys(
        environment, tmp_path, "import", "--cluster-name", "eu1", "-d", "moved", "-o", "json"
    )
    assert imported.code == 0, imported.errors
    report = json.loads(imported.output)["report"]
    assert {each["severity"] for each in report} == {"Note"}
    assert sorted(path.name for path in (tmp_path / "moved").iterdir()) == [
        "billingbackends.yaml",
        "billingplans.yaml",
        "tenantsubscriptions-tenants.yaml",
        "thingsstackclusters.yaml",
    ]

    planned = await run_with_keys(environment, tmp_path, "plan", "-f", "moved")
    assert (planned.code, planned.errors) == (0, "")
    assert planned.output.endswith("Nothing would be written outside.\n")

    await environment.plane.run_kubectl("apply", "--filename", str(tmp_path / "moved"))
    await environment.start_operator()
    await wait_for(
        lambda: all_provisioned(environment), "every tenant to be provisioned", 60 + NUMBER * 0.5, 0.5
    )
    assert writes(environment) == before

    again = await run_with_keys(
        environment, tmp_path, "import", "--cluster-name", "eu1", "-d", "again", "-o", "json"
    )
    assert again.output == imported.output
    for path in (tmp_path / "moved").iterdir():
        assert (tmp_path / "again" / path.name).read_text() == path.read_text(), (
            "the same for the same outside"
        )
