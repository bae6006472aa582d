"""Everything that ``docs/commands.md`` shows was printed by the command that it stands under."""

import base64
import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from billing_server_fleet import run_with_keys, sell_as_the_billing_server
from document_pages import blocks
from manifests import REPOSITORY, a
from running_product import API, condition, is_observed
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.environment.installation import samples
from tenant_billing_sandbox.environment.places import SYSTEM_NAMESPACE
from tenant_billing_sandbox.service.interception import Observed
from tenant_billing_sandbox.stripe.server import StripeSettings
from waiting import wait_for

pytestmark = pytest.mark.timeout(180)

BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAGE = REPOSITORY / "docs" / "commands.md"
NAMES = ("acme-iot", "beta-farm")
OBJECTS = "/apis/tenantbilling.dev/v1alpha1/namespaces/tenants/tenantsubscriptions"


@pytest.fixture
async def environment(control_plane_programs: Mapping[Program, Path]) -> AsyncIterator[Environment]:
    settings = EnvironmentSettings(stripe=StripeSettings(rate_limits="none", initial_time=BEGIN))
    async with Environment.start(settings) as running:
        yield running


def shown(text: str) -> str:
    """Output as a page shows it: no trailing blanks, and addresses that do not change from run to run."""
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:12111", "\n".join(lines)).strip("\n")


def assert_on_the_page(text: str) -> None:
    on_the_page = {block.text.strip("\n") for block in blocks(PAGE)}
    assert shown(text) in on_the_page, f"not in docs/commands.md:\n{shown(text)}"


async def provisioned(environment: Environment) -> bool:
    for name in NAMES:
        found = await environment.outside.from_kubernetes(f"{OBJECTS}/{name}")
        assert condition(found) == ("True", "Provisioned")
    return True


def a_new_tenant(directory: Path) -> None:
    """A plan that is not there yet, a tenant on it, and a tenant of today under another name."""
    _, growth = samples("billingplan")
    changes = {"metadata.name": "new-tenant", "spec.tenant.id": "new-tenant", "spec.planRef.name": "growth"}
    manifests = [growth, a("TenantSubscription", changes)]
    (directory / "change.yaml").write_text(yaml.safe_dump_all(manifests))


async def doctor_finds_all_well_and_then_what_was_broken(environment: Environment, directory: Path) -> None:
    """Nothing that it reads is changed by it; afterwards everything is mended."""
    await name_the_signing_secret(environment)
    since = {name: observed.record.counts().writes for name, observed in outside(environment).items()}
    well = await run_with_keys(environment, directory, "doctor")
    assert (well.code, well.errors) == (0, "")
    assert_on_the_page(at_any_moment(well.output))

    await environment.operator.stop()
    await break_several_things(environment)
    broken = await run_with_keys(environment, directory, "doctor")
    assert (broken.code, broken.errors) == (1, "")
    assert_on_the_page(at_any_moment(broken.output))
    told = json.loads((await run_with_keys(environment, directory, "doctor", "-o", "json")).output)
    wrong = {each["check"] for each in told["findings"] if each["status"] == "error"}
    assert wrong == {"operator-rights", "leader", "webhook", "tenants"}
    assert environment.accounts.api_key not in broken.output + json.dumps(told)

    for name, observed in outside(environment).items():
        ours = 1 if name == "Stripe" else 0  # the endpoint was disabled by us
        assert observed.record.counts().writes == since[name] + ours
    await environment.install()
    await environment.start_operator()


async def name_the_signing_secret(environment: Environment) -> None:
    """What the report of the import asks for, carried out."""
    patch = {"spec": {"stripe": {"webhookSecretRefs": [{"name": "stripe-webhook"}]}}}
    arguments = ("patch", "billingbackend", "main", "--type=merge", "--patch", json.dumps(patch))
    await environment.plane.run_kubectl(*arguments)

    async def seen() -> bool:
        found = await environment.outside.from_kubernetes(f"{API}/billingbackends/main")
        return found is not None and is_observed(found)

    await wait_for(seen, "the operator to have looked at the edited BillingBackend")


def outside(environment: Environment) -> Mapping[str, Observed]:
    return {"Stripe": environment.stripe.observed, "TheThingsStack": environment.things_stack.observed}


async def break_several_things(environment: Environment) -> None:
    """Another tenant admin key, a right that is taken away, and a disabled endpoint."""
    (endpoint,) = environment.stripe.account.table("webhook_endpoint")
    await environment.outside.to_stripe(f"/v1/webhook_endpoints/{endpoint}", {"disabled": "true"})
    plane, system = environment.plane, ("--namespace", SYSTEM_NAMESPACE)
    key = base64.b64encode(b"ab" * 32).decode()
    patch = json.dumps({"data": {"tenant-admin-key": key}})
    await plane.run_kubectl("patch", "secret", "things-stack", *system, "--type=merge", "--patch", patch)
    await plane.run_kubectl("delete", "rolebinding", "tenant-billing-operator", *system)


def at_any_moment(output: str) -> str:
    """What differs from run to run, as the page has it."""
    return re.sub(r"renewed \d+ s ago", "renewed 1 s ago", output)


async def test_every_output_on_the_page_is_what_the_command_prints(
    environment: Environment, tmp_path: Path
) -> None:
    await sell_as_the_billing_server(environment, NAMES)
    imported = await run_with_keys(environment, tmp_path, "import", "--cluster-name", "eu1")
    assert imported.code == 0
    assert_on_the_page(imported.output)
    assert_on_the_page(imported.errors)

    (tmp_path / "moved.yaml").write_text(imported.output)
    await environment.plane.run_kubectl("apply", "--filename", str(tmp_path / "moved.yaml"))
    await environment.start_operator()
    await wait_for(lambda: provisioned(environment), "both tenants to be provisioned")

    status = await run_with_keys(environment, tmp_path, "status", "-n", "tenants")
    assert (status.code, status.errors) == (0, "")
    assert_on_the_page(status.output)

    await doctor_finds_all_well_and_then_what_was_broken(environment, tmp_path)

    a_new_tenant(tmp_path)
    planned = await run_with_keys(environment, tmp_path, "plan", "-f", "change.yaml")
    assert (planned.code, planned.errors) == (2, "")
    assert_on_the_page(planned.output)

    await environment.operator.stop()
    released = await run_with_keys(environment, tmp_path, "release")
    assert (released.code, released.errors) == (0, "")
    assert_on_the_page(released.output)
