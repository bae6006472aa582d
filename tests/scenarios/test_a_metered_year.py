"""A year that is paid by the device: each month is billed to the cent by what there was at its end."""

import pytest

from scenario_metering import PER_DEVICE, goes_past_the_end, until_reported
from scenario_scene import Scene
from scenario_tenant import Tenant
from scenario_year import Year, until_in_order

pytestmark = pytest.mark.asyncio(loop_scope="module")

WARNED = "Stripe subscription past due"
IN_THREE_WEEKS = {"spec.price": PER_DEVICE, "spec.pastDue": {"flagAfter": "0s", "suspendAfter": "504h"}}


async def months_pass(scene: Scene, tenant: Tenant, number: int) -> None:
    """So many months end, each is counted and billed."""
    for _ in range(number):
        await goes_past_the_end(scene, tenant)


async def test_a_year_by_the_device_with_growth_a_failed_card_a_suspension_and_a_return(scene: Scene) -> None:
    year = await Year.of(scene)
    acme = await scene.apply(await scene.plan("per-device", IN_THREE_WEEKS))
    await acme.until(ready="Provisioned", tenant="Approved", stripe="active")
    await acme.pays()  # nothing is due yet: a card is left
    await acme.registers(end_devices=20)
    await months_pass(scene, acme, 2)
    await acme.registers(end_devices=15)
    await months_pass(scene, acme, 2)

    await acme.card("declines")
    await months_pass(scene, acme, 1)
    await acme.until(ready="Provisioned", payment="PastDue", tenant="Flagged", description=WARNED)
    await acme.registers(end_devices=2)
    await scene.advance(hours=1)
    await until_reported(acme, 37)  # a flagged tenant goes on being counted
    await year.goes_on_to("23 August")
    suspended = await acme.until(payment="GraceExpired", tenant="Suspended", stripe="past_due")
    assert suspended.reason("UsageReported") == "NotMetered"

    await year.goes_on_to("28 August")
    await acme.pays()
    await until_in_order(acme)
    await acme.removes(end_devices=27)
    await months_pass(scene, acme, 6)
    await until_in_order(acme)
    assert await year.ledger(acme) == [
        "1 March: EUR 0.00 paid",
        "1 April: EUR 10.00 paid",
        "1 May: EUR 10.00 paid",
        "1 June: EUR 17.50 paid",
        "1 July: EUR 17.50 paid",
        "1 August: EUR 17.50 paid",
        "1 September: EUR 5.00 paid",
        "1 October: EUR 5.00 paid",
        "1 November: EUR 5.00 paid",
        "1 December: EUR 5.00 paid",
        "1 January: EUR 5.00 paid",
        "1 February: EUR 5.00 paid",
    ]


async def test_a_year_by_the_device_that_begins_with_a_trial(scene: Scene) -> None:
    year = await Year.of(scene)
    trial = {"spec.price": PER_DEVICE, "spec.trial": {"days": 14, "missingPaymentMethod": "CreateInvoice"}}
    acme = await scene.apply(await scene.plan("per-device", trial))
    await acme.until(ready="Provisioned", payment="Trialing", tenant="Approved", stripe="trialing")
    await acme.pays()
    await acme.registers(end_devices=8)
    await months_pass(scene, acme, 1)  # the trial: what was used in it is not billed
    await until_in_order(acme)
    await acme.registers(end_devices=4)
    await months_pass(scene, acme, 2)
    assert await year.ledger(acme) == [
        "1 March: EUR 0.00 paid",
        "15 March: EUR 0.00 paid",
        "15 April: EUR 6.00 paid",
        "15 May: EUR 6.00 paid",
    ]
