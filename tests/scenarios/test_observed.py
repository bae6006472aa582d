"""Subscriptions that are born in Stripe and named by an object: followed in everything, written to never."""

import pytest

from manifests import REMOVED
from scenario_checkout import Shop
from scenario_scene import Scene
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def shop(scene: Scene) -> Shop:
    return Shop(scene)


async def _observe(scene: Scene, subscription_id: str, name: str = "acme", tenant_id: str = "") -> Tenant:
    """Apply an object that observes a subscription, for a tenant of the object's name unless another is given."""
    tenant_id = tenant_id or scene.named(name)
    observed = {
        "spec.managementPolicy": "Observe",
        "spec.planRef": REMOVED,
        "spec.customer": REMOVED,
        "spec.backendRef": {"name": scene.stage.backend},
        "spec.subscriptionID": subscription_id,
        "spec.tenant": {"id": tenant_id},
    }
    return await scene.apply("none", observed, name=name, tenant_id=tenant_id)


async def test_observed_subscription_is_followed_for_a_year_and_never_written_to(
    scene: Scene, shop: Shop
) -> None:
    await scene.trust()
    starter = await scene.plan()
    growth = await scene.plan("growth", {"spec.entityLimits": {"endDevices": 5000}})
    customer = await shop.customer()
    bought = await shop.buys(customer, starter)

    acme = await _observe(scene, bought["id"])
    seen = await acme.until(
        ready="Provisioned", payment="Paid", tenant="Approved", plan=starter, limits={"end_devices": 500}
    )
    assert (seen.tenant["name"], seen.status["subscriptionID"]) == ("Acme Ltd", bought["id"])

    begun = shop.position()
    price = (await scene.until_plan(growth))["status"]["priceID"]
    await acme.in_the_dashboard(items__0__id=bought["items"]["data"][0]["id"], items__0__price=price)
    await acme.until(ready="Provisioned", plan=growth, limits={"end_devices": 5000})
    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged", stripe="past_due")
    await scene.advance(days=21)
    await acme.until(payment="GraceExpired", tenant="Suspended")
    await acme.pays()
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")

    assert [each.params.keys() for each in shop.payer_writes(begun)] == [{"items"}]  # the dashboard's own
    await acme.delete()
    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("active", "STATE_APPROVED")


async def test_observing_from_a_namespace_that_nobody_trusts_tells_and_touches_nothing(
    scene: Scene, shop: Shop
) -> None:
    plan = await scene.plan()
    bought = await shop.buys(await shop.customer(), plan)

    acme = await _observe(scene, bought["id"])

    seen = await acme.until(ready="NotAllowed", tenant="Absent")
    assert "spec.managementPolicy: Observe" in seen.message()
    assert "hostedInvoiceURL" not in seen.status
    assert "customerID" not in seen.status


async def test_observed_object_beside_a_managed_one_is_in_conflict(scene: Scene, shop: Shop) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan())
    subscription_id = (await acme.look()).status["subscriptionID"]
    before = scene.writes()

    same_tenant = await _observe(scene, subscription_id, "same", acme.tenant_id)
    same_subscription = await _observe(scene, subscription_id, "beta")

    await same_tenant.until(ready="Conflict")
    seen = await same_subscription.until(ready="Conflict", tenant="Absent")
    assert f"pays for tenant {acme.tenant_id}" in seen.message()
    assert (await acme.settled()).reason() == "Provisioned"
    assert scene.writes() == before


async def test_price_of_no_plan_makes_no_tenant_until_a_plan_adopts_it(scene: Scene, shop: Shop) -> None:
    await scene.trust()
    customer = await shop.customer()
    product = await scene.at_stripe("products", name="Hand-made")
    price = await scene.at_stripe(
        "prices", product=product["id"], currency="eur", unit_amount="900", recurring__interval="month"
    )
    bought = await scene.at_stripe("subscriptions", customer=customer, items__0__price=price["id"])
    acme = await _observe(scene, bought["id"])
    seen = await acme.until(ready="UnmanagedPrice", tenant="Absent")
    assert price["id"] in seen.message()

    existing = {"existing": {"priceID": price["id"], "limitsFrom": "Spec"}}
    plan = await scene.plan("adopted", {"spec.price": existing})

    await acme.until(ready="Provisioned", tenant="Approved", plan=plan)


async def test_items_of_two_plans_keep_the_tenant_until_one_is_removed(scene: Scene, shop: Shop) -> None:
    await scene.trust()
    starter, growth = await scene.plan(), await scene.plan("growth")
    bought = await shop.buys(await shop.customer(), starter)
    acme = await _observe(scene, bought["id"])
    before = await acme.until(ready="Provisioned", tenant="Approved", plan=starter)

    price = (await scene.until_plan(growth))["status"]["priceID"]
    second = await scene.at_stripe("subscription_items", subscription=bought["id"], price=price)
    seen = await acme.until(ready="AmbiguousPlan")
    assert seen.tenant == before.tenant

    await scene.stage.outside.stripe.delete(f"/v1/subscription_items/{second['id']}")
    await acme.until(ready="Provisioned", plan=starter)
