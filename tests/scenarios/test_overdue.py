"""What an unpaid invoice does to a tenant, by the time that it is unpaid and by what Stripe makes of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from scenario_scene import Scene
from scenario_stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

FREEZES = {"spec.pastDue": {"flagAfter": "0s", "freezeAfter": "168h", "suspendAfter": "504h"}}
FLAGS_LATER = {"spec.pastDue": {"flagAfter": "168h", "suspendAfter": "504h"}}
INVOICED = {"spec.collection": {"method": "Invoice", "daysUntilDue": 14}}


class Dunning:
    """What the account's owner sets in the dashboard about invoices that stay unpaid."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def ends_with(self, action: str) -> None:
        """After the last retry subscriptions become this; the last retry is a week after the first failure."""
        settings = {"terminal_action": action, "retry_intervals": [7 * 86_400]}
        await self._stage.outside.drive_stripe("/_sandbox/account", settings)


@pytest_asyncio.fixture(loop_scope="module")
async def dunning(stage: Stage) -> AsyncIterator[Dunning]:
    """The account's dunning; it is as before afterwards."""
    before = await stage.dunning()
    yield Dunning(stage)
    await stage.outside.drive_stripe("/_sandbox/account", before)


async def test_tenant_stays_approved_until_flag_after(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(changes=FLAGS_LATER))
    await acme.card("declines")

    await scene.advance(days=32)  # one to four days past due, by the length of the month
    await acme.until(ready="Provisioned", payment="PastDue", tenant="Approved", stripe="past_due")

    await scene.advance(days=8)
    seen = await acme.until(ready="Provisioned", payment="PastDue", tenant="Flagged")
    assert seen.description == "Stripe subscription past due"


async def test_freeze_lowers_limits_to_what_existed_until_the_customer_pays(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(changes=FREEZES))
    await acme.registers(end_devices=345, gateways=2)
    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged", limits={"end_devices": 500})

    await scene.advance(days=8)
    frozen = await acme.until(
        ready="Provisioned", tenant="Flagged", limits={"end_devices": 345, "gateways": 2, "applications": 0}
    )
    assert frozen.limit("users") == 1  # the administrator whom the tenant was made with
    await acme.until(
        status={
            "frozenLimits": {
                "applications": 0,
                "clients": 0,
                "endDevices": 345,
                "gateways": 2,
                "organizations": 0,
                "users": 1,
            }
        }
    )

    await acme.pays()
    await acme.until(
        payment="Paid", tenant="Approved", limits={"end_devices": 500}, status={"frozenLimits": None}
    )


async def test_freeze_keeps_what_existed_at_first_when_devices_are_removed_meanwhile(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(changes=FREEZES))
    await acme.registers(end_devices=300)
    await acme.card("declines")
    await scene.advance(days=40)
    await acme.until(tenant="Flagged", limits={"end_devices": 300})

    await acme.removes(end_devices=100)
    seen = await acme.settled()

    assert seen.limit() == 300


async def test_freeze_with_unknown_totals_changes_nothing(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(changes=FREEZES))
    await acme.card("declines")
    scene.totals_fail()
    await scene.advance(days=40)

    await acme.until(tenant="Flagged", payment="PastDue")
    seen = await acme.settled()

    assert seen.limit() == 500
    assert "frozenLimits" not in seen.status


