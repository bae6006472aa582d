"""Years in which a customer leaves: until when the tenant works, what is still billed, how a return begins."""

from typing import Any

import pytest

from scenario_scene import Scene
from scenario_year import Year, comes_back, every_month, until_in_order, until_over

pytestmark = pytest.mark.asyncio(loop_scope="module")

A_MONTH_FREE: dict[str, Any] = {"trial": {"days": 30, "missingPaymentMethod": "Cancel"}}


async def test_a_year_with_a_cancellation_to_the_end_of_the_month_and_a_return(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500))

    await year.goes_on_to("12 June")
    await acme.change({"renewal": "CancelAtPeriodEnd"})
    await acme.until_subscription(cancel_at_period_end=True)
    await year.goes_on_to("30 June")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    await year.goes_on_to("2 July")
    await until_over(acme)

    await year.goes_on_to("10 November")
    await acme.change({"renewal": "FollowStripe"})
    await comes_back(acme)

    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 June", "EUR 49.00 paid"),
        *every_month("10 November", "10 February", "EUR 49.00 paid"),
    ]


async def test_a_year_in_which_a_cancellation_is_taken_back_in_time(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500))

    await year.goes_on_to("12 June")
    await acme.change({"renewal": "CancelAtPeriodEnd"})
    await acme.until_subscription(cancel_at_period_end=True)
    await year.goes_on_to("29 June")
    await acme.change({"renewal": "Renew"})
    await acme.until_subscription(cancel_at_period_end=False)

    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    assert await year.ledger(acme) == every_month("1 March", "1 February", "EUR 49.00 paid")


async def test_a_year_of_a_trial_that_is_not_bought_and_a_return_without_a_second_one(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.apply(await year.offers("starter", 49, devices=500, **A_MONTH_FREE))
    await acme.until(ready="Provisioned", payment="Trialing", tenant="Approved", stripe="trialing")

    await year.goes_on_to("1 April")
    await until_over(acme)
    await year.goes_on_to("10 October")
    await comes_back(acme)

    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == [
        "1 March: EUR 0.00 paid",
        *every_month("10 October", "10 February", "EUR 49.00 paid"),
    ]


async def test_a_year_whose_second_half_was_bought_in_the_dashboard(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500)
    growth = await year.offers("growth", 149, devices=5000)
    acme = await scene.subscribe(starter)

    await year.goes_on_to("15 August")
    await acme.cancelled_in_the_dashboard()
    ended = await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Suspended")

    await year.goes_on_to("1 September")
    customer = ended.status["customerID"]
    successor = await scene.at_stripe(
        "subscriptions",
        customer=customer,
        items__0__price=(await scene.until_plan(growth))["status"]["priceID"],
        default_payment_method=await scene.card_of(customer),
        **{"metadata__tenant-id": acme.tenant_id},
    )
    await acme.until(
        ready="Provisioned",
        synced="PlanChangedInStripe",
        payment="Paid",
        tenant="Approved",
        description="",
        plan=growth,
        limits={"end_devices": 5000},
        status={"subscriptionID": successor["id"]},
    )

    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", plan=growth)
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 August", "EUR 49.00 paid"),
        *every_month("1 September", "1 February", "EUR 149.00 paid"),
    ]


async def test_a_year_of_two_tenants_of_one_customer_of_which_one_is_given_up(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500)
    acme = await scene.subscribe(starter)
    lab = await scene.apply(starter, {"spec.customer": {"subscriptionRef": {"name": "acme"}}}, name="lab")
    await lab.until(stripe="incomplete")
    await lab.pays()
    await lab.until(ready="Provisioned", payment="Paid", tenant="Approved")
    assert await lab.customer_id() == await acme.customer_id()

    await year.goes_on_to("15 May")
    await lab.delete()
    left = await lab.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("canceled", "STATE_SUSPENDED")
    assert left.description == "Billing: subscription ended"

    await year.goes_on_to("28 February")
    await until_in_order(acme)
    assert await year.ledger(acme) == [
        bill
        for month in every_month("1 March", "1 May", "EUR 49.00 paid")
        for bill in (month, month)  # one for each tenant
    ] + every_month("1 June", "1 February", "EUR 49.00 paid")
