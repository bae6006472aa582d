"""Years in which a bill stays unpaid for a while: what the tenant may still do, and when it may do all again."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from scenario_scene import Scene
from scenario_stage import Stage
from scenario_year import Year, comes_back, every_month, until_in_order, until_over

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENT: dict[str, Any] = {"pastDue": {"flagAfter": "72h", "suspendAfter": "504h"}}
IN_STAGES: dict[str, Any] = {"pastDue": {"flagAfter": "0s", "freezeAfter": "168h", "suspendAfter": "504h"}}
INVOICED = {"spec.collection": {"method": "Invoice", "daysUntilDue": 14}}

WARNED = "Stripe subscription past due"


@pytest_asyncio.fixture(loop_scope="module")
async def stripe_gives_up(stage: Stage) -> AsyncIterator[None]:
    """A week after a charge failed Stripe cancels, as the account's owner has set it."""
    before = await stage.dunning()
    settings = {"terminal_action": "cancel", "retry_intervals": [7 * 86_400]}
    await stage.outside.drive_stripe("/_sandbox/account", settings)
    yield
    await stage.outside.drive_stripe("/_sandbox/account", before)


async def test_a_year_with_a_failed_card_that_nobody_but_the_customer_notices(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500, **PATIENT))

    await year.goes_on_to("30 April")
    await acme.card("declines")
    await year.goes_on_to("3 May")
    await acme.until(
        ready="Provisioned",
        payment="PastDue",
        tenant="Approved",
        description="",
        status={"suspensionTime": year.told("22 May", hour=10)},  # three weeks after the charge
    )
    await acme.pays()
    await acme.until(payment="Paid", tenant="Approved", status={"suspensionTime": None})

    await year.goes_on_to("28 February")
    await until_in_order(acme)
    assert await year.ledger(acme) == every_month("1 March", "1 February", "EUR 49.00 paid")


async def test_a_year_with_warning_freeze_suspension_and_a_payment_at_last(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500, **IN_STAGES))
    await acme.registers(end_devices=345)
    await year.goes_on_to("31 August")
    await acme.card("declines")

    await year.goes_on_to("2 September")
    await acme.until(
        payment="PastDue", tenant="Flagged", description=WARNED, limits={"end_devices": 500, "gateways": 10}
    )
    await year.goes_on_to("9 September")
    await acme.until(
        payment="PastDue",
        tenant="Flagged",
        description=WARNED,
        within="LimitReached",
        limits={"end_devices": 345, "gateways": 0},
    )
    await year.goes_on_to("22 September")
    await acme.until(tenant="Flagged", status={"suspensionTime": year.told("22 September", hour=10)})
    await year.goes_on_to("23 September")
    await acme.until(
        ready="Provisioned",
        payment="GraceExpired",
        tenant="Suspended",
        description="Billing: payment past due",
        status={"suspensionTime": None},
    )

    await year.goes_on_to("29 September")
    await acme.pays()
    await acme.until(
        ready="Provisioned",
        payment="Paid",
        tenant="Approved",
        description="",
        limits={"end_devices": 500, "gateways": 10},
        status={"frozenLimits": None},
    )
    await year.goes_on_to("28 February")
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")
    assert await year.ledger(acme) == every_month("1 March", "1 February", "EUR 49.00 paid")


async def test_a_year_in_which_stripe_gives_up_and_the_customer_comes_back(
    scene: Scene, stripe_gives_up: None
) -> None:
    year = await Year.of(scene)
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500, **IN_STAGES))

    await year.goes_on_to("30 June")
    await acme.card("declines")
    await year.goes_on_to("9 July")
    await until_over(acme)

    await year.goes_on_to("20 July")
    await comes_back(acme)

    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 June", "EUR 49.00 paid"),
        "1 July: EUR 49.00 open",
        *every_month("20 July", "20 February", "EUR 49.00 paid"),
    ]


async def test_a_year_on_invoices_that_are_paid_a_day_late(scene: Scene) -> None:
    year = await Year.of(scene)
    await scene.trust()
    acme = await scene.apply(await year.offers("starter", 49, devices=500, **IN_STAGES), INVOICED)
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")

    for month in ("March", "April", "May"):
        await year.goes_on_to(f"14 {month}")
        await until_in_order(acme)
        await year.goes_on_to(f"16 {month}")
        await acme.until(payment="PastDue", tenant="Flagged", description=WARNED, stripe="past_due")
        await acme.pays()
        await acme.until(payment="Paid", tenant="Approved", description="", stripe="active")

    await year.goes_on_to("31 May")
    assert await year.ledger(acme) == every_month("1 March", "1 May", "EUR 49.00 paid")


async def test_a_year_with_a_winter_break_in_which_nothing_is_collected(scene: Scene) -> None:
    year = await Year.of(scene)
    plan = await year.offers("starter", 49, devices=500, collectionPausedPolicy="Suspend")
    acme = await scene.subscribe(plan)

    await year.goes_on_to("15 October")
    await acme.in_the_dashboard(pause_collection__behavior="void")
    await acme.until(
        ready="Provisioned",
        payment="CollectionPaused",
        tenant="Suspended",
        description="Billing: payment collection paused",
        stripe="active",
    )

    await year.goes_on_to("15 January")
    await acme.in_the_dashboard(pause_collection="")
    await until_in_order(acme)

    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == [
        *every_month("1 March", "1 October", "EUR 49.00 paid"),
        *every_month("1 November", "1 January", "EUR 49.00 void"),
        "1 February: EUR 49.00 paid",
    ]


async def test_a_year_with_an_abuse_case_that_no_payment_settles(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.subscribe(await year.offers("starter", 49, devices=500))

    await year.goes_on_to("5 May")
    await acme.in_the_console({"state": "STATE_SUSPENDED", "state_description": "Abuse report 4711"})
    await scene.look_at_all_tenants()
    await acme.until(
        ready="SuspendedByOther", payment="Paid", tenant="Suspended", description="Abuse report 4711"
    )
    await year.goes_on_to("5 July")  # two more payments
    await acme.settled()
    await acme.until(
        ready="SuspendedByOther", payment="Paid", tenant="Suspended", description="Abuse report 4711"
    )

    await acme.in_the_console({"state": "STATE_APPROVED", "state_description": ""})
    await scene.look_at_all_tenants()
    await until_in_order(acme)
    await year.goes_on_to("28 February")
    assert await year.ledger(acme) == every_month("1 March", "1 February", "EUR 49.00 paid")
