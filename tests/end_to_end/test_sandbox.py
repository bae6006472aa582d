"""What a person sees in the sandbox, compared with golden files."""

import os
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from command_line import tenant_billing
from manifests import REPOSITORY, a
from stripe_openapi.contract import assert_contract
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.demonstration.eyes import Eyes
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.environment.installation import apply, offer_plans
from tenant_billing_sandbox.environment.places import (
    SERVICE_ACCOUNT,
    SYSTEM_NAMESPACE,
    TENANT_NAMESPACE,
)
from tenant_billing_sandbox.stripe.server import StripeSettings
from waiting import wait_for

pytestmark = pytest.mark.timeout(180)

GOLDEN = Path(__file__).parent / "golden"
BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OPERATOR = f"system:serviceaccount:{SYSTEM_NAMESPACE}:{SERVICE_ACCOUNT}"
FORBIDDEN = 403
MONTH_AND_A_DAY = 32 * 24 * 3600


@pytest.fixture
async def sandbox(control_plane_programs: Mapping[Program, Path]) -> AsyncIterator[Environment]:
    """As ``make sandbox`` leaves it, at a fixed time."""
    settings = EnvironmentSettings(stripe=StripeSettings(initial_time=BEGIN))
    async with Environment.start(settings) as environment:
        await environment.start_operator()
        await environment.register_accounts()
        await offer_plans(environment.plane)
        yield environment


async def test_the_state_of_everything_is_told_in_plain_words(
    sandbox: Environment, tmp_path: Path, stripe_openapi: Path
) -> None:
    """And the operator got there with the rights of ``deploy/kustomize``, by calls that Stripe's document knows."""
    await subscribe(sandbox, "acme-iot", "starter")
    await subscribe(sandbox, "beta-farm", "growth")
    await pay(sandbox, "acme-iot")
    await pay(sandbox, "beta-farm")
    await let_the_card_decline(sandbox, "beta-farm")
    await sandbox.outside.advance(MONTH_AND_A_DAY)
    await until(sandbox, "beta-farm", payment="PastDue", state="Flagged")
    await until(sandbox, "acme-iot", payment="Paid", state="Approved")
    await subscribe(sandbox, "new-tenant", "starter")
    await wait_for(lambda: counted(sandbox), "the plans and the cluster to have counted their tenants")

    shown = await sandbox.plane.run_kubectl("get", "tenantbilling", "--all-namespaces")
    compare("get-tenantbilling.txt", without_ages(shown))

    environment = {"KUBECONFIG": str(sandbox.plane.kubeconfig)}
    status = await tenant_billing("status", "-A", directory=tmp_path, environment=environment)
    assert (status.code, status.errors) == (0, "")
    compare("status.txt", without_trailing_blanks(status.output))

    asked = [each for each in sandbox.plane.audit.entries() if each.user == OPERATOR]
    assert asked
    assert [each for each in asked if each.code == FORBIDDEN] == []

    async with httpx.AsyncClient() as client:
        record = (await client.get(f"{sandbox.stripe.url}/_sandbox/requests")).json()["requests"]
    assert_contract(record, stripe_openapi)


async def subscribe(sandbox: Environment, tenant: str, plan: str) -> None:
    changes = {"metadata.name": tenant, "spec.tenant.id": tenant, "spec.planRef.name": plan}
    await apply(sandbox.plane, a("TenantSubscription", changes))
    await until(sandbox, tenant, reason="AwaitingPayment")


async def pay(sandbox: Environment, tenant: str) -> None:
    await sandbox.outside.drive_stripe(f"/_sandbox/customers/{await customer(sandbox, tenant)}/pay")
    await until(sandbox, tenant, payment="Paid", state="Approved", reason="Provisioned")


async def let_the_card_decline(sandbox: Environment, tenant: str) -> None:
    path = f"/_sandbox/customers/{await customer(sandbox, tenant)}/card"
    await sandbox.outside.drive_stripe(path, {"behavior": "declines"})


async def customer(sandbox: Environment, tenant: str) -> str:
    subscription = await eyes(sandbox, tenant).stripe_subscription()
    assert subscription is not None
    return str(subscription["customer"])


async def until(sandbox: Environment, tenant: str, **expected: str) -> None:
    async def reached() -> bool:
        seen = await eyes(sandbox, tenant).subscription()
        assert {name: seen.get(name) for name in expected} == expected
        return True

    await wait_for(reached, f"{tenant} to be {expected}")


async def counted(sandbox: Environment) -> bool:
    api = "/apis/tenantbilling.dev/v1alpha1"
    plans = await sandbox.outside.from_kubernetes(f"{api}/billingplans") or {}
    clusters = await sandbox.outside.from_kubernetes(f"{api}/thingsstackclusters") or {}
    subscriptions = {each["metadata"]["name"]: each["status"].get("subscriptions") for each in plans["items"]}
    assert subscriptions == {"starter": 2, "growth": 1, "per-device": 0}
    (cluster,) = clusters["items"]
    assert cluster["status"].get("tenants") == {"approved": 1, "flagged": 1, "suspended": 0}
    return True


def eyes(sandbox: Environment, tenant: str) -> Eyes:
    return Eyes(sandbox.outside, tenant, TENANT_NAMESPACE)


def without_ages(table: str) -> str:
    """The ages, which differ from run to run, replaced; their column's width with them."""
    return (
        "\n".join(
            re.sub(r" +(?=\d)(?:\d+m)?(?:\d+s)?$", "   AGE", line.rstrip()) for line in table.splitlines()
        )
        + "\n"
    )


def without_trailing_blanks(table: str) -> str:
    return "\n".join(line.rstrip() for line in table.splitlines()) + "\n"


def compare(name: str, shown: str) -> None:
    """With ``UPDATE_GOLDEN`` set the file is written instead, to be looked at and committed."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(shown)
    assert shown == path.read_text()


def test_the_readme_shows_what_the_sandbox_tells() -> None:
    told = (GOLDEN / "status.txt").read_text(encoding="utf-8")
    assert told in (REPOSITORY / "README.md").read_text(encoding="utf-8")
