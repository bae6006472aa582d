"""What people do to plans in Stripe that cannot work: it is said, and nobody who pays is locked out."""

import pytest

from scenario_scene import Scene
from scenario_stage import Object, message_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

METERED: Object = {"spec.price": {"metered": {"currency": "EUR", "unitAmount": 50, "interval": "Month"}}}


async def test_meter_that_was_deactivated_is_said_and_its_tenants_stay(scene: Scene) -> None:
    plan = await scene.plan("metered", METERED)
    acme = await scene.apply(plan)
    await acme.until(ready="Provisioned", tenant="Approved", stripe="active")
    meter_id = (await scene.until_plan(plan))["status"]["meterID"]

    await scene.at_stripe(f"billing/meters/{meter_id}/deactivate")

    seen = await scene.until_plan(plan, "MeterInactive")
    assert f"meter {meter_id}" in message_of(seen)
    lab = await scene.apply(plan, name="lab")
    await lab.until(ready="PlanNotReady", tenant="Absent")
    assert (await acme.settled()).tenant["state"] == "STATE_APPROVED"

    await scene.at_stripe(f"billing/meters/{meter_id}/reactivate")
    await scene.count_again(plan)
    await scene.until_plan(plan)
    await lab.until(ready="Provisioned", tenant="Approved")


async def test_subscription_with_items_of_two_plans_keeps_its_tenant_until_one_is_left(scene: Scene) -> None:
    starter = await scene.plan(changes={"spec.entityLimits": {"endDevices": 500}})
    growth = await scene.plan("growth", {"spec.entityLimits": {"endDevices": 5000}})
    acme = await scene.subscribe(starter)
    other = (await scene.until_plan(growth))["status"]["priceID"]

    item = await scene.at_stripe(
        "subscription_items", subscription=(await acme.look()).subscription["id"], price=other
    )

    seen = await acme.until(ready="AmbiguousPlan", tenant="Approved", limits={"end_devices": 500})
    assert starter in seen.message()
    assert growth in seen.message()

    removed = await scene.stage.outside.stripe.delete(f"/v1/subscription_items/{item['id']}")
    assert removed.is_success
    await acme.until(ready="Provisioned", plan=starter, limits={"end_devices": 500})
