"""Fields that are edited long after the subscription was made: carried out, or said."""

import pytest

from scenario_scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVOICED = {"collection": {"method": "Invoice", "daysUntilDue": 14}}


async def test_collection_by_invoice_and_back(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan())

    await acme.change(INVOICED)
    await acme.until_subscription(collection_method="send_invoice", days_until_due=14)
    await acme.change({"collection.daysUntilDue": 30})
    await acme.until_subscription(collection_method="send_invoice", days_until_due=30)

    await acme.change({"collection": None})
    await acme.until_subscription(collection_method="charge_automatically", days_until_due=None)
    await acme.until(ready="Provisioned", synced="Synced")


async def test_discounts_come_and_go_beside_the_one_that_sales_gave(scene: Scene) -> None:
    await scene.trust()
    theirs, ours = [
        (await scene.at_stripe("coupons", percent_off=percent, duration="forever"))["id"]
        for percent in ("10", "20")
    ]
    acme = await scene.subscribe(await scene.plan())
    given = await acme.in_the_dashboard(discounts__0__coupon=theirs)

    await acme.change({"discounts": [{"couponID": ours}]})
    await acme.settled()
    both = (await acme.look()).subscription["discounts"]
    assert both[0] == given["discounts"][0]
    assert len(both) == 2

    await acme.change({"discounts": None})
    await acme.until_subscription(discounts=given["discounts"])


async def test_plan_of_another_backend_is_incompatible_and_the_tenant_goes_on(scene: Scene) -> None:
    other = scene.named("other")
    await scene.stage.make_backend(other)
    small = await scene.plan()
    abroad = await scene.plan("abroad", {"spec.backendRef.name": other})
    acme = await scene.subscribe(small)

    await acme.change({"planRef.name": abroad})
    seen = await acme.until(ready="IncompatiblePlan", plan=small, tenant="Approved", stripe="active")
    assert other in seen.message()

    await acme.card("none")
    await scene.advance(days=32)
    await acme.until(ready="IncompatiblePlan", payment="PastDue", tenant="Flagged")

    await acme.change({"planRef.name": small})
    await acme.until(ready="Provisioned", synced="Synced", tenant="Flagged")


async def test_subscription_that_is_named_later_takes_over_from_one_that_has_ended(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    await acme.cancelled_in_the_dashboard()
    ended = await acme.until(ready="SubscriptionEnded", tenant="Suspended")
    price = (await scene.until_plan(plan))["status"]["priceID"]
    customer = ended.status["customerID"]
    fields = {"customer": customer, "items[0][price]": price, "off_session": "true"}
    fields["default_payment_method"] = await scene.card_of(customer)
    sold = await scene.stage.outside.to_stripe("/v1/subscriptions", fields)

    await acme.change({"subscriptionID": sold["id"]})

    await acme.until(ready="Provisioned", tenant="Approved", status={"subscriptionID": sold["id"]})


async def test_payer_of_a_lost_object_is_still_judged_by_payments_without_trust(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    first = await scene.subscribe(plan, {"spec.deletionPolicy": "Orphan"})
    customer = await first.customer_id()
    named = {"spec.customer": {"id": customer}, "spec.deletionPolicy": "Orphan"}
    await first.delete()
    await first.until_gone()
    await scene.trust(granted=False)

    again = await scene.apply(plan, named)

    await again.until(ready="NotAllowed", payment="Paid", tenant="Approved", status={"customerID": customer})
    await again.card("none")
    await scene.advance(days=32)
    await again.until(ready="NotAllowed", payment="PastDue", tenant="Flagged")
    await again.pays()
    await again.until(ready="NotAllowed", payment="Paid", tenant="Approved")
