"""Years in which an agreement changes: how it is paid, for which term, with which discount."""

import pytest

from scenario_scene import Scene
from scenario_year import Year, every_month, until_in_order

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVOICED = {"method": "Invoice", "daysUntilDue": 14}


async def test_a_year_that_goes_from_monthly_to_yearly_payment(scene: Scene) -> None:
    year = await Year.of(scene)
    monthly = await year.offers("monthly", 49, devices=500)
    yearly = await year.offers("yearly", 490, devices=600, interval="Year")
    acme = await scene.subscribe(monthly)

    await year.goes_on_to("12 June")
    await acme.change({"planRef.name": yearly})
    await acme.settled()
    await year.goes_on_to("30 June")
    await acme.until(plan=monthly, payment="Paid", tenant="Approved", limits={"end_devices": 500})
    await year.goes_on_to("2 July")
    await acme.until(
        ready="Provisioned",
        synced="Synced",
        payment="Paid",
        plan=yearly,
        limits={"end_devices": 600},
    )

    await year.goes_on_to("28 February")
    seen = await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", plan=yearly)
    assert seen.status["currentPeriod"]["startTime"] == year.told("1 July")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 June", "EUR 49.00 paid"),
        "1 July: EUR 490.00 paid",
    ]


async def test_a_year_with_a_discount_for_the_summer(scene: Scene) -> None:
    year = await Year.of(scene)
    await scene.trust()
    coupon = await scene.at_stripe("coupons", percent_off="50", duration="forever")
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500))

    await year.goes_on_to("20 May")
    await acme.change({"discounts": [{"couponID": coupon["id"]}]})
    await acme.settled()
    await year.goes_on_to("20 August")
    await acme.change({"discounts": None})
    await acme.settled()

    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", synced="Synced", payment="Paid", tenant="Approved")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 May", "EUR 49.00 paid"),
        *every_month("1 June", "1 August", "EUR 24.50 paid"),
        *every_month("1 September", "1 February", "EUR 49.00 paid"),
    ]


async def test_a_year_that_goes_from_card_to_invoice(scene: Scene) -> None:
    year = await Year.of(scene)
    await scene.trust()
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500))

    await year.goes_on_to("20 May")
    await acme.change({"collection": INVOICED})
    await acme.until_subscription(collection_method="send_invoice", days_until_due=14)
    await year.goes_on_to("10 June")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    await acme.pays()
    await year.goes_on_to("16 July")
    await acme.until(payment="PastDue", tenant="Flagged", stripe="past_due")
    await acme.pays()
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    await acme.change({"collection": {"method": "Automatic", "daysUntilDue": None}})
    await acme.until_subscription(collection_method="charge_automatically")

    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")
    assert await year.ledger(acme) == every_month("1 March", "1 February", "EUR 49.00 paid")


async def test_a_year_with_an_upgrade_that_nobody_paid_for_and_a_second_attempt(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500)
    growth = await year.offers("growth", 149, devices=5000, prorationPolicy="InvoiceNow")
    acme = await scene.subscribe(starter)

    await year.goes_on_to("16 April")
    await acme.card("declines")
    await acme.change({"planRef.name": growth})
    await acme.until(synced="UpgradeDeclined", plan=starter, limits={"end_devices": 500})
    await year.goes_on_to("18 April")  # a change that waits for its payment is given up after 23 hours
    await acme.until(synced="UpgradeDeclined", plan=starter, tenant="Approved", limits={"end_devices": 500})

    await acme.card("succeeds")
    await acme.change({"planRef.name": starter})
    await acme.until(ready="Provisioned", synced="Synced", plan=starter)
    await year.goes_on_to("16 September")
    await acme.change({"planRef.name": growth})
    await acme.until(ready="Provisioned", synced="Synced", plan=growth, limits={"end_devices": 5000})

    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 April", "EUR 49.00 paid"),
        "16 April: EUR 50.00 void",
        *every_month("1 May", "1 September", "EUR 49.00 paid"),
        "16 September: EUR 50.00 paid",
        *every_month("1 October", "1 February", "EUR 149.00 paid"),
    ]


async def test_a_year_suspended_by_an_administrator_in_spite_of_every_payment(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500))

    await year.goes_on_to("12 May")
    await acme.change({"accessPolicy": "Suspend"})
    await acme.until(
        ready="Suspended",
        payment="Paid",
        tenant="Suspended",
        description="Billing: suspended by an administrator",
    )
    await year.goes_on_to("12 October")
    await acme.settled()
    await acme.until(ready="Suspended", payment="Paid", tenant="Suspended", stripe="active")
    await acme.change({"accessPolicy": "FollowBilling"})
    await until_in_order(acme)

    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == every_month("1 March", "1 February", "EUR 49.00 paid")
