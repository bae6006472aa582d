"""What plans can cost: tiers, amounts below a cent, tax; and what customers are asked for, to the cent."""

from typing import Any

import pytest

from scenario_scene import Scene
from scenario_stage import Object
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")

PERIOD: Object = {"currency": "EUR", "interval": "Month"}
TIERS = [{"upTo": 100, "unitAmount": 50, "flatAmount": 900}, {"unitAmount": 40}]
DEVICES = 345


def metered(**amount: Any) -> Object:
    """Changes of a plan that make it charge devices."""
    return {"spec.price": {"metered": PERIOD | amount}}


async def uses(scene: Scene, tenant: Tenant, plan: str, devices: int) -> None:
    """The tenant registers devices, and their number is reported to Stripe."""
    await tenant.registers(end_devices=devices)
    meter_id = (await scene.until_plan(plan))["status"]["meterID"]
    meter = await scene.stage.outside.from_stripe(f"/v1/billing/meters/{meter_id}")
    await scene.at_stripe(
        "billing/meter_events",
        event_name=meter["event_name"],
        payload__stripe_customer_id=await tenant.customer_id(),
        payload__value=str(devices),
    )


AMOUNTS: list[Any] = [
    pytest.param(
        metered(unitAmountDecimal="0.5"), "EUR 0.005 / device / month", 173, id="half a cent, rounded once"
    ),
    pytest.param(
        metered(tiersMode="Graduated", tiers=TIERS),
        "EUR 0.50 + EUR 9.00 flat up to 100, EUR 0.40 above (graduated) / device / month",
        900 + 100 * 50 + 245 * 40,
        id="each tier for its part",
    ),
    pytest.param(
        metered(tiersMode="Volume", tiers=TIERS),
        "EUR 0.50 + EUR 9.00 flat up to 100, EUR 0.40 above (volume) / device / month",
        345 * 40,
        id="one tier for all",
    ),
]


@pytest.mark.parametrize(("changes", "shown", "due"), AMOUNTS)
async def test_usage_is_charged_by_the_terms_of_the_plan(
    scene: Scene, changes: Object, shown: str, due: int
) -> None:
    plan = await scene.plan("metered", changes | {"spec.entityLimits": {}})
    assert (await scene.until_plan(plan))["status"]["displayPrice"] == shown
    acme = await scene.apply(plan)
    await acme.until(ready="Provisioned", tenant="Approved", stripe="active")

    await uses(scene, acme, plan, DEVICES)
    await scene.advance(days=32)

    invoices = await scene.stage.outside.from_stripe("/v1/invoices", customer=await acme.customer_id())
    assert [each["amount_due"] for each in invoices["data"]] == [due, 0]


async def test_tenants_of_a_metered_plan_count_as_it_says(scene: Scene) -> None:
    plan = await scene.plan("metered", metered(unitAmount=50, counting="OnlyActivated"))
    acme = await scene.apply(plan)
    seen = await acme.until(ready="Provisioned", tenant="Approved")
    assert seen.tenant["billing"]["counting"]["end_devices"] == "ONLY_ACTIVATED"

    await scene.plan("metered", metered(unitAmount=50, counting="All"))

    await acme.until_counting("ALL")


async def test_tax_is_as_the_plan_says_on_product_price_and_subscription(scene: Scene) -> None:
    changes = {
        "spec.price.recurring.taxBehavior": "Exclusive",
        "spec.tax": {"code": "txcd_10103001", "automatic": "Enabled"},
    }
    plan = await scene.plan("taxed", changes)
    status = (await scene.until_plan(plan))["status"]
    product = await scene.stage.outside.from_stripe(f"/v1/products/{status['productID']}")
    price = await scene.stage.outside.from_stripe(f"/v1/prices/{status['priceID']}")
    assert (product["tax_code"], price["tax_behavior"]) == ("txcd_10103001", "exclusive")

    acme = await scene.subscribe(plan)
    assert (await acme.look()).subscription["automatic_tax"]["enabled"] is True


async def test_tax_code_that_changes_reaches_the_product(scene: Scene) -> None:
    plan = await scene.plan("taxed", {"spec.tax": {"code": "txcd_10103001"}})
    status = (await scene.until_plan(plan))["status"]

    await scene.plan("taxed", {"spec.tax": {"code": "txcd_10000000"}})

    product = await scene.stage.outside.from_stripe(f"/v1/products/{status['productID']}")
    assert product["tax_code"] == "txcd_10000000"
