"""Customers who subscribe in Stripe: an object appears, the tenant follows, and nothing is ever written at Stripe."""

import pytest

from manifests import REMOVED
from scenario_checkout import Shop
from scenario_scene import Scene
from scenario_stage import API, Object
from scenario_tenant import LOOK_INTERVAL
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def shop(scene: Scene) -> Shop:
    return Shop(scene)


async def _discovering(scene: Scene, name: str = "starter") -> str:
    """A plan that makes objects in the scenario's namespace."""
    discovery = {"namespace": scene.namespace, "clusterRef": {"name": scene.stage.cluster}}
    return await scene.plan(name, {"spec.discovery": discovery})


async def _until_waiting(scene: Scene, plan: str, *subscriptions: Object) -> None:
    ids = [each["id"] for each in subscriptions]
    wanted = {"count": len(ids)} | ({"subscriptionIDs": ids} if ids else {})

    def holds(status: Object) -> bool:
        waiting = status.get("waiting", {})
        return {key: value for key, value in waiting.items() if value != []} == wanted

    await scene.until_plan_status(plan, holds)


async def _events(scene: Scene, plan: str) -> dict[str, str]:
    """What the plan's Events say, by reason."""
    path = "/apis/events.k8s.io/v1/namespaces/default/events"
    listed = await scene.stage.outside.from_kubernetes(path)
    assert listed is not None
    return {each["reason"]: each["note"] for each in listed["items"] if each["regarding"]["name"] == plan}


