"""A plan of another interval takes over when the period ends that was paid for, unless somebody changes their mind."""

from typing import Any

import pytest

from scenario_scene import Scene
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")

YEARLY = {
    "spec.displayName": "Yearly",
    "spec.price.recurring.interval": "Year",
    "spec.price.recurring.unitAmount": 49900,
    "spec.entityLimits": {"endDevices": 5000, "gateways": 100},
}
MONTHLY_LIMITS: dict[str, int | None] = {"end_devices": 500}
YEARLY_LIMITS: dict[str, int | None] = {"end_devices": 5000}


async def asked_for_a_year(scene: Scene, **where: str) -> tuple[Tenant, str, str]:
    """A tenant on a monthly plan that asked for a yearly one; with the names of both."""
    monthly, yearly = await scene.plan(), await scene.plan("yearly", YEARLY)
    acme = await scene.subscribe(monthly, None, **where)
    await acme.change({"planRef.name": yearly})
    seen = await acme.until(
        ready="Provisioned",
        synced="Pending",
        plan=monthly,
        limits=MONTHLY_LIMITS,
        status={"pendingOperation": None},
    )
    assert f"plan {yearly} takes place at the end of the current period" in seen.message("SubscriptionSynced")
    return acme, monthly, yearly


async def schedule_of(scene: Scene, tenant: Tenant) -> Any:
    """The schedule that is attached to the tenant's subscription."""
    attached = (await tenant.look()).subscription["schedule"]
    return await scene.stage.outside.from_stripe(f"/v1/subscription_schedules/{attached}")


async def test_a_yearly_plan_begins_when_the_month_is_over(scene: Scene) -> None:
    acme, _, yearly = await asked_for_a_year(scene)
    assert (await schedule_of(scene, acme))["metadata"]["tenantbilling.dev/plan"] == yearly

    await scene.advance(days=32)

    seen = await acme.until(
        ready="Provisioned", synced="Synced", payment="Paid", plan=yearly, limits=YEARLY_LIMITS
    )
    seen = await acme.until_subscription(schedule=None)
    assert seen.subscription["metadata"]["tenantbilling.dev/plan"] == yearly
    period = seen.status["currentPeriod"]
    assert int(period["endTime"][:4]) == int(period["startTime"][:4]) + 1
    invoices = await scene.stage.outside.from_stripe("/v1/invoices", customer=await acme.customer_id())
    assert [each["amount_due"] for each in invoices["data"]] == [49900, 4900]


async def test_a_change_of_mind_leaves_the_subscription_as_it_was(scene: Scene) -> None:
    acme, monthly, _ = await asked_for_a_year(scene)

    await acme.change({"planRef.name": monthly})
    await acme.until(ready="Provisioned", synced="Synced", plan=monthly)
    await acme.until_subscription(schedule=None)

    await scene.advance(days=32)
    await acme.until(
        ready="Provisioned", synced="Synced", payment="Paid", plan=monthly, limits=MONTHLY_LIMITS
    )


async def test_after_a_change_of_mind_the_year_can_be_asked_for_once_more(scene: Scene) -> None:
    acme, monthly, yearly = await asked_for_a_year(scene)
    await acme.change({"planRef.name": monthly})
    await acme.until(synced="Synced", plan=monthly)

    await acme.change({"planRef.name": yearly})
    await acme.until(synced="Pending", plan=monthly, status={"pendingOperation": None})

    assert len((await schedule_of(scene, acme))["phases"]) == 2


async def test_a_third_plan_takes_the_place_of_the_one_that_waits(scene: Scene) -> None:
    acme, monthly, _ = await asked_for_a_year(scene)
    first = (await acme.look()).subscription["schedule"]
    quarterly = await scene.plan("quarterly", YEARLY | {"spec.price.recurring.interval": "Month",
                                                        "spec.price.recurring.intervalCount": 3})  # fmt: skip

    await acme.change({"planRef.name": quarterly})
    seen = await acme.until(synced="Pending", plan=monthly)
    assert quarterly in seen.message("SubscriptionSynced")
    assert seen.subscription["schedule"] == first, "one schedule, rewritten"

    await scene.advance(days=32)
    await acme.until(ready="Provisioned", synced="Synced", payment="Paid", plan=quarterly)


async def test_deletion_ends_the_subscription_and_what_was_planned_for_it(scene: Scene) -> None:
    acme, _, _ = await asked_for_a_year(scene)

    await acme.delete()

    left = await acme.until_gone()
    assert (left.subscription["status"], left.subscription["schedule"]) == ("canceled", None)
    assert left.tenant["state"] == "STATE_SUSPENDED"


async def test_to_end_with_the_period_is_heeded_while_a_change_waits(scene: Scene) -> None:
    acme, monthly, _ = await asked_for_a_year(scene)

    await acme.change({"renewal": "CancelAtPeriodEnd"})
    await acme.until_subscription(schedule=None, cancel_at_period_end=True)
    seen = await acme.until(ready="Provisioned", synced="Pending", plan=monthly)
    assert "spec.renewal: Renew" in seen.message("SubscriptionSynced")

    await scene.advance(days=32)
    await acme.until(ready="SubscriptionEnded", tenant="Suspended", stripe="canceled")


async def test_a_discount_and_other_items_outlive_the_change(scene: Scene) -> None:
    acme, _, yearly = await asked_for_a_year(scene)
    coupon = await scene.at_stripe("coupons", percent_off="50", duration="forever")
    await acme.in_the_dashboard(discounts__0__coupon=coupon["id"])
    await acme.change({"renewal": "Renew"})
    await acme.settled()

    await scene.advance(days=32)

    seen = await acme.until(synced="Synced", plan=yearly, limits=YEARLY_LIMITS)
    assert len(seen.subscription["items"]["data"]) == 1
