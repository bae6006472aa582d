"""How a subscription ends, and what it takes to begin again."""

import pytest

from scenario_scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_subscription_that_was_cancelled_in_the_dashboard_is_not_made_again(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())

    await acme.cancelled_in_the_dashboard()

    seen = await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Suspended", stripe="canceled")
    assert seen.description == "Billing: subscription ended"
    assert f"tenantbilling.dev/resubscribe: {seen.status['subscriptionID']}" in seen.message()
    before = scene.writes()
    await acme.settled()
    assert scene.writes() == before


async def test_resubscribing_makes_one_more_subscription_of_the_same_customer(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.cancelled_in_the_dashboard()
    ended = await acme.until(ready="SubscriptionEnded", tenant="Suspended")

    await acme.annotate(resubscribe=ended.status["subscriptionID"])
    seen = await acme.until(ready="AwaitingPayment", stripe="incomplete", tenant="Suspended")
    assert seen.status["customerID"] == ended.status["customerID"]
    assert seen.status["hostedInvoiceURL"].startswith("https://")

    await acme.pays()
    again = await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    assert again.status["subscriptionID"] != ended.status["subscriptionID"]


async def test_annotation_that_stays_does_not_subscribe_a_second_time(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.cancelled_in_the_dashboard()
    first = await acme.until(ready="SubscriptionEnded", tenant="Suspended")
    await acme.annotate(resubscribe=first.status["subscriptionID"])
    await acme.until(ready="AwaitingPayment", stripe="incomplete")
    await acme.pays()
    await acme.until(ready="Provisioned", tenant="Approved")

    await scene.advance(hours=1)
    await acme.cancelled_in_the_dashboard()

    second = await acme.until(ready="SubscriptionEnded", tenant="Suspended", stripe="canceled")
    assert second.status["subscriptionID"] != first.status["subscriptionID"]


async def test_first_invoice_that_is_not_paid_in_time_ends_the_subscription(scene: Scene) -> None:
    acme = await scene.apply(await scene.plan())
    await acme.until(ready="AwaitingPayment", stripe="incomplete")

    await scene.advance(hours=24)

    await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Absent", stripe="incomplete_expired")


async def test_successor_that_is_born_in_stripe_makes_the_tenant_approved_again(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    await acme.cancelled_in_the_dashboard()
    ended = await acme.until(ready="SubscriptionEnded", tenant="Suspended")

    price = (await scene.until_plan(plan))["status"]["priceID"]
    successor = await scene.at_stripe(
        "subscriptions",
        customer=ended.status["customerID"],
        items__0__price=price,
        default_payment_method=await scene.card_of(ended.status["customerID"]),
        **{"metadata__tenant-id": acme.tenant_id},
    )

    await acme.until(
        ready="Provisioned", payment="Paid", tenant="Approved", status={"subscriptionID": successor["id"]}
    )


async def test_two_live_subscriptions_bill_twice_and_none_is_cancelled_by_us(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    first = await acme.look()
    price = (await scene.until_plan(plan))["status"]["priceID"]
    second = await scene.at_stripe(
        "subscriptions",
        customer=first.status["customerID"],
        items__0__price=price,
        default_payment_method=await scene.card_of(first.status["customerID"]),
        **{"metadata__tenant-id": acme.tenant_id},
    )

    seen = await acme.until(ready="DuplicateSubscription", payment="Paid", tenant="Approved")

    assert second["id"] in seen.message()
    assert seen.status["subscriptionID"] == first.status["subscriptionID"]
    listed = await scene.stage.outside.from_stripe("/v1/subscriptions", customer=first.status["customerID"])
    assert {each["status"] for each in listed["data"]} == {"active"}


async def test_customer_that_was_deleted_in_stripe_is_never_made_again(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    customer = await acme.customer_id()
    await scene.stage.outside.stripe.delete(f"/v1/customers/{customer}")

    seen = await acme.until(ready="CustomerDeleted", tenant="Suspended")
    assert seen.status["customerID"] == customer

    await acme.annotate(resubscribe=seen.status["subscriptionID"])
    again = await acme.settled()
    assert (again.reason(), again.status["customerID"]) == ("CustomerDeleted", customer)


async def test_renewal_that_is_cancelled_by_the_spec_ends_with_the_period(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())

    await acme.change({"renewal": "CancelAtPeriodEnd"})
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    assert (await acme.until_subscription(cancel_at_period_end=True)).tenant["state"] == "STATE_APPROVED"

    await scene.advance(days=32)
    await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Suspended", stripe="canceled")


async def test_renewal_by_the_spec_revokes_a_cancellation_in_the_dashboard(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(), {"spec.renewal": "Renew"})

    await acme.in_the_dashboard(cancel_at_period_end="true")
    await acme.until_subscription(cancel_at_period_end=False)

    await scene.advance(days=32)
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")


async def test_renewal_by_the_spec_revokes_an_end_at_another_time(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(), {"spec.renewal": "Renew"})
    ends = (await acme.look()).subscription["items"]["data"][0]["current_period_end"] + 86_400

    await acme.in_the_dashboard(cancel_at=str(ends))
    await acme.until_subscription(cancel_at=None)

    await scene.advance(days=32)
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")


async def test_cancellation_in_the_dashboard_stands_where_the_spec_follows_stripe(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())

    await acme.in_the_dashboard(cancel_at_period_end="true")
    seen = await acme.settled()

    assert seen.subscription["cancel_at_period_end"] is True
    assert (seen.reason(), seen.reason("PaymentCurrent")) == ("Provisioned", "Paid")


async def test_reconcile_token_is_echoed_once_the_object_was_looked_at(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())

    await acme.annotate(reconcile="token-7")

    await acme.until(ready="Provisioned", status={"lastHandledReconcile": "token-7"})


async def test_paused_object_is_left_alone_and_goes_on_afterwards(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.annotate(paused="true")
    await acme.until(ready="Paused")
    before = scene.writes()

    await acme.cancelled_in_the_dashboard()
    await acme.settled()
    seen = await acme.look()
    assert seen.tenant["state"] == "STATE_APPROVED"
    assert scene.writes() == before + 1  # the cancellation itself

    await acme.annotate(paused=None)
    await acme.until(ready="SubscriptionEnded", tenant="Suspended")
