"""The environment that crash tests build on: the operator killed at an exact write, and started again."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest

from manifests import a
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.demonstration.eyes import Eyes
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.environment.installation import apply
from tenant_billing_sandbox.environment.places import SAMPLES, TENANT_NAMESPACE
from tenant_billing_sandbox.service.faults import FaultSpecification
from waiting import PATIENCE, wait_for

pytestmark = pytest.mark.timeout(180)

STATUS_WRITE = "/apis/tenantbilling.dev/v1alpha1/namespaces/*/tenantsubscriptions/*/status"


@pytest.fixture
async def environment(control_plane_programs: Mapping[Program, Path]) -> AsyncIterator[Environment]:
    async with Environment.start(EnvironmentSettings(gateway=True)) as running:
        yield running


async def test_an_operator_killed_at_a_write_to_kubernetes_goes_on_when_it_is_started_again(
    environment: Environment,
) -> None:
    """Between its first status write and the answer: the object is written, and the operator never learns it."""
    assert environment.gateway is not None
    await environment.start_operator()
    await environment.register_accounts()
    await environment.plane.run_kubectl("apply", "--filename", str(SAMPLES / "billingplan.yaml"))
    fault = environment.gateway.observed.faults.script(
        FaultSpecification(effect="hold_after", method="PATCH", path=STATUS_WRITE, writes=True)
    )
    await apply(environment.plane, a("TenantSubscription"))
    async with asyncio.timeout(PATIENCE):
        await fault.has_held.wait()
    await environment.operator.kill()
    assert not environment.operator.alive
    await environment.start_operator()
    await wait_for(lambda: awaits_payment(environment), "the tenant to await its first payment")
    subscriptions = await environment.outside.from_stripe("/v1/subscriptions", status="all")
    assert len(subscriptions["data"]) == 1


async def test_a_cluster_that_lost_everything_is_installed_again_at_the_same_address(
    environment: Environment,
) -> None:
    await environment.start_operator()
    await environment.operator.stop()
    await environment.plane.wipe()
    await environment.install()
    await environment.start_operator()
    await environment.register_accounts()
    await wait_for(lambda: backend_is_ready(environment), "the backend to be ready")


async def test_the_operator_speaks_to_kubernetes_as_its_own_service_account_only(
    environment: Environment,
) -> None:
    position = environment.plane.audit.position()
    await environment.start_operator()
    await environment.register_accounts()
    await wait_for(lambda: backend_is_ready(environment), "the backend to be ready")
    asked = [each for each in environment.plane.audit.entries(position) if "tenantbilling" in each.uri]
    users = {
        each.user for each in asked if each.resource == "billingbackends" and each.subresource == "status"
    }
    assert users == {"system:serviceaccount:tenant-billing-system:tenant-billing-operator"}


async def test_nothing_answers_any_more_when_the_environment_has_ended(
    control_plane_programs: Mapping[Program, Path],
) -> None:
    async with Environment.start() as environment:
        await environment.start_operator()
    for url in (environment.operator.probe_url, environment.stripe.url, environment.things_stack.url):
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(url)
    assert not environment.plane.directory.exists()


async def awaits_payment(environment: Environment) -> bool:
    seen = await Eyes(environment.outside, "acme-iot", TENANT_NAMESPACE).subscription()
    assert seen.get("reason") == "AwaitingPayment"
    return True


async def backend_is_ready(environment: Environment) -> bool:
    seen = await Eyes(environment.outside, "acme-iot", TENANT_NAMESPACE).kind("billingbackends", "main")
    assert seen["ready"] == "True"
    return True
