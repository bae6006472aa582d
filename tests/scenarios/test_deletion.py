"""What deleting a TenantSubscription means outside."""

import pytest

from scenario_scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

APPROVED, SUSPENDED = "STATE_APPROVED", "STATE_SUSPENDED"


async def test_deletion_cancels_at_once_without_a_refund_and_suspends_the_tenant(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    customer = await acme.customer_id()
    await scene.advance(days=10)

    await acme.delete()

    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("canceled", SUSPENDED)
    assert left.description == "Billing: subscription ended"
    invoices = await scene.stage.outside.from_stripe("/v1/invoices", customer=customer)
    assert [each["amount_due"] for each in invoices["data"]] == [4900], (
        "no refund, and no bill beside the first"
    )


async def test_orphaned_subscription_and_tenant_go_on(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan(), {"spec.deletionPolicy": "Orphan"})

    await acme.delete()

    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("active", APPROVED)


async def test_object_that_is_applied_again_finds_what_it_orphaned_and_makes_nothing(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan, {"spec.deletionPolicy": "Orphan"})
    former = (await acme.look()).status
    await acme.delete()
    await acme.until_gone()
    before = scene.writes()

    again = await scene.apply(plan)

    seen = await again.until(ready="Provisioned", payment="Paid", tenant="Approved")
    assert seen.status["subscriptionID"] == former["subscriptionID"]
    assert seen.status["customerID"] == former["customerID"]
    assert scene.writes() == before


async def test_trusted_namespace_deletes_the_tenant_too(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan(), {"spec.deletionPolicy": "CancelAndDeleteTenant"})

    await acme.delete()

    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant) == ("canceled", {})


async def test_namespace_that_lost_its_trust_deletes_no_tenant(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan(), {"spec.deletionPolicy": "CancelAndDeleteTenant"})
    await scene.trust(granted=False)

    await acme.delete()
    seen = await acme.until(ready="NotAllowed", tenant="Approved", stripe="active")
    assert "Orphan" in seen.message()

    await acme.change({"deletionPolicy": "Orphan"})
    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("active", APPROVED)


async def test_deleting_a_paused_object_only_lets_go(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.annotate(paused="true")
    await acme.until(ready="Paused")

    await acme.delete()

    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("active", APPROVED)


async def test_object_that_cannot_end_goes_once_it_is_paused(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", {"spec.brake": {"maxDisruptionsPerHour": 0}})
    acme = await scene.subscribe(await scene.plan(), {"spec.clusterRef.name": cluster})
    await acme.delete()
    await acme.until(ready="BrakeEngaged", stripe="active")

    await acme.annotate(paused="true")

    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("active", APPROVED)


async def test_object_that_was_never_paid_takes_its_subscription_with_it(scene: Scene) -> None:
    acme = await scene.apply(await scene.plan())
    await acme.until(ready="AwaitingPayment", stripe="incomplete")

    await acme.delete()

    left = await acme.until_gone()
    assert left.subscription["status"] in {"canceled", "incomplete_expired"}
    assert left.tenant == {}


async def test_somebody_elses_suspension_stays_when_the_object_goes(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.in_the_console({"state": "STATE_SUSPENDED", "state_description": "Abuse report 4711"})

    await acme.delete()

    left = await acme.until_gone()
    assert (left.subscription["status"], left.description) == ("canceled", "Abuse report 4711")


async def test_deletion_of_one_tenant_leaves_the_sibling_that_its_customer_pays_for(scene: Scene) -> None:
    plan = await scene.plan()
    await scene.subscribe(plan)
    lab = await scene.subscribe(plan, {"spec.customer": {"subscriptionRef": {"name": "acme"}}}, name="lab")

    await lab.delete()
    left = await lab.until_gone()

    assert left.subscription["status"] == "canceled"
    acme = await scene.tenants[0].settled()
    assert (acme.reason(), acme.subscription["status"]) == ("Provisioned", "active")


async def test_cluster_in_use_says_who_uses_it_and_goes_after_them(scene: Scene) -> None:
    cluster = await scene.cluster("eu2")
    acme = await scene.subscribe(await scene.plan(), {"spec.clusterRef.name": cluster})

    await scene.stage.outside.kubernetes.delete(scene.cluster_path(cluster))
    found = await scene.until_cluster(cluster, lambda status: "kept while" in str(status["conditions"]))
    assert f"{acme.namespace}/acme" in str(found["status"]["conditions"])

    await acme.delete()
    await acme.until_gone()
    await scene.until_cluster_is_gone(cluster)
