"""Years in which a tenant pays: what it may do, and what stands on its bills, day by day and to the cent."""

from typing import Any

import pytest

from scenario_scene import Scene
from scenario_year import Year, every_month

pytestmark = pytest.mark.asyncio(loop_scope="module")

TWO_WEEKS_FREE: dict[str, Any] = {"trial": {"days": 14, "missingPaymentMethod": "CreateInvoice"}}
AT_ONCE = {"prorationPolicy": "InvoiceNow"}


async def test_a_year_from_a_trial_to_a_steady_payer(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500, **TWO_WEEKS_FREE)

    acme = await scene.apply(starter)
    await acme.until(ready="Provisioned", payment="Trialing", tenant="Approved", limits={"end_devices": 500})
    await year.goes_on_to("10 March")
    await acme.pays()  # leaves a card, nothing is due yet

    await year.goes_on_to("16 March")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", within="WithinLimits")

    assert await year.ledger(acme) == [
        "1 March: EUR 0.00 paid",
        *every_month("15 March", "15 February", "EUR 49.00 paid"),
    ]


async def test_a_year_of_growth_with_an_upgrade_in_the_middle_of_a_month(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500)
    growth = await year.offers("growth", 149, devices=5000, **AT_ONCE)
    acme = await scene.subscribe(starter)

    await year.goes_on_to("10 June")
    await acme.registers(end_devices=500)
    await year.lets_totals_be_counted_again()
    await acme.until(within="LimitReached", status={"entities": entities(500, 500)})

    await year.goes_on_to("20 June")
    await acme.change({"planRef.name": growth})
    await acme.until(ready="Provisioned", plan=growth, payment="Paid", limits={"end_devices": 5000})
    await acme.registers(end_devices=1500)

    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", within="WithinLimits")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 June", "EUR 49.00 paid"),
        "20 June: EUR 36.66 paid",  # 11 of 30 days: 54.63 for the new plan, 17.97 back for the old one
        *every_month("1 July", "1 February", "EUR 149.00 paid"),
    ]


async def test_a_year_in_which_an_upgrade_is_declined_and_paid_the_next_day(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500)
    growth = await year.offers("growth", 149, devices=5000, **AT_ONCE)
    acme = await scene.subscribe(starter)

    await year.goes_on_to("16 April")
    await acme.card("declines")
    await acme.change({"planRef.name": growth})
    await acme.until(synced="UpgradeDeclined", plan=starter, tenant="Approved", limits={"end_devices": 500})
    await scene.advance(hours=22)
    await acme.pays()
    await acme.until(ready="Provisioned", synced="Synced", plan=growth, limits={"end_devices": 5000})

    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", plan=growth)
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 April", "EUR 49.00 paid"),
        "16 April: EUR 50.00 paid",  # 15 of 30 days of the difference
        *every_month("1 May", "1 February", "EUR 149.00 paid"),
    ]


async def test_a_year_with_a_downgrade_below_what_is_in_use(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500)
    growth = await year.offers("growth", 149, devices=5000)
    acme = await scene.subscribe(growth)
    await acme.registers(end_devices=700)

    await year.goes_on_to("11 October")
    await year.lets_totals_be_counted_again()
    await acme.change({"planRef.name": starter})
    await acme.until(
        ready="Provisioned",
        plan=starter,
        tenant="Approved",
        within="OverLimit",
        limits={"end_devices": 500},
        status={"entities": entities(700, 500)},  # nothing that exists is taken away
    )

    await year.goes_on_to("5 November")
    await acme.removes(end_devices=300)
    await year.lets_totals_be_counted_again()
    await acme.until(within="WithinLimits", status={"entities": entities(400, 500)})

    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 October", "EUR 149.00 paid"),
        "1 November: EUR -18.75 paid",  # 49.00, and for 21 of 31 days 33.19 more and 100.94 back
        "1 December: EUR 49.00 paid, 18.75 of it from the balance",
        *every_month("1 January", "1 February", "EUR 49.00 paid"),
    ]


async def test_a_year_on_the_old_price_while_new_customers_pay_more(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 49, devices=500)
    acme = await scene.subscribe(starter)

    await year.goes_on_to("1 September")
    await year.offers("starter", 59, devices=600)
    await acme.until(ready="Provisioned", plan=starter, limits={"end_devices": 600})
    newcomer = await scene.subscribe(starter, name="newcomer")
    await newcomer.until(ready="Provisioned", plan=starter, limits={"end_devices": 600})

    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", synced="Synced", payment="Paid", plan=starter)
    assert await year.ledger(acme) == every_month("1 March", "1 February", "EUR 49.00 paid")
    assert await year.ledger(newcomer) == every_month("1 September", "1 February", "EUR 59.00 paid")


async def test_a_year_of_a_pilot_with_a_discount_and_limits_of_its_own_for_a_while(scene: Scene) -> None:
    year = await Year.of(scene)
    await scene.trust()
    coupon = await scene.at_stripe("coupons", percent_off="20", duration="repeating", duration_in_months="3")
    starter = await year.offers("starter", 49, devices=500)
    more = {"limits": {"gateways": 40}, "expirationTime": year.told("1 September")}

    pilot = await scene.subscribe(
        starter, {"spec.discounts": [{"couponID": coupon["id"]}], "spec.limitOverrides": more}
    )
    await pilot.until(tenant="Approved", limits={"end_devices": 500, "gateways": 40})

    await year.goes_on_to("2 September")
    await pilot.until(ready="Provisioned", payment="Paid", limits={"end_devices": 500, "gateways": 10})
    await year.goes_on_to("28 February")
    assert await year.ledger(pilot) == [
        *every_month("1 March", "1 May", "EUR 39.20 paid"),
        *every_month("1 June", "1 February", "EUR 49.00 paid"),
    ]


async def test_a_year_paid_in_one_sum_with_an_upgrade_that_waits_for_the_next_invoice(scene: Scene) -> None:
    year = await Year.of(scene)
    starter = await year.offers("starter", 490, devices=500, interval="Year")
    growth = await year.offers("growth", 1490, devices=5000, interval="Year", prorationPolicy="None")
    acme = await scene.subscribe(starter)

    await year.goes_on_to("1 September")
    await acme.change({"planRef.name": growth})
    await acme.until(ready="Provisioned", payment="Paid", plan=growth, limits={"end_devices": 5000})
    assert await year.ledger(acme) == ["1 March: EUR 490.00 paid"]

    await year.turns()
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")
    assert await year.ledger(acme) == ["1 March: EUR 490.00 paid", "1 March: EUR 1490.00 paid"]


def entities(devices: int, limit: int) -> dict[str, dict[str, int]]:
    """What the object tells of a tenant that has devices, and its administrator, and nothing else."""
    none = {"total": 0}
    return {
        "applications": none,
        "clients": none,
        "endDevices": {"total": devices, "limit": limit},
        "gateways": {"total": 0, "limit": 10},
        "organizations": none,
        "users": {"total": 1},
    }