async def test_tbs_03_the_dashboard_s_way_first_the_subscription_then_its_metadata(
    scene: Scene, shop: Shop
) -> None:
    plan = await _discovering(scene)
    bought = await shop.buys(await shop.customer(), plan)
    await _until_waiting(scene, plan, bought)
    assert bought["id"] in (await _events(scene, plan))["TenantIDMissing"]

    acme = shop.tenant(scene.named("acme"))
    await shop.edits(
        bought, {"tenant-id": acme.tenant_id, "tenant-name": "Acme IoT", "admin-user": "acme-owner"}
    )

    begun = shop.position()
    seen = await acme.until(
        ready="Provisioned", payment="Paid", tenant="Approved", plan=plan, limits={"end_devices": 500}
    )
    assert (seen.tenant["name"], seen.tenant["billing"]["stripe"]["subscription_id"]) == (
        "Acme IoT",
        bought["id"],
    )
    metadata = seen.resource["metadata"]
    assert metadata["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert metadata["annotations"]["kustomize.toolkit.fluxcd.io/prune"] == "disabled"
    assert {"labels", "ownerReferences"} & metadata.keys() == set()
    await _until_waiting(scene, plan)
    assert shop.payer_writes(begun) == []


async def test_tbs_08_the_limits_of_the_price_s_metadata_reach_a_tenant_that_is_born_in_stripe(
    scene: Scene, shop: Shop
) -> None:
    """As the Tenant Billing Server is configured: a price that stands, with its limits, adopted by its id."""
    product = await scene.at_stripe("products", name="Hand-made")
    limits = {"metadata__max-end-devices": "100", "metadata__max-gateways": "0"}
    price = await scene.at_stripe(
        "prices",
        product=product["id"],
        currency="eur",
        unit_amount="900",
        recurring__interval="month",
        **limits,
    )
    changes = {
        "spec.price": {"existing": {"priceID": price["id"]}},
        "spec.entityLimits": REMOVED,
        "spec.discovery": {"namespace": scene.namespace, "clusterRef": {"name": scene.stage.cluster}},
    }
    plan = await scene.plan("adopted", changes)
    acme = shop.tenant(scene.named("acme"))
    await shop.buys(await shop.customer(), plan, {"tenant-id": acme.tenant_id})

    wanted = {"end_devices": 100, "gateways": 0, "users": None}
    await acme.until(ready="Provisioned", tenant="Approved", plan=plan, limits=wanted)
    await scene.at_stripe(f"prices/{price['id']}", **{"metadata__max-end-devices": "250"})
    await acme.until(ready="Provisioned", limits=wanted | {"end_devices": 250})


async def test_tbs_11_checkout_names_the_tenant_at_once(scene: Scene, shop: Shop) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    await shop.buys(await shop.customer(), plan, {"tenant-id": acme.tenant_id})
    seen = await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")
    assert seen.tenant["name"] == "Acme Ltd"


async def test_tbs_05_the_end_suspends_and_a_second_subscription_revives(scene: Scene, shop: Shop) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    customer = await shop.customer()
    first = await shop.buys(customer, plan, {"tenant-id": acme.tenant_id})
    await acme.until(ready="Provisioned", tenant="Approved")

    await shop.ends(first)
    seen = await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Suspended")
    assert f"tenant-id: {acme.tenant_id}" in seen.message()

    second = await shop.buys(customer, plan, {"tenant-id": acme.tenant_id})
    await acme.until(
        ready="Provisioned", payment="Paid", tenant="Approved", status={"subscriptionID": second["id"]}
    )


async def test_an_abandoned_second_checkout_harms_nobody(scene: Scene, shop: Shop) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    customer = await shop.customer()
    await shop.buys(customer, plan, {"tenant-id": acme.tenant_id})
    await acme.until(ready="Provisioned", tenant="Approved")
    metadata = {"tenant-id": acme.tenant_id}

    await shop.buys(customer, plan, metadata, payment_behavior="default_incomplete")
    stranger = await shop.customer(card="")
    await shop.buys(stranger, plan, metadata, payment_behavior="default_incomplete")
    seen = await acme.settled()
    assert (seen.reason(), seen.tenant["state"]) == ("Provisioned", "STATE_APPROVED")
    await _until_waiting(scene, plan)

    await scene.advance(hours=24)
    seen = await acme.settled()
    assert (seen.reason(), seen.tenant["state"]) == ("Provisioned", "STATE_APPROVED")


async def test_a_payment_link_that_gives_two_buyers_one_tenant_serves_the_first(
    scene: Scene, shop: Shop
) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    link = {"tenant-id": acme.tenant_id}
    first = await shop.buys(await shop.customer(), plan, link)
    seen = await acme.until(ready="Provisioned", tenant="Approved")

    second = await shop.buys(await shop.customer(email="eve@other.example", name="Other"), plan, link)

    await _until_waiting(scene, plan, second)
    assert acme.tenant_id in (await _events(scene, plan))["CustomerMismatch"]
    again = await acme.settled()
    assert again.tenant == seen.tenant
    await shop.ends(first)
    await acme.until(ready="SubscriptionEnded", tenant="Suspended")  # the second buyer has not taken it over


async def test_tbs_14_a_tenant_of_another_customer_is_never_taken_over(scene: Scene, shop: Shop) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    billing = {
        "customer_id": "cus_other",
        "plan_id": "p",
        "subscription_id": "s",
        "subscription_item_id": "i",
    }
    await acme.in_the_console({"state": "STATE_APPROVED", "name": "Acme", "billing": {"stripe": billing}})
    await scene.look_at_all_tenants()

    bought = await shop.buys(await shop.customer(), plan, {"tenant-id": acme.tenant_id})

    await _until_waiting(scene, plan, bought)
    assert "cus_other" in (await _events(scene, plan))["CustomerMismatch"]
    seen = await acme.look()
    assert (seen.resource, seen.tenant["billing"]["stripe"]) == ({}, billing)


async def test_a_deleted_object_comes_back_and_the_tenant_has_noticed_nothing(
    scene: Scene, shop: Shop
) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    await shop.buys(await shop.customer(), plan, {"tenant-id": acme.tenant_id})
    before = await acme.until(ready="Provisioned", tenant="Approved")
    writes = scene.writes()

    await acme.delete()

    async def is_another() -> bool:
        uid = (await acme.look()).resource.get("metadata", {}).get("uid")
        return uid not in (None, before.resource["metadata"]["uid"])

    await wait_for(is_another, "the object to come back", interval=LOOK_INTERVAL)
    after = await acme.until(ready="Provisioned", tenant="Approved")
    assert (after.tenant, scene.writes()) == (before.tenant, writes)


async def test_a_reserved_id_is_said_on_the_object_with_the_way_out(scene: Scene, shop: Shop) -> None:
    plan = await _discovering(scene)
    demo, acme = shop.tenant("demo"), shop.tenant(scene.named("acme"))
    bought = await shop.buys(await shop.customer(), plan, {"tenant-id": "demo"})
    seen = await demo.until(ready="InvalidTenant", tenant="Absent")
    assert "then delete this object" in seen.message()

    await shop.edits(bought, {"tenant-id": acme.tenant_id})
    await demo.delete()

    await acme.until(ready="Provisioned", tenant="Approved")
    assert await scene.stage.outside.from_kubernetes(demo.path) is None


async def test_a_customer_without_an_address_gets_a_tenant_once_it_has_one(scene: Scene, shop: Shop) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    bought = await shop.buys(await shop.customer(email=""), plan, {"tenant-id": acme.tenant_id})
    seen = await acme.until(ready="InvalidTenant", tenant="Absent")
    assert f"metadata admin-email of subscription {bought['id']}" in seen.message()

    await shop.edits(bought, {"admin-email": "ann@acme.example"})

    await acme.until(ready="Provisioned", tenant="Approved")


async def test_a_password_in_metadata_is_warned_about_and_shown_nowhere(
    scene: Scene, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = await _discovering(scene)
    acme = shop.tenant(scene.named("acme"))
    password = "Correct-Horse-1"
    metadata = {"tenant-id": acme.tenant_id, "admin-password": password}
    bought = await shop.buys(await shop.customer(), plan, metadata)

    seen = await acme.until(ready="Provisioned", tenant="Approved")

    assert "admin-password in plain text" in seen.message()

    async def listed() -> list[Object]:
        path = f"/apis/events.k8s.io/v1/namespaces/{scene.namespace}/events"
        items: list[Object] = (await scene.stage.outside.from_kubernetes(path) or {})["items"]
        assert "PasswordInMetadata" in {each["reason"] for each in items}
        return items

    assert password not in repr((seen.resource, await wait_for(listed, "an Event that warns")))
    logged = capsys.readouterr().out
    assert "CreateTenant" in logged
    assert password not in logged

    await shop.edits(bought, {"admin-password": ""})
    assert (await acme.settled()).message() == ""


async def test_an_object_elsewhere_that_names_the_subscription_keeps_it(scene: Scene, shop: Shop) -> None:
    """What is adopted by hand is not discovered beside."""
    plan = await _discovering(scene)
    await scene.trust()
    customer = await shop.customer()
    bought = await shop.buys(customer, plan)
    acme = await scene.apply(
        plan, {"spec.subscriptionID": bought["id"], "spec.customer": {"id": customer}}, name="managed"
    )
    await acme.until(ready="Provisioned", tenant="Approved")

    await shop.edits(bought, {"tenant-id": acme.tenant_id})

    await acme.settled()
    await _until_waiting(scene, plan)
    path = f"{API}/namespaces/{scene.namespace}/tenantsubscriptions"
    listed = await scene.stage.outside.from_kubernetes(path)
    assert listed is not None
    assert [each["metadata"]["name"] for each in listed["items"]] == ["managed"]
