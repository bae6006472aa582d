"""The life of a plan: its prices, who is on them, who may buy, and how it ends."""

import pytest

from manifests import REMOVED
from scenario_scene import Scene
from scenario_stage import Object, message_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMITS = {"max-end-devices": "250", "max-gateways": "3"}


async def _prices(scene: Scene, product: str) -> dict[str, Object]:
    """Prices of a product by id; archived ones have to be asked for."""
    found: dict[str, Object] = {}
    for active in ("true", "false"):
        listed = await scene.stage.outside.from_stripe("/v1/prices", product=product, active=active)
        found |= {each["id"]: each for each in listed["data"]}
    return found


async def _a_price(scene: Scene, metadata: dict[str, str] | None = None, amount: int = 900) -> Object:
    """A price that stood in Stripe before any plan named it."""
    product = await scene.at_stripe("products", name="Legacy")
    return await scene.at_stripe(
        "prices",
        product=product["id"],
        currency="eur",
        unit_amount=str(amount),
        recurring__interval="month",
        **{f"metadata__{key}": value for key, value in (metadata or {}).items()},
    )


def _adopting(price: Object, limits_from: str = "PriceMetadata") -> Object:
    spec: Object = {"spec.price": {"existing": {"priceID": price["id"], "limitsFrom": limits_from}}}
    return {**spec, "spec.entityLimits": REMOVED} if limits_from == "PriceMetadata" else spec


def _subscribers(status: Object) -> dict[int, int]:
    """How many subscriptions are on each amount."""
    return {each["unitAmount"]: each["subscriptions"] for each in status["prices"]}


async def test_changed_amount_is_a_new_price_and_subscribers_stay_on_theirs(scene: Scene) -> None:
    plan = await scene.plan()
    former = (await scene.until_plan(plan))["status"]
    acme = await scene.subscribe(plan)

    await scene.plan(changes={"spec.price.recurring.unitAmount": 5900})
    seen = await scene.until_plan_status(plan, lambda status: status["priceID"] != former["priceID"])
    assert seen["status"]["displayPrice"] == "EUR 59.00 / month"
    await scene.until_plan_status(
        plan,
        lambda status: (
            {each["unitAmount"]: each["subscriptions"] for each in status["prices"]} == {4900: 1, 5900: 0}
        ),
    )
    await acme.settled()
    await acme.until_on_price(former["priceID"])

    prices = await _prices(scene, former["productID"])
    assert {each["unit_amount"]: each["active"] for each in prices.values()} == {4900: False, 5900: True}

    await scene.advance(days=32)
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", plan=plan)

    lab = await scene.subscribe(plan, name="lab")
    await lab.until_on_price(seen["status"]["priceID"])


async def test_changed_limits_follow_at_once(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)

    await scene.plan(changes={"spec.entityLimits": {"endDevices": 750}})

    await acme.until(ready="Provisioned", limits={"end_devices": 750, "gateways": None})


async def test_existing_price_is_adopted_by_its_id_and_its_metadata_limits(scene: Scene) -> None:
    price = await _a_price(scene, LIMITS)
    before = scene.writes()
    plan = await scene.plan(changes=_adopting(price))

    seen = await scene.until_plan(plan)
    assert (seen["status"]["priceID"], seen["status"]["displayPrice"]) == (price["id"], "EUR 9.00 / month")
    assert scene.writes() == before

    acme = await scene.subscribe(plan)
    await acme.until(limits={"end_devices": 250, "gateways": 3, "users": None})


async def test_limits_of_an_adopted_price_that_are_no_numbers_are_refused(scene: Scene) -> None:
    price = await _a_price(scene, {"max-end-devices": "many"})
    plan = await scene.apply_plan("starter", _adopting(price))

    seen = await scene.until_plan(plan, "InvalidMetadata")
    assert "max-end-devices" in message_of(seen)

    acme = await scene.apply(plan)
    await acme.until(ready="PlanNotReady", tenant="Absent")


async def test_adopted_price_that_does_not_exist_is_waited_for(scene: Scene) -> None:
    plan = await scene.apply_plan("starter", _adopting({"id": "price_never"}, "Spec"))

    seen = await scene.until_plan(plan, "PriceNotFound")

    assert "price_never" in message_of(seen)


async def test_older_of_two_plans_with_one_price_has_it(scene: Scene) -> None:
    price = await _a_price(scene)
    older = await scene.plan("older", _adopting(price, "Spec"))
    await scene.advance(seconds=1)
    younger = await scene.apply_plan("younger", _adopting(price, "Spec"))

    seen = await scene.until_plan(younger, "PriceConflict")

    assert older in message_of(seen)
    await scene.until_plan(older)


