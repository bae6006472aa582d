"""Years that begin in Stripe: a customer subscribes there, and nobody ever applies an object."""

from typing import Any

import pytest

from scenario_checkout import Shop
from scenario_scene import Scene
from scenario_year import Year, every_month, until_in_order

pytestmark = pytest.mark.asyncio(loop_scope="module")

IN_STAGES: dict[str, Any] = {"pastDue": {"flagAfter": "0s", "freezeAfter": "168h", "suspendAfter": "504h"}}


@pytest.fixture
def shop(scene: Scene) -> Shop:
    return Shop(scene)


async def test_a_year_from_checkout_through_a_failed_card_to_a_cancellation_and_a_return(
    scene: Scene, shop: Shop
) -> None:
    year = await Year.of(scene)
    discovery = {"namespace": scene.namespace, "clusterRef": {"name": scene.stage.cluster}}
    starter = await year.offers("starter", 49, devices=500, discovery=discovery, **IN_STAGES)
    growth = await year.offers("growth", 149, devices=5000, discovery=discovery, **IN_STAGES)

    customer = await shop.customer(name="Beta Farm")
    bought = await shop.buys(customer, starter)
    await scene.until_plan_status(starter, lambda status: status["waiting"]["count"] == 1)
    await year.goes_on_to("3 March")
    beta = shop.tenant(scene.named("beta"))
    await shop.edits(bought, {"tenant-id": beta.tenant_id})
    seen = await beta.until(
        ready="Provisioned", payment="Paid", tenant="Approved", plan=starter, limits={"end_devices": 500}
    )
    assert seen.tenant["name"] == "Beta Farm"
    await scene.until_plan_status(starter, lambda status: status["waiting"]["count"] == 0)

    await year.goes_on_to("20 June")  # the customer upgrades in the portal
    await beta.in_the_dashboard(
        items__0__id=bought["items"]["data"][0]["id"],
        items__0__price=(await scene.until_plan(growth))["status"]["priceID"],
        proration_behavior="always_invoice",
    )
    await beta.until(ready="Provisioned", payment="Paid", plan=growth, limits={"end_devices": 5000})

    await year.goes_on_to("31 August")
    await beta.card("declines")
    await year.goes_on_to("2 September")
    await beta.until(payment="PastDue", tenant="Flagged", description="Stripe subscription past due")
    await year.goes_on_to("23 September")
    await beta.until(payment="GraceExpired", tenant="Suspended", description="Billing: payment past due")
    await beta.card("succeeds")
    await beta.pays()
    await until_in_order(beta)

    await year.goes_on_to("15 November")
    await beta.in_the_dashboard(cancel_at_period_end="true")
    await year.goes_on_to("2 December")
    await beta.until(payment="Ended", tenant="Suspended", description="Billing: subscription ended")

    await year.goes_on_to("10 December")
    successor = await shop.buys(customer, starter, {"tenant-id": beta.tenant_id})
    await until_in_order(
        beta, plan=starter, limits={"end_devices": 500}, status={"subscriptionID": successor["id"]}
    )
    await year.goes_on_to("28 February")
    assert await year.ledger(beta) == [
        *every_month("1 March", "1 June", "EUR 49.00 paid"),
        "20 June: EUR 36.66 paid",
        *every_month("1 July", "1 November", "EUR 149.00 paid"),
        *every_month("10 December", "10 February", "EUR 49.00 paid"),
    ]


async def test_a_year_of_a_customer_who_checks_out_twice_and_pays_for_one(scene: Scene, shop: Shop) -> None:
    year = await Year.of(scene)
    discovery = {"namespace": scene.namespace, "clusterRef": {"name": scene.stage.cluster}}
    starter = await year.offers("starter", 49, devices=500, discovery=discovery)
    beta = shop.tenant(scene.named("beta"))
    customer = await shop.customer()
    await shop.buys(customer, starter, {"tenant-id": beta.tenant_id})
    await beta.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")

    await year.goes_on_to("14 May")  # a second checkout that is never paid
    abandoned = await shop.buys(
        customer, starter, {"tenant-id": beta.tenant_id}, payment_behavior="default_incomplete"
    )
    await beta.settled()
    await beta.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    await year.goes_on_to("16 May")
    left = await scene.stage.outside.from_stripe(f"/v1/subscriptions/{abandoned['id']}")
    assert left["status"] == "incomplete_expired"
    await beta.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")

    await year.goes_on_to("28 February")
    await beta.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    assert await year.ledger(beta) == sorted_by_day(
        every_month("1 March", "1 February", "EUR 49.00 paid"), after="1 May", bill="14 May: EUR 49.00 void"
    )


def sorted_by_day(bills: list[str], *, after: str, bill: str) -> list[str]:
    """The same bills with one more after that of a day."""
    position = next(number for number, each in enumerate(bills) if each.startswith(f"{after}:"))
    return [*bills[: position + 1], bill, *bills[position + 1 :]]