async def test_suspended_tenant_is_approved_once_its_oldest_invoice_is_paid(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.card("declines")
    await scene.advance(days=32)
    flagged = await acme.until(tenant="Flagged", payment="PastDue")
    assert flagged.status["suspensionTime"] > flagged.status["pastDueSinceTime"]

    await scene.advance(days=22)
    suspended = await acme.until(tenant="Suspended", payment="GraceExpired", ready="Provisioned")
    assert suspended.description == "Billing: payment past due"

    await acme.pays()
    await acme.until(tenant="Approved", payment="Paid", status={"suspensionTime": None})


async def test_dunning_that_marks_unpaid_suspends_the_tenant_at_once(scene: Scene, dunning: Dunning) -> None:
    await dunning.ends_with("unpaid")
    acme = await scene.subscribe(await scene.plan())
    await acme.card("declines")

    await scene.advance(days=40)

    seen = await acme.until(ready="Provisioned", payment="Unpaid", tenant="Suspended", stripe="unpaid")
    assert seen.description == "Billing: subscription unpaid"


async def test_dunning_that_cancels_ends_the_subscription_and_suspends_the_tenant(
    scene: Scene, dunning: Dunning
) -> None:
    await dunning.ends_with("cancel")
    acme = await scene.subscribe(await scene.plan())
    await acme.card("declines")

    await scene.advance(days=40)

    seen = await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Suspended", stripe="canceled")
    assert seen.description == "Billing: subscription ended"


async def test_dunning_that_pauses_suspends_the_tenant(scene: Scene, dunning: Dunning) -> None:
    await dunning.ends_with("pause")
    acme = await scene.subscribe(await scene.plan())
    await acme.card("declines")

    await scene.advance(days=40)

    await acme.until(ready="Provisioned", payment="Paused", tenant="Suspended", stripe="paused")


async def test_a_plan_that_does_not_exist_keeps_nobody_from_being_judged_by_the_one_in_force(
    scene: Scene,
) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    await acme.card("declines")
    await acme.change({"planRef.name": scene.named("mistyped")})
    await acme.until(ready="PlanNotFound", payment="Paid", tenant="Approved", plan=plan)

    await scene.advance(days=60)
    await acme.until(ready="PlanNotFound", payment="GraceExpired", tenant="Suspended", plan=plan)

    await acme.pays()
    await acme.until(ready="PlanNotFound", payment="Paid", tenant="Approved", plan=plan)

    await acme.delete()
    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("canceled", "STATE_SUSPENDED")


async def test_invoiced_customer_is_past_due_from_the_due_date_on(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.apply(await scene.plan(), INVOICED)
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")

    await scene.advance(days=13)
    assert (await acme.settled()).tenant["state"] == "STATE_APPROVED"

    await scene.advance(days=2)
    seen = await acme.until(payment="PastDue", tenant="Flagged", stripe="past_due")
    invoice = await scene.stage.outside.from_stripe(f"/v1/invoices/{seen.subscription['latest_invoice']}")
    assert seen.instant("pastDueSinceTime") == invoice["due_date"]

    await acme.pays()
    await acme.until(payment="Paid", tenant="Approved", stripe="active")


async def test_invoice_given_up_as_uncollectible_makes_the_tenant_approved_again(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.card("declines")
    await scene.advance(days=32)
    seen = await acme.until(payment="PastDue", tenant="Flagged")

    await scene.at_stripe(f"invoices/{seen.subscription['latest_invoice']}/mark_uncollectible")

    await acme.until(payment="Paid", tenant="Approved", stripe="active")


async def test_collection_paused_in_stripe_keeps_the_tenant_by_default(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())

    await acme.in_the_dashboard(pause_collection__behavior="void")

    await acme.until(ready="Provisioned", payment="CollectionPaused", tenant="Approved", stripe="active")


async def test_collection_paused_in_stripe_suspends_where_the_plan_says_so(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(changes={"spec.collectionPausedPolicy": "Suspend"}))

    await acme.in_the_dashboard(pause_collection__behavior="void")
    seen = await acme.until(
        ready="Provisioned", payment="CollectionPaused", tenant="Suspended", stripe="active"
    )
    assert seen.description == "Billing: payment collection paused"

    await acme.in_the_dashboard(pause_collection="")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")


async def test_past_due_with_collection_paused_is_past_due(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(changes={"spec.collectionPausedPolicy": "Suspend"}))
    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged")

    await acme.in_the_dashboard(pause_collection__behavior="keep_as_draft")

    seen = await acme.settled()
    assert (seen.reason("PaymentCurrent"), seen.tenant["state"]) == ("PastDue", "STATE_FLAGGED")


async def test_customer_on_a_test_clock_is_judged_by_its_frozen_time(scene: Scene) -> None:
    await scene.trust()
    now = (await scene.advance(seconds=0)).timestamp()
    clock = await scene.at_stripe("test_helpers/test_clocks", frozen_time=str(int(now)))
    customer = await scene.at_stripe("customers", test_clock=clock["id"], email="pays@acme.example")
    acme = await scene.subscribe(await scene.plan(), {"spec.customer": {"id": customer["id"]}})
    await acme.card("declines")

    for days, payment, state in ((32, "PastDue", "Flagged"), (57, "GraceExpired", "Suspended")):
        await scene.until_clock_is_ready(clock["id"])
        path = f"test_helpers/test_clocks/{clock['id']}/advance"
        await scene.at_stripe(path, frozen_time=str(int(now) + days * 86_400))
        await acme.until(payment=payment, tenant=state)
