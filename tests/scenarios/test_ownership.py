"""Whose tenant it is: never another's, and only what we did is undone."""

import pytest

from manifests import REMOVED
from scenario_scene import Scene
from scenario_stage import Object
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")

APPROVED = {"state": "STATE_APPROVED", "name": "Acme"}


async def _there_is_a_tenant(scene: Scene, fields: Object, name: str = "acme") -> Tenant:
    """A tenant that stands in The Things Stack before any object does."""
    tenant = Tenant(scene.stage, scene.namespace, name, scene.named(name))
    await tenant.in_the_console(fields)
    return tenant


async def test_tenant_that_exists_is_not_taken_over_and_nothing_is_bought_for_it(scene: Scene) -> None:
    plan = await scene.plan()
    await _there_is_a_tenant(scene, {**APPROVED, "max_end_devices": "7"})
    before = scene.writes()

    acme = await scene.apply(plan)

    seen = await acme.until(ready="TenantNotManaged")
    assert "adoptionPolicy" in seen.message()
    assert (seen.limit(), seen.tenant["state"], scene.writes()) == (7, "STATE_APPROVED", before)


async def test_trusted_namespace_adopts_an_unmanaged_tenant_once_it_is_paid(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    fields = {**APPROVED, "max_end_devices": "7", "attributes": {"region": "eu"}}
    await _there_is_a_tenant(scene, fields)

    acme = await scene.apply(plan, {"spec.tenant.adoptionPolicy": "IfUnmanaged"})
    await acme.until(ready="AwaitingPayment", limits={"end_devices": 7})
    await acme.pays()

    seen = await acme.until(ready="Provisioned", tenant="Approved", limits={"end_devices": 500})
    attributes = seen.tenant["attributes"]
    assert (attributes["region"], attributes["managed-by"]) == ("eu", "tenant-billing-operator")


async def test_tenant_with_another_manager_is_not_adopted(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    await _there_is_a_tenant(scene, {**APPROVED, "attributes": {"managed-by": "terraform"}})

    acme = await scene.apply(plan, {"spec.tenant.adoptionPolicy": "IfUnmanaged"})

    seen = await acme.until(ready="TenantNotManaged")
    assert "terraform" in seen.message()


async def test_tenant_that_is_billed_to_another_customer_is_refused(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    await _there_is_a_tenant(scene, {**APPROVED, "attributes": {"stripe-customer-id": "cus_other"}})

    acme = await scene.apply(plan, {"spec.tenant.adoptionPolicy": "IfUnmanaged"})

    seen = await acme.until(ready="CustomerMismatch")
    assert "cus_other" in seen.message()


async def test_taking_over_from_the_billing_server_writes_nothing(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    price = (await scene.until_plan(plan))["status"]["priceID"]
    customer = await scene.at_stripe("customers", email="billing@acme.example", payment_method="pm_card_visa")
    bought = await scene.at_stripe(
        "subscriptions",
        customer=customer["id"],
        items__0__price=price,
        default_payment_method=await scene.card_of(customer["id"]),
    )
    billing = {
        "stripe": {
            "customer_id": customer["id"],
            "plan_id": price,
            "subscription_id": bought["id"],
            "subscription_item_id": bought["items"]["data"][0]["id"],
        }
    }
    limits = {
        "max_applications": "10",
        "max_clients": "5",
        "max_end_devices": "500",
        "max_gateways": "10",
        "max_organizations": "1",
        "max_users": "20",
    }
    tenant = await _there_is_a_tenant(scene, {**APPROVED, **limits, "billing": billing})
    await tenant.in_the_console({"attributes": {"region": "eu"}})
    before = scene.writes()

    acme = await scene.apply(
        plan,
        {
            "spec.subscriptionID": bought["id"],
            "spec.customer": {"id": customer["id"]},
            "spec.tenant.name": REMOVED,
            "spec.tenant.description": REMOVED,
        },
    )

    seen = await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")
    assert scene.writes() == before
    assert seen.tenant["attributes"] == {"region": "eu"}

    await acme.card("declines")
    await scene.advance(days=32)
    flagged = await acme.until(payment="PastDue", tenant="Flagged")
    assert flagged.tenant["attributes"]["managed-by"] == "tenant-billing-operator"


async def test_of_two_objects_for_one_tenant_the_one_that_claimed_it_wins(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)

    rival = await scene.apply(plan, name="rival", tenant_id=acme.tenant_id)

    seen = await rival.until(ready="Conflict")
    assert f"{acme.namespace}/{acme.name}" in seen.message()
    assert (await acme.settled()).reason() == "Provisioned"


async def test_nobody_learns_how_a_tenant_is_paid_for_by_naming_its_id(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged")

    elsewhere = await scene.another_namespace("elsewhere")
    rival = await scene.apply(plan, namespace=elsewhere)
    seen = await rival.until(ready="Conflict", payment="Unknown", status={"tenantState": "Unknown"})

    assert set(seen.status) == {"conditions", "observedGeneration", "tenantState"}


async def test_loser_of_a_conflict_goes_without_touching_the_tenant(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    rival = await scene.apply(plan, name="rival", tenant_id=acme.tenant_id)
    await rival.until(ready="Conflict")

    await rival.delete()
    await rival.until_gone()

    seen = await acme.settled()
    assert (seen.reason(), seen.tenant["state"]) == ("Provisioned", "STATE_APPROVED")


async def test_claim_of_another_namespace_is_not_taken_over_without_trust(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan, {"spec.deletionPolicy": "Orphan"})
    customer = await acme.customer_id()
    await acme.delete()
    await acme.until_gone()

    elsewhere = await scene.another_namespace("elsewhere")
    other = await scene.apply(plan, namespace=elsewhere)

    seen = await other.until(ready="Conflict")
    assert f"{acme.namespace}/acme" in seen.message()
    assert seen.tenant["attributes"]["stripe-customer-id"] == customer


async def test_claim_of_another_namespace_is_taken_over_by_a_trusted_one(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan, {"spec.deletionPolicy": "Orphan"})
    left = (await acme.look()).status
    await acme.delete()
    await acme.until_gone()

    elsewhere = await scene.another_namespace("elsewhere", trusted=True)
    other = await scene.apply(plan, namespace=elsewhere)

    seen = await other.until(
        ready="Provisioned",
        tenant="Approved",
        status={"customerID": left["customerID"], "subscriptionID": left["subscriptionID"]},
    )
    await other.settled()
    claim = (await other.look()).tenant["attributes"]["tenant-subscription"]
    assert claim == f"default/{elsewhere}/acme", seen.message()


async def test_suspension_of_somebody_else_stays_though_the_customer_pays(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.in_the_console({"state": "STATE_SUSPENDED", "state_description": "Abuse report 4711"})

    await acme.settled()

    seen = await acme.until(ready="SuspendedByOther", payment="Paid", tenant="Suspended")
    assert seen.description == "Abuse report 4711"
    assert "billing goes on" in seen.message()

    await acme.in_the_console({"state": "STATE_APPROVED", "state_description": ""})
    await acme.settled()
    await acme.until(ready="Provisioned", tenant="Approved")


async def test_limits_that_somebody_else_changed_are_put_right(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.in_the_console({"max_end_devices": "9999", "attributes": {}})

    await scene.look_at_all_tenants()

    seen = await acme.until(ready="Provisioned", limits={"end_devices": 500})
    assert seen.tenant["attributes"]["managed-by"] == "tenant-billing-operator"


async def test_tenant_that_was_deleted_is_not_made_again_and_billing_goes_on(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.deleted_in_the_console()

    first = await acme.settled()
    assert first.reason() != "TenantGone", "one 404 proves nothing"

    scene.stage.clock.skip(61)
    await acme.settled()
    seen = await acme.until(ready="TenantGone", payment="Paid", tenant="Absent", stripe="active")
    assert "billing goes on" in seen.message()


async def test_tenant_that_was_deleted_is_noticed_by_itself(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.deleted_in_the_console()

    await scene.look_at_all_tenants()
    await acme.until(ready="Provisioned", tenant_synced="Pending", status={"tenantState": "Approved"})
    scene.stage.clock.skip(61)
    await acme.settled()

    await acme.until(ready="TenantGone", tenant="Absent", stripe="active")


async def test_id_of_a_deleted_tenant_is_taken(scene: Scene) -> None:
    plan = await scene.plan()
    former = await _there_is_a_tenant(scene, APPROVED)
    await former.deleted_in_the_console()

    acme = await scene.apply(plan)
    await acme.until(ready="AwaitingPayment", stripe="incomplete")
    await acme.pays()

    seen = await acme.until(ready="TenantIDTaken", payment="Paid", tenant="Absent", stripe="active")
    assert acme.tenant_id in seen.message()


async def test_tenant_without_room_for_attributes_is_known_by_its_billing_alone(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    await _there_is_a_tenant(scene, {**APPROVED, "attributes": {f"key-{n}": "x" for n in range(9)}})

    acme = await scene.apply(plan, {"spec.tenant.adoptionPolicy": "IfUnmanaged"})
    await acme.until(ready="AwaitingPayment", stripe="incomplete")
    await acme.pays()

    seen = await acme.until(ready="TooManyAttributes", payment="Paid", tenant="Approved")
    assert seen.tenant["billing"]["stripe"]["subscription_id"] == seen.status["subscriptionID"]
    assert len(seen.tenant["attributes"]) == 9


async def test_billing_field_is_left_alone_beside_a_billing_server_that_still_runs(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", {"spec.billingFieldPolicy": "Ignore"})
    acme = await scene.subscribe(await scene.plan(), {"spec.clusterRef.name": cluster})

    seen = await acme.look()

    assert "billing" not in seen.tenant
    assert seen.tenant["attributes"]["stripe-subscription-id"] == seen.status["subscriptionID"]
