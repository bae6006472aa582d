"""The client and the simulator agree on a tenant's life (things-stack.md 2 and 7)."""

from collections.abc import AsyncIterator

import pytest

from outside_stubs import SUBJECT, things_stack_at
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry
from tenant_billing.domain import errors, requests
from tenant_billing.domain.observations import BillingReference, TenantState
from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator

BILLING = BillingReference("cus_1", "price_1", "sub_1", "si_1")
NEW = requests.NewTenant(
    id="acme-iot",
    name="Acme IoT",
    description="Sensors",
    state=TenantState.APPROVED,
    attributes={"managed-by": "tenant-billing-operator"},
    limits={"gateways": 0, "end_devices": 500, "users": None},
    billing=BILLING,
    initial_user=requests.InitialUser("acme-owner", "ann@acme.example"),
    billing_email="billing@acme.example",
)
INSTALLATIONS = {
    "as documented": ThingsStackSettings(),
    "answers with ids only": ThingsStackSettings(create_answer="Identifiers"),
    "counting as a number": ThingsStackSettings(counting_as_number=True),
    "a replica that lags": ThingsStackSettings(read_replica_lag=0.05),
}


@pytest.fixture(params=list(INSTALLATIONS))
async def registry(request: pytest.FixtureRequest) -> AsyncIterator[ThingsStackRegistry]:
    async with (
        ThingsStackSimulator.serve(INSTALLATIONS[request.param]) as simulator,
        things_stack_at(simulator.url, key=simulator.tenant_admin_key) as connected,
    ):
        yield connected


async def test_a_created_tenant_is_as_asked_for(registry: ThingsStackRegistry) -> None:
    created = await registry.create_tenant(NEW, SUBJECT)
    assert (created.state, created.billing, created.name) == (TenantState.APPROVED, BILLING, "Acme IoT")
    assert created.limits["gateways"] == 0
    assert created.limits["end_devices"] == 500
    assert created.limits["users"] is None
    with pytest.raises(errors.AlreadyExists):
        await registry.create_tenant(NEW, SUBJECT)


@pytest.mark.parametrize("name", ["as documented", "counting as a number"])
async def test_a_tenants_life(name: str) -> None:
    async with (
        ThingsStackSimulator.serve(INSTALLATIONS[name]) as simulator,
        things_stack_at(simulator.url, key=simulator.tenant_admin_key) as registry,
    ):
        await registry.probe()
        assert await registry.tenant("acme-iot") is None
        created = await registry.create_tenant(NEW, SUBJECT)
        assert await registry.tenant("acme-iot") == created
        suspended = await registry.update_tenant(
            "acme-iot",
            requests.TenantChange(
                state=TenantState.SUSPENDED,
                state_description="Billing: ended",
                limits={"end_devices": None, "gateways": 7},
                counts_only_activated=True,
            ),
            SUBJECT,
        )
        assert (suspended.state, suspended.state_description) == (TenantState.SUSPENDED, "Billing: ended")
        assert (suspended.limits["end_devices"], suspended.limits["gateways"]) == (None, 7)
        assert suspended.counts_only_activated
        assert suspended.billing == BILLING
        assert [tenant async for tenant in registry.list_tenants()] == [suspended]
        approved = await registry.update_tenant(
            "acme-iot", requests.TenantChange(state=TenantState.APPROVED), SUBJECT
        )
        assert approved.state_description == ""
        await registry.delete_tenant("acme-iot", SUBJECT)
        assert await registry.tenant("acme-iot") is None
        with pytest.raises(errors.AlreadyExists):
            await registry.create_tenant(NEW, SUBJECT)


@pytest.mark.parametrize("unknown", ["Omit", "Refuse"])
async def test_an_unknown_tenant_is_missing_from_the_totals_and_takes_nobody_with_it(unknown: str) -> None:
    settings = ThingsStackSettings(unknown_totals=unknown, largest_batch=2)  # type: ignore[arg-type]  # the parameters are its literals
    async with (
        ThingsStackSimulator.serve(settings) as simulator,
        things_stack_at(simulator.url, key=simulator.tenant_admin_key) as registry,
    ):
        await registry.create_tenant(NEW, SUBJECT)
        found = await registry.totals(["gone-iot", "acme-iot", "lost-iot"])
        assert set(found) == {"acme-iot"}
        assert (found["acme-iot"].users, found["acme-iot"].end_devices) == (1, 0)


async def test_a_version_without_activated_devices_is_told_apart() -> None:
    async with (
        ThingsStackSimulator.serve(ThingsStackSettings(supports_activated=False)) as simulator,
        things_stack_at(simulator.url, key=simulator.tenant_admin_key) as registry,
    ):
        await registry.create_tenant(NEW, SUBJECT)
        with pytest.raises(errors.Unsupported):
            await registry.totals(["acme-iot"], activated=True)


async def test_a_missing_licence_is_told_apart() -> None:
    async with (
        ThingsStackSimulator.serve(ThingsStackSettings(multi_tenancy=False)) as simulator,
        things_stack_at(simulator.url, key=simulator.tenant_admin_key) as registry,
    ):
        with pytest.raises(errors.Unsupported):
            await registry.probe()


async def test_a_wrong_key_is_told_apart() -> None:
    async with ThingsStackSimulator.serve() as simulator, things_stack_at(simulator.url) as registry:
        with pytest.raises(errors.Unauthorized):
            await registry.probe()
