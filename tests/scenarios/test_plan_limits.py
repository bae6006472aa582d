"""What a plan allows: it reaches everybody who has the plan, and what is more than that is said."""

import pytest

from manifests import REMOVED
from scenario_checkout import Shop
from scenario_scene import Scene
from scenario_stage import Object, message_of
from scenario_year import TOTALS_ARE_KEPT

pytestmark = pytest.mark.asyncio(loop_scope="module")

OBSERVED: Object = {"spec.managementPolicy": "Observe", "spec.planRef": REMOVED, "spec.customer": REMOVED}


async def test_changed_limits_reach_all_tenants_of_the_plan(scene: Scene) -> None:
    """Those that we manage, the one that we observe, and the one that has an override, but for what it overrides."""
    await scene.trust()
    plan = await scene.plan(changes={"spec.entityLimits": {"endDevices": 500, "gateways": 10}})
    shop = Shop(scene)
    bought = await shop.buys(await shop.customer(), plan)
    overrides = {"spec.limitOverrides": {"limits": {"gateways": 20}}}
    acme, lab = await scene.subscribe(plan), await scene.subscribe(plan, overrides, name="lab")
    backend = {"spec.backendRef": {"name": scene.stage.backend}, "spec.subscriptionID": bought["id"]}
    tenant = {"spec.tenant": {"id": scene.named("pilot")}}
    pilot = await scene.apply("none", OBSERVED | backend | tenant, name="pilot")
    await pilot.until(ready="Provisioned", limits={"end_devices": 500})

    await scene.plan(changes={"spec.entityLimits": {"endDevices": 750, "gateways": 0}})

    for each, gateways in ((acme, 0), (lab, 20), (pilot, 0)):
        await each.until(ready="Provisioned", limits={"end_devices": 750, "gateways": gateways})


async def test_limits_below_what_is_used_are_said_and_take_nothing_away(scene: Scene) -> None:
    plan = await scene.plan(changes={"spec.entityLimits": {"endDevices": 500}})
    acme = await scene.subscribe(plan)
    await acme.registers(end_devices=345)

    await scene.plan(changes={"spec.entityLimits": {"endDevices": 345}})
    scene.stage.clock.skip(TOTALS_ARE_KEPT)
    await acme.settled()
    await acme.until(within="LimitReached", limits={"end_devices": 345})

    await scene.plan(changes={"spec.entityLimits": {"endDevices": 300}})
    seen = await acme.until(ready="Provisioned", within="OverLimit", limits={"end_devices": 300})
    assert "EndDevices" in seen.message("WithinLimits")
    assert seen.status["entities"]["endDevices"] == {"total": 345, "limit": 300}


async def a_price_with(scene: Scene, **limits: str) -> str:
    """A price that stood in Stripe before any plan named it, with these limits in its metadata."""
    product = await scene.at_stripe("products", name="Legacy")
    price = await scene.at_stripe(
        "prices",
        product=product["id"],
        currency="eur",
        unit_amount="900",
        recurring__interval="month",
        **{f"metadata__max-{name.replace('_', '-')}": value for name, value in limits.items()},
    )
    return str(price["id"])


def adopting(price_id: str) -> Object:
    """Changes of a plan that make it adopt a price with the limits of its metadata."""
    return {"spec.price": {"existing": {"priceID": price_id}}, "spec.entityLimits": REMOVED}


@pytest.mark.parametrize("value", ["many", "-1", "1.5"], ids=["no number", "negative", "no whole number"])
async def test_limits_that_become_unreadable_are_refused_and_the_tenants_keep_theirs(
    scene: Scene, value: str
) -> None:
    price_id = await a_price_with(scene, end_devices="250", gateways="0")
    plan = await scene.plan(changes=adopting(price_id))
    acme = await scene.subscribe(plan)
    await acme.until(limits={"end_devices": 250, "gateways": 0, "users": None})

    await scene.at_stripe(f"prices/{price_id}", **{"metadata__max-end-devices": value})

    seen = await scene.until_plan(plan, "InvalidMetadata")
    assert "max-end-devices" in message_of(seen)
    kept = await acme.settled()
    assert (kept.limit(), kept.limit("gateways"), kept.tenant["state"]) == (250, 0, "STATE_APPROVED")

    await scene.at_stripe(f"prices/{price_id}", **{"metadata__max-end-devices": "300"})
    await scene.until_plan(plan)
    await acme.until(ready="Provisioned", limits={"end_devices": 300})
