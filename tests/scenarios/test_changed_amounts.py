"""A changed amount of a plan: who goes to the new price, when, and what they pay; to the cent."""

import pytest

from manifests import REMOVED
from scenario_checkout import Shop
from scenario_scene import Scene
from scenario_stage import Object, message_of, reason_of
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")

METERED: Object = {
    "spec.price": {"metered": {"currency": "EUR", "unitAmount": 50, "interval": "Month"}},
}

OBSERVED: Object = {"spec.managementPolicy": "Observe", "spec.planRef": REMOVED, "spec.customer": REMOVED}


def _of(scene: Scene) -> Object:
    """Where an observed object of tenant acme finds its subscription."""
    return {"spec.backendRef": {"name": scene.stage.backend}, "spec.tenant": {"id": scene.named("acme")}}


async def bills(scene: Scene, tenant: Tenant) -> list[int]:
    """What the customer was asked for, newest first."""
    invoices = await scene.stage.outside.from_stripe("/v1/invoices", customer=await tenant.customer_id())
    return [each["amount_due"] for each in invoices["data"]]


async def migrated(scene: Scene, plan: str, moved: int, total: int, reason: str = "UpToDate") -> Object:
    """Wait until a plan has moved so many of its subscribers; gives it."""

    def is_so(status: Object) -> bool:
        return bool(
            status.get("migration") == {"moved": moved, "total": total}
            and reason_of({"status": status}, "PricesMigrated") == reason
        )

    return await scene.until_plan_status(plan, is_so)


async def current_price(scene: Scene, plan: str) -> str:
    """The price that new subscriptions get."""
    return str((await scene.until_plan(plan))["status"]["priceID"])


async def test_at_renewal_the_next_invoice_has_the_new_amount_and_none_comes_before(scene: Scene) -> None:
    policy: Object = {"spec.priceChangePolicy": "AtRenewal"}
    plan = await scene.plan(changes=policy)
    acme, lab = await scene.subscribe(plan), await scene.subscribe(plan, name="lab")
    await acme.in_the_dashboard(
        items__0__id=(await acme.look()).status["subscriptionItemID"],
        items__0__quantity="3",
        proration_behavior="none",
    )

    await scene.advance(days=10)
    await scene.plan(changes=policy | {"spec.price.recurring.unitAmount": 5900})

    seen = await migrated(scene, plan, 2, 2)
    counts = {each["unitAmount"]: each["subscriptions"] for each in seen["status"]["prices"]}
    assert counts == {4900: 0, 5900: 2}
    for tenant in (acme, lab):
        await tenant.until_on_price(seen["status"]["priceID"])
    assert await bills(scene, lab) == [4900]

    await scene.advance(days=25)
    await acme.until(ready="Provisioned", payment="Paid", plan=plan, tenant="Approved")
    await lab.until(ready="Provisioned", payment="Paid", plan=plan)
    assert await bills(scene, lab) == [5900, 4900]
    assert (await bills(scene, acme))[0] == 3 * 5900


async def test_immediately_the_rest_of_the_period_is_charged_on_the_next_invoice(scene: Scene) -> None:
    policy: Object = {"spec.priceChangePolicy": "Immediately"}
    plan = await scene.plan(changes=policy)
    acme = await scene.subscribe(plan)

    await scene.advance(days=10)
    await scene.plan(changes=policy | {"spec.price.recurring.unitAmount": 9900})
    await migrated(scene, plan, 1, 1)
    await acme.until_on_price(await current_price(scene, plan))

    await scene.advance(days=25)
    await acme.until(ready="Provisioned", payment="Paid")
    renewal, first = await bills(scene, acme)
    assert first == 4900
    assert 9900 < renewal < 9900 + 5000, "the dearer rest of the first month is on it"


async def test_new_subscribers_pay_the_new_amount_and_count_as_nobody_moved(scene: Scene) -> None:
    policy: Object = {"spec.priceChangePolicy": "Immediately"}
    plan = await scene.plan(changes=policy)
    await scene.plan(changes=policy | {"spec.price.recurring.unitAmount": 5900})
    await scene.advance(seconds=2)

    lab = await scene.subscribe(plan, name="lab")

    assert await bills(scene, lab) == [5900]
    await scene.count_again(plan)
    await migrated(scene, plan, 0, 0)


