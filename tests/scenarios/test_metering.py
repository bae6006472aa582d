"""Metered plans on the account's clock: devices are counted, reported, and billed to the cent."""

import httpx
import pytest

from scenario_metering import PER_DEVICE, goes_past_the_end, until_reported
from scenario_scene import Scene
from scenario_tenant import Tenant
from tenant_billing_sandbox.service.faults import FaultSpecification
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRADUATED = {
    "metered": {
        "currency": "EUR",
        "interval": "Month",
        "tiersMode": "Graduated",
        "tiers": [{"upTo": 10, "unitAmount": 50, "flatAmount": 100}, {"unitAmount": 40}],
    }
}
ACTIVATED = {"metered": PER_DEVICE["metered"] | {"counting": "OnlyActivated"}}


async def metered(scene: Scene, price: object, name: str = "acme", **changes: object) -> Tenant:
    """A tenant on a metered plan of its own, which costs nothing before it is used."""
    plan = await scene.plan(f"metered-{name}", {"spec.price": price})
    tenant = await scene.apply(plan, dict(changes), name=name)
    await tenant.until(ready="Provisioned", tenant="Approved", stripe="active")
    return tenant


async def bills(scene: Scene, customer_id: str) -> list[int]:
    """What a customer was billed, in cents, the first bill first."""
    listed = await scene.stage.outside.from_stripe("/v1/invoices", customer=customer_id)
    return [each["total"] for each in reversed(listed["data"])]


AMOUNTS = [
    pytest.param(PER_DEVICE, 13 * 50, id="per device"),
    pytest.param(GRADUATED, 100 + 10 * 50 + 3 * 40, id="graduated tiers"),
]


@pytest.mark.parametrize(("price", "amount"), AMOUNTS)
async def test_tbs_07_a_month_is_billed_by_the_devices_at_its_end(
    scene: Scene, price: object, amount: int
) -> None:
    tenant = await metered(scene, price)
    await until_reported(tenant, 0)
    await tenant.registers(end_devices=20)
    await scene.advance(hours=1)
    await until_reported(tenant, 20)
    await tenant.removes(end_devices=7)
    await goes_past_the_end(scene, tenant)
    customer = await tenant.customer_id()
    assert await bills(scene, customer) == [0, amount]
    await (
        tenant.pays()
    )  # else three weeks of the next month suspend it, and suspended tenants are not reported
    await tenant.until(tenant="Approved", payment="Paid")
    await goes_past_the_end(scene, tenant)
    assert await bills(scene, customer) == [0, amount, amount]


async def test_tbs_15_changes_are_reported_once_and_nothing_in_between(scene: Scene) -> None:
    tenant = await metered(scene, PER_DEVICE)
    await tenant.registers(end_devices=3)
    await scene.advance(hours=1)
    await until_reported(tenant, 3)
    before = scene.writes()
    await scene.advance(hours=5)
    await tenant.settled()
    assert scene.writes() == before


async def test_tbs_17_only_activated_devices_are_billed_where_the_plan_says_so(scene: Scene) -> None:
    tenant = await metered(scene, ACTIVATED)
    await tenant.registers(end_devices=9, activated_end_devices=4)
    await scene.advance(hours=1)
    await until_reported(tenant, 4)


async def test_one_broken_tenant_holds_no_other(scene: Scene) -> None:
    broken, sound = await metered(scene, PER_DEVICE, "broken"), await metered(scene, PER_DEVICE, "sound")
    await until_reported(sound, 0)
    await until_reported(broken, 0)
    no = FaultSpecification(
        effect="error",
        method="POST",
        path="/v1/billing/meter_events",
        containing=(await broken.customer_id(),),
        status=400,
        times=None,
    )
    scene.stage.stripe.observed.faults.script(no)
    for tenant in (broken, sound):
        await tenant.registers(end_devices=5)
    await scene.advance(hours=1)
    await until_reported(sound, 5)
    seen = await until_reported(broken, 0, reason="Rejected")
    assert seen.reason() == "Provisioned"
    scene.stage.stripe.observed.faults.clear()


async def test_a_cancel_bills_what_was_used_until_then(scene: Scene) -> None:
    tenant = await metered(scene, PER_DEVICE)
    await until_reported(tenant, 0)
    customer = await tenant.customer_id()
    await tenant.registers(end_devices=6)
    await scene.advance(minutes=20)
    await tenant.delete()
    left = await tenant.until_gone()
    assert left.subscription["status"] == "canceled"
    assert await bills(scene, customer) == [0, 6 * 50]


async def test_two_tenants_of_one_customer_on_one_meter(scene: Scene) -> None:
    tenant = await metered(scene, PER_DEVICE)
    plan = (await tenant.look()).status["planRef"]["name"]
    sibling = {"spec.customer": {"subscriptionRef": {"name": "acme"}}}
    second = await scene.apply(plan, sibling, name="lab")
    seen = await second.until(ready="MeterConflict", tenant="Absent")
    assert "a customer of its own" in seen.message()


async def test_tbs_16_pushed_reports_are_billed_and_a_stranger_s_are_not(scene: Scene) -> None:
    await scene.stage.make_secret(scene.stage.namespace, scene.named("push"), "token", "s3cret")
    push = {"bearerTokenSecretRef": {"name": scene.named("push"), "key": "token"}}
    cluster = await scene.cluster("pushed", {"spec.metering": {"source": "Push", "push": push}})
    tenant = await metered(scene, PER_DEVICE, **{"spec.clusterRef.name": cluster})
    endpoints = await scene.stage.outside.from_stripe("/v1/webhook_endpoints")
    address = endpoints["data"][0]["url"].partition("/webhooks/")[0]
    entry = {"tenant_id": {"tenant_id": tenant.tenant_id}, "totals": {"end_devices": "8"}}

    async def pushes(token: str) -> int:
        async with httpx.AsyncClient() as client:
            answer = await client.post(
                f"{address}/api/v3/tbs/report",
                json={"tenants": [entry]},
                headers={"Authorization": f"Bearer {token}"},
            )
        return answer.status_code

    assert await pushes("wrong") == 401
    assert await pushes("s3cret") == 200
    await until_reported(tenant, 8)
    await tenant.registers(end_devices=99)
    await scene.advance(hours=1)
    assert (await tenant.settled()).status["usage"]["lastReported"] == 8


async def test_a_meter_that_was_deactivated_is_told_and_its_usage_made_up_for(scene: Scene) -> None:
    tenant = await metered(scene, PER_DEVICE)
    await until_reported(tenant, 0)
    plan = (await tenant.look()).status["planRef"]["name"]
    meter = (await scene.until_plan(plan))["status"]["meterID"]
    await scene.at_stripe(f"billing/meters/{meter}/deactivate")
    await tenant.registers(end_devices=5)
    await scene.advance(hours=1)
    seen = await until_reported(tenant, 5, reason="Rejected")
    assert "reactivate it in Stripe" in seen.message("UsageReported")
    await scene.at_stripe(f"billing/meters/{meter}/reactivate")

    async def is_made_up_for() -> bool:
        await scene.advance(hours=1)
        return (await tenant.look()).reason("UsageReported") == "Reported"

    await wait_for(is_made_up_for, "the report to be sent again and counted", interval=1.0)
    await goes_past_the_end(scene, tenant)
    assert await bills(scene, await tenant.customer_id()) == [0, 5 * 50]
