"""``tenant-billing migrate-meter`` on a fleet that the Tenant Billing Server meters in the old way."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billing_server_fleet import run_with_keys, sell_as_the_billing_server, subscription_of
from command_line import tenant_billing
from running_product import condition
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.stripe.server import StripeSettings
from waiting import wait_for

pytestmark = pytest.mark.timeout(180)

NAMES = ("acme-iot", "beta-farm")
PLANS = "/apis/tenantbilling.dev/v1alpha1/billingplans"
OBJECTS = "/apis/tenantbilling.dev/v1alpha1/namespaces/tenants/tenantsubscriptions"
DEVICES = {"acme-iot": (30, 7), "beta-farm": (12, 40)}
"""How many devices each tenant has before the switch, and after it."""
CENTS = 4900
HOUR = 3600
MONTH_AND_A_DAY = 32 * 24 * 3600
BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
async def environment(control_plane_programs: Mapping[Program, Path]) -> AsyncIterator[Environment]:
    settings = EnvironmentSettings(stripe=StripeSettings(rate_limits="none", initial_time=BEGIN))
    async with Environment.start(settings) as running:
        yield running


async def reason(environment: Environment, path: str) -> str:
    return condition(await environment.outside.from_kubernetes(path))[1]


def writes(environment: Environment) -> int:
    return environment.stripe.observed.record.counts().writes


async def moved_in(environment: Environment, directory: Path) -> None:
    """Import, apply, and have the plan with the meter made."""
    await sell_as_the_billing_server(environment, NAMES, metered_without_a_meter=True)
    imported = await run_with_keys(environment, directory, "import", "--cluster-name", "eu1", "-d", "moved")
    assert imported.code == 0, imported.errors
    await environment.plane.run_kubectl("apply", "--filename", str(directory / "moved"))
    await environment.start_operator()
    await environment.plane.run_kubectl(
        "annotate", "billingplan", "starter-metered", "tenantbilling.dev/paused-"
    )

    async def looked() -> bool:
        assert await reason(environment, f"{PLANS}/starter") == "MeterMissing"
        assert await reason(environment, f"{PLANS}/starter-metered") == "Available"
        for name in NAMES:
            found = await environment.outside.from_kubernetes(f"{OBJECTS}/{name}")
            assert (found or {})["status"]["planRef"]["name"] == "starter"
        return True

    await wait_for(looked, "the plan with the meter to stand")


def price_ids(environment: Environment, name: str) -> list[str]:
    items = subscription_of(environment.stripe.account, name)["items"]["data"]
    return [each["price"]["id"] for each in items]


def invoices(environment: Environment, name: str) -> list[dict[str, Any]]:
    customer = subscription_of(environment.stripe.account, name)["customer"]
    found = environment.stripe.account.table("invoice").values()
    return [each for each in found if each["customer"] == customer]


async def test_the_switch_is_shown_then_done_once_and_takes_place_at_the_period_s_end(
    environment: Environment, tmp_path: Path
) -> None:
    await moved_in(environment, tmp_path)
    arguments = ("migrate-meter", "--from", "starter", "--to", "starter-metered", "-n", "tenants")
    before = writes(environment)

    shown = await run_with_keys(environment, tmp_path, *arguments, "-o", "json")
    assert (shown.code, shown.errors) == (2, "")
    operations = [each["operation"] for each in json.loads(shown.output)["calls"]]
    assert operations == ["ChangeSubscription", "AttachSchedule", "PlanMove"] * len(NAMES)
    assert writes(environment) == before, "without --yes nothing is written"

    done = await run_with_keys(environment, tmp_path, *arguments, "--yes", "-o", "json")
    assert (done.code, done.errors) == (0, "")
    assert {each["stage"] for each in json.loads(done.output)["subscriptions"]} == {"planned"}
    assert writes(environment) == before + 3 * len(NAMES)

    again = await run_with_keys(environment, tmp_path, *arguments, "--yes", "-o", "json")
    assert (again.code, again.output) == (0, done.output)
    assert writes(environment) == before + 3 * len(NAMES), "a repetition writes nothing"

    (old,) = price_ids(environment, NAMES[0])
    for name, (devices, _) in DEVICES.items():
        await old_meter_sets(environment, name, devices)
    await environment.outside.advance(MONTH_AND_A_DAY)
    (new,) = price_ids(environment, NAMES[0])
    prices = environment.stripe.account.table("price")
    assert prices[old]["recurring"]["meter"] is None
    assert prices[new]["recurring"]["meter"] is not None

    async def followed() -> bool:
        for name in NAMES:
            found = await environment.outside.from_kubernetes(f"{OBJECTS}/{name}")
            assert (found or {})["status"]["planRef"]["name"] == "starter-metered"
        return True

    await wait_for(followed, "the objects to follow")
    after = await run_with_keys(
        environment, tmp_path, "migrate-meter", *NAMES, "--to", "starter-metered", "-n", "tenants"
    )
    assert after.code == 0, after.output
    assert after.output.count("moved") == len(NAMES)
    closing = invoices(environment, NAMES[0])[-1]
    charged = {line["pricing"]["price_details"]["price"] for line in closing["lines"]["data"]}
    assert charged == {old}, "the invoice that closes the period knows the old price alone"
    await use_is_billed_once(environment)


async def use_is_billed_once(environment: Environment) -> None:
    """What was recorded before the switch is billed by the old price, what is counted after it by the meter."""
    for name, (_, devices) in DEVICES.items():
        path = f"/_sandbox/tenants/{name}/entities"
        (await environment.outside.things_stack.post(path, json={"end_devices": devices})).raise_for_status()
    await environment.outside.advance(HOUR)

    async def reported() -> bool:
        for name, (_, devices) in DEVICES.items():
            found = await environment.outside.from_kubernetes(f"{OBJECTS}/{name}")
            status = (found or {}).get("status", {})
            assert status.get("usage", {}).get("lastReported") == devices, f"{name}: {status}"
        return True

    await wait_for(reported, "the devices to be reported")
    await environment.outside.advance(MONTH_AND_A_DAY)
    for name, (before, after) in DEVICES.items():
        amounts = [each["total"] for each in invoices(environment, name)][1:3]
        assert amounts == [before * CENTS, after * CENTS], name


async def old_meter_sets(environment: Environment, name: str, devices: int) -> None:
    """The Tenant Billing Server reports the devices of a tenant as it does."""
    (item,) = subscription_of(environment.stripe.account, name)["items"]["data"]
    path = f"/_sandbox/subscription_items/{item['id']}/usage"
    await environment.outside.drive_stripe(path, {"quantity": devices})


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "give TenantSubscriptions by name, or --from PLAN"),
        (("acme", "--from", "starter"), "give TenantSubscriptions by name, or --from PLAN"),
        (("acme", "-A"), "--all-namespaces goes with --from"),
    ],
)
async def test_a_wrong_call_is_a_usage_error(
    arguments: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    ran = await tenant_billing("migrate-meter", "--to", "x", *arguments, directory=tmp_path)
    assert ran.code == 2
    assert expected in ran.errors