async def test_usage_is_charged_by_the_former_price_until_its_period_ends(scene: Scene) -> None:
    changes = METERED | {"spec.priceChangePolicy": "AtRenewal"}
    plan = await scene.plan("metered", changes)
    former = await current_price(scene, plan)
    acme = await scene.apply(plan)
    await acme.until(ready="Provisioned", tenant="Approved", stripe="active")

    dearer = {"metered": METERED["spec.price"]["metered"] | {"unitAmount": 60}}
    await scene.plan("metered", changes | {"spec.price": dearer})
    await migrated(scene, plan, 0, 1, "Migrating")
    seen = await acme.until(ready="Provisioned", synced="Pending")
    assert "from the end of the current period on" in seen.message("SubscriptionSynced")
    await acme.until_on_price(former)
    assert (await scene.stage.outside.from_stripe(f"/v1/prices/{former}"))["active"] is True

    await scene.advance(days=32)
    await acme.until_on_price(await current_price(scene, plan))
    await acme.until(ready="Provisioned", synced="Synced", payment="Paid")
    await scene.count_again(plan)
    await migrated(scene, plan, 1, 1)
    assert (await scene.stage.outside.from_stripe(f"/v1/prices/{former}"))["active"] is False


async def test_subscriber_with_a_schedule_of_somebody_else_is_left_and_named(scene: Scene) -> None:
    policy: Object = {"spec.priceChangePolicy": "AtRenewal"}
    plan = await scene.plan(changes=policy)
    former = await current_price(scene, plan)
    acme, lab = await scene.subscribe(plan), await scene.subscribe(plan, name="lab")
    subscription = (await acme.look()).subscription["id"]
    schedule = await scene.at_stripe("subscription_schedules", from_subscription=subscription)
    await scene.at_stripe(f"subscription_schedules/{schedule['id']}", metadata__by="sales")
    await acme.until(synced="ScheduleAttached")

    await scene.plan(changes=policy | {"spec.price.recurring.unitAmount": 5900})

    seen = await migrated(scene, plan, 1, 2, "Failed")
    assert f"{acme.namespace}/acme (schedule {schedule['id']} owns its items" in message_of(
        seen, "PricesMigrated"
    )
    await acme.until_on_price(former)
    await lab.until_on_price(seen["status"]["priceID"])

    await scene.at_stripe(f"subscription_schedules/{schedule['id']}/release")
    await acme.until_on_price(seen["status"]["priceID"])
    await scene.count_again(plan)
    await migrated(scene, plan, 2, 2)


async def test_paused_plan_moves_nobody_until_it_is_resumed(scene: Scene) -> None:
    policy: Object = {"spec.priceChangePolicy": "Immediately"}
    plan = await scene.plan(changes=policy)
    former = await current_price(scene, plan)
    acme = await scene.subscribe(plan)
    await acme.annotate(paused="true")
    await acme.until(ready="Paused")

    await scene.plan(changes=policy | {"spec.price.recurring.unitAmount": 5900})
    seen = await migrated(scene, plan, 0, 1, "Failed")
    assert "tenantbilling.dev/paused" in message_of(seen, "PricesMigrated")
    await scene.pause_plan(plan)
    await acme.annotate(paused=None)
    await acme.until(ready="Provisioned")
    await acme.settled()
    await acme.until_on_price(former)

    await scene.pause_plan(plan, paused=False)
    await acme.until_on_price(seen["status"]["priceID"])


async def test_observed_subscriber_is_counted_and_never_moved(scene: Scene) -> None:
    policy: Object = {"spec.priceChangePolicy": "Immediately"}
    plan = await scene.plan(changes=policy)
    former = await current_price(scene, plan)
    await scene.trust()
    shop = Shop(scene)
    bought = await shop.buys(await shop.customer(), plan)
    acme = await scene.apply("none", OBSERVED | {"spec.subscriptionID": bought["id"], **_of(scene)})
    await acme.until(ready="Provisioned", payment="Paid", plan=plan)

    await scene.plan(changes=policy | {"spec.price.recurring.unitAmount": 5900})

    seen = await scene.until_plan_status(plan, lambda status: status["priceID"] != former)
    await scene.count_again(plan)
    seen = await migrated(scene, plan, 0, 0)
    counts = {each["unitAmount"]: each["subscriptions"] for each in seen["status"]["prices"]}
    assert counts == {4900: 1, 5900: 0}
    await acme.settled()
    await acme.until_on_price(former)