async def test_closed_plan_takes_no_new_subscriptions_and_keeps_the_present_ones(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    await scene.plan(changes={"spec.newSubscriptions": "Refuse"})

    lab = await scene.apply(plan, name="lab")

    seen = await lab.until(ready="PlanClosed", tenant="Absent")
    assert "subscriptionID" not in seen.status
    assert (await acme.settled()).reason() == "Provisioned"


async def test_plan_is_for_the_namespaces_that_it_allows(scene: Scene) -> None:
    partners = {"from": "Selector", "selector": {"matchLabels": {"tenantbilling.example/trusted": "true"}}}
    plan = await scene.plan(changes={"spec.allowedNamespaces": partners})
    acme = await scene.apply(plan)
    seen = await acme.until(ready="NotAllowed", tenant="Absent")
    assert plan in seen.message()

    await scene.trust()
    await acme.until(ready="AwaitingPayment", stripe="incomplete")
    await acme.pays()
    await acme.until(ready="Provisioned", tenant="Approved")

    await scene.trust(granted=False)
    await acme.until(ready="NotAllowed", payment="Paid", tenant="Approved", stripe="active")


async def test_plan_in_use_is_not_deleted_and_names_its_users(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)

    await scene.delete_plan(plan)
    seen = await scene.until_plan(plan, "InUse")
    assert f"{acme.namespace}/acme" in message_of(seen)
    assert (await acme.settled()).tenant["state"] == "STATE_APPROVED"

    await acme.delete()
    await acme.until_gone()
    await scene.until_plan_is_gone(plan)


async def test_plan_that_ends_takes_its_own_product_and_prices_out_of_sale(scene: Scene) -> None:
    plan = await scene.plan()
    status = (await scene.until_plan(plan))["status"]

    await scene.delete_plan(plan)
    await scene.until_plan_is_gone(plan)

    product = await scene.stage.outside.from_stripe(f"/v1/products/{status['productID']}")
    assert product["active"] is False


async def test_adopted_price_stays_on_sale_when_its_plan_ends(scene: Scene) -> None:
    price = await _a_price(scene)
    plan = await scene.plan(changes=_adopting(price, "Spec"))
    before = scene.writes()

    await scene.delete_plan(plan)
    await scene.until_plan_is_gone(plan)

    assert scene.writes() == before
    assert (await scene.stage.outside.from_stripe(f"/v1/prices/{price['id']}"))["active"] is True


async def test_price_that_was_archived_outside_refuses_new_subscribers_and_keeps_the_others(
    scene: Scene,
) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    price_id = (await scene.until_plan(plan))["status"]["priceID"]

    await scene.at_stripe(f"prices/{price_id}", active="false")
    await scene.until_plan(plan, "PriceArchived")

    lab = await scene.apply(plan, name="lab")
    await lab.until(ready="PlanNotReady", tenant="Absent")
    assert (await acme.settled()).reason() == "Provisioned"
    assert (await scene.stage.outside.from_stripe(f"/v1/prices/{price_id}"))["active"] is False

    await scene.at_stripe(f"prices/{price_id}", active="true")
    await scene.until_plan(plan)
    await lab.until(ready="AwaitingPayment", stripe="incomplete")


async def test_currency_that_does_not_exist_is_said_and_nothing_is_made(scene: Scene) -> None:
    before = scene.writes()
    plan = await scene.apply_plan("starter", {"spec.price.recurring.currency": "XYZ"})

    seen = await scene.until_plan(plan, "InvalidPrice")

    assert "XYZ" in message_of(seen)
    assert scene.writes() == before


async def test_plan_counts_its_subscribers(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    await scene.subscribe(plan, name="lab")
    await scene.count_again(plan)
    await scene.until_plan_status(plan, lambda status: status["subscriptions"] == 2)

    await acme.cancelled_in_the_dashboard()
    await acme.until(ready="SubscriptionEnded", status={"subscriptionStatus": "canceled"})

    await scene.count_again(plan)
    await scene.until_plan_status(plan, lambda status: status["subscriptions"] == 1)


async def test_tenant_template_of_a_plan_is_applied_at_creation_only(scene: Scene) -> None:
    template = {"spec.tenantTemplate": {"attributes": {"tier": "starter"}}}
    plan = await scene.plan(changes=template)
    acme = await scene.subscribe(plan)
    assert (await acme.look()).tenant["attributes"]["tier"] == "starter"

    await scene.plan(changes={"spec.tenantTemplate": {"attributes": {"tier": "other"}}})

    assert (await acme.settled()).tenant["attributes"]["tier"] == "starter"
