"""Who wins on the plan: a changed planRef, a change in Stripe's dashboard, and what is paid."""

from typing import Any

import pytest

from scenario_scene import Scene
from scenario_stage import Object
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")

LARGE = {
    "spec.displayName": "Growth",
    "spec.price.recurring.unitAmount": 14900,
    "spec.entityLimits": {"endDevices": 5000, "gateways": 100},
}


def priced(policy: str) -> dict[str, Any]:
    return {**LARGE, "spec.prorationPolicy": policy}


async def _lines(scene: Scene, **of: str) -> list[Object]:
    """The lines of invoices, newest invoice first."""
    invoices = await scene.stage.outside.from_stripe("/v1/invoices", **of)
    return [line for invoice in invoices["data"] for line in invoice["lines"]["data"]]


async def _price(scene: Scene, plan: str) -> str:
    return str((await scene.until_plan(plan))["status"]["priceID"])


async def _item_on(scene: Scene, tenant: Tenant, plan: str) -> Object:
    """Wait until the subscription's only item is on the plan's price."""
    seen = await tenant.until(plan=plan)
    (item,) = seen.subscription["items"]["data"]
    assert item["price"]["id"] == await _price(scene, plan)
    return seen.subscription


async def test_upgrade_that_is_invoiced_at_once_raises_the_limits_once_it_is_paid(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", priced("InvoiceNow"))
    acme = await scene.subscribe(small)

    await acme.change({"planRef.name": large})
    await acme.until(
        ready="Provisioned",
        synced="Synced",
        plan=large,
        limits={"end_devices": 5000, "gateways": 100, "users": None},
    )

    subscription = await _item_on(scene, acme, large)
    assert subscription["pending_update"] is None
    assert subscription["metadata"]["tenantbilling.dev/plan"] == large


async def test_declined_upgrade_keeps_the_old_plan_and_its_limits_until_it_is_paid(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", priced("InvoiceNow"))
    acme = await scene.subscribe(small)
    await acme.card("declines")

    await acme.change({"planRef.name": large})
    seen = await acme.until(
        synced="UpgradeDeclined", plan=small, tenant="Approved", stripe="active", limits={"end_devices": 500}
    )
    assert seen.status["hostedInvoiceURL"].startswith("https://")
    assert (await acme.settled()).limit() == 500

    await acme.pays()
    await acme.until(ready="Provisioned", synced="Synced", plan=large, limits={"end_devices": 5000})


async def test_declined_upgrade_that_expires_is_not_tried_again_by_itself(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", priced("InvoiceNow"))
    acme = await scene.subscribe(small)
    await acme.card("declines")
    await acme.change({"planRef.name": large})
    await acme.until(synced="UpgradeDeclined", plan=small)

    await scene.advance(hours=24)
    seen = await acme.until_subscription(pending_update=None)

    await scene.advance(days=40)
    await acme.pays()
    seen = await acme.until(
        ready="Provisioned",
        synced="UpgradeDeclined",
        plan=small,
        tenant="Approved",
        limits={"end_devices": 500},
    )
    assert "was not paid in time" in seen.message("SubscriptionSynced")

    await acme.change({"planRef.name": small})
    await acme.until(synced="Synced", plan=small)
    await acme.change({"planRef.name": large})
    await acme.until(ready="Provisioned", synced="Synced", plan=large, limits={"end_devices": 5000})


async def test_upgrade_on_the_next_invoice_raises_the_limits_at_once(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", priced("NextInvoice"))
    acme = await scene.subscribe(small)

    await acme.change({"planRef.name": large})
    await acme.until(ready="Provisioned", plan=large, limits={"end_devices": 5000})
    invoices = await scene.stage.outside.from_stripe("/v1/invoices", customer=await acme.customer_id())
    assert len(invoices["data"]) == 1

    await scene.advance(days=32)
    await acme.until(payment="Paid", tenant="Approved")
    lines = await _lines(scene, customer=await acme.customer_id())
    assert any(each["amount"] < 0 for each in lines)


async def test_upgrade_without_proration_bills_nothing_for_the_running_period(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", priced("None"))
    acme = await scene.subscribe(small)

    await acme.change({"planRef.name": large})
    await acme.until(ready="Provisioned", plan=large, limits={"end_devices": 5000})

    await scene.advance(days=32)
    await acme.until(payment="Paid", tenant="Approved")
    amounts = [each["amount"] for each in await _lines(scene, customer=await acme.customer_id())]
    assert sorted(amounts) == [4900, 14900]


@pytest.mark.parametrize("policy", ["InvoiceNow", "NextInvoice", "None"])
async def test_downgrade_lowers_the_limits_and_leaves_what_exists(scene: Scene, policy: str) -> None:
    large = await scene.plan("growth", LARGE)
    small = await scene.plan(changes={"spec.prorationPolicy": policy})
    acme = await scene.subscribe(large)
    await acme.registers(end_devices=700)

    await acme.change({"planRef.name": small})

    seen = await acme.until(ready="Provisioned", synced="Synced", plan=small, limits={"end_devices": 500})
    assert seen.tenant["state"] == "STATE_APPROVED"


async def test_change_in_the_dashboard_wins_and_limits_follow_what_is_paid(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", LARGE)
    acme = await scene.subscribe(small)

    await _move_in_the_dashboard(scene, acme, large)

    seen = await acme.until(
        ready="Provisioned", synced="PlanChangedInStripe", plan=large, limits={"end_devices": 5000}
    )
    assert large in seen.message("SubscriptionSynced")
    await acme.settled()
    await _item_on(scene, acme, large)


async def test_spec_that_names_the_plan_of_the_dashboard_agrees_again(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", LARGE)
    acme = await scene.subscribe(small)
    await _move_in_the_dashboard(scene, acme, large)
    await acme.until(synced="PlanChangedInStripe", plan=large)

    await acme.change({"planRef.name": large})
    await acme.until(synced="Synced", plan=large)

    await acme.change({"planRef.name": small})
    await acme.until(synced="Synced", plan=small, limits={"end_devices": 500})


async def test_change_in_the_dashboard_is_reverted_where_the_spec_is_enforced(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", LARGE)
    acme = await scene.subscribe(small, {"spec.planConflictPolicy": "EnforceSpec"})

    await _move_in_the_dashboard(scene, acme, large)
    await acme.until_on_price(await _price(scene, small))

    await acme.until(ready="Provisioned", synced="Synced", plan=small, limits={"end_devices": 500})


async def test_price_that_no_plan_owns_keeps_the_tenant_as_it_is(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    product = await scene.at_stripe("products", name="Something else")
    price = await scene.at_stripe(
        "prices", product=product["id"], currency="eur", unit_amount="100", recurring__interval="month"
    )
    (item,) = (await acme.look()).subscription["items"]["data"]

    await acme.in_the_dashboard(items__0__id=item["id"], items__0__price=price["id"])

    seen = await acme.until(ready="UnmanagedPrice", tenant="Approved", limits={"end_devices": 500})
    assert price["id"] in seen.message()


async def test_other_items_are_never_touched(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", LARGE)
    acme = await scene.subscribe(small)
    product = await scene.at_stripe("products", name="Support")
    price = await scene.at_stripe(
        "prices", product=product["id"], currency="eur", unit_amount="100", recurring__interval="month"
    )
    await acme.in_the_dashboard(items__0__price=price["id"], items__0__quantity="3")

    await acme.change({"planRef.name": large})
    seen = await acme.until(ready="Provisioned", synced="Synced", plan=large, limits={"end_devices": 5000})

    items = {each["price"]["id"]: each["quantity"] for each in seen.subscription["items"]["data"]}
    assert items == {await _price(scene, large): 1, price["id"]: 3}


async def test_plan_in_another_currency_is_refused(scene: Scene) -> None:
    small = await scene.plan()
    dollars = await scene.plan("dollars", {"spec.price.recurring.currency": "USD"})
    acme = await scene.subscribe(small)

    await acme.change({"planRef.name": dollars})

    seen = await acme.until(ready="IncompatiblePlan", plan=small, tenant="Approved", stripe="active")
    assert "currency" in seen.message()


async def test_attached_schedule_owns_the_items(scene: Scene) -> None:
    small, large = await scene.plan(), await scene.plan("growth", LARGE)
    acme = await scene.subscribe(small)
    subscription_id = (await acme.look()).status["subscriptionID"]
    await scene.at_stripe("subscription_schedules", from_subscription=subscription_id)

    await acme.change({"planRef.name": large})

    await acme.until(synced="ScheduleAttached", plan=small, limits={"end_devices": 500})


async def test_plan_that_does_not_exist_yet_is_waited_for(scene: Scene) -> None:
    acme = await scene.apply(scene.named("starter"))
    seen = await acme.until(ready="PlanNotFound", tenant="Absent")
    assert scene.named("starter") in seen.message()

    await scene.plan()

    await acme.until(ready="AwaitingPayment", stripe="incomplete")


async def _move_in_the_dashboard(scene: Scene, tenant: Tenant, plan: str) -> None:
    """Somebody puts the subscription's item on the plan's price."""
    (item,) = (await tenant.look()).subscription["items"]["data"]
    price = await _price(scene, plan)
    await tenant.in_the_dashboard(items__0__id=item["id"], items__0__price=price)
