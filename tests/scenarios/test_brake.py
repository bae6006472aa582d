"""The brake: how much access may be taken away in an hour before a person approves."""

import asyncio

import pytest

from scenario_scene import Scene
from scenario_stage import Object
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")

EACH = {"spec.brake": {"maxDisruptionsPerHour": 0}}
"""Each disruption needs approval."""


async def _subscribed(scene: Scene, cluster: str, *names: str) -> list[Tenant]:
    plan = await scene.plan()
    placed = {"spec.clusterRef.name": cluster}
    return await asyncio.gather(*(scene.subscribe(plan, placed, name=name) for name in names))


async def _held(scene: Scene, cluster: str, *tenants: Tenant) -> Object:
    """Wait until exactly these tenants wait for approval; gives the state of the brake."""
    wanted = sorted(each.tenant_id for each in tenants)
    found = await scene.until_cluster(
        cluster, lambda status: sorted(status.get("brake", {}).get("tenants", [])) == wanted
    )
    brake: Object = found["status"]["brake"]
    return brake


def _count(status: Object, name: str) -> int:
    return int(status.get("brake", {}).get(name, 0))


async def test_cancelled_tenant_keeps_its_access_until_somebody_approves(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", EACH)
    (acme,) = await _subscribed(scene, cluster, "acme")

    await acme.cancelled_in_the_dashboard()
    await acme.until(ready="SubscriptionEnded", tenant_synced="BrakeEngaged", tenant="Approved")
    brake = await _held(scene, cluster, acme)
    assert (brake["engaged"], brake["held"]) == (True, 1)

    await scene.approve(cluster, brake["id"])
    await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Suspended")


async def test_overdue_tenant_that_pays_leaves_the_batch_and_the_brake_releases(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", EACH)
    (acme,) = await _subscribed(scene, cluster, "acme")
    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(tenant="Flagged")
    await scene.advance(days=22)
    seen = await acme.until(ready="BrakeEngaged", payment="GraceExpired", tenant="Flagged")
    assert "approve-disruptions" in seen.message()
    await _held(scene, cluster, acme)

    await acme.pays()

    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")
    released = await scene.until_cluster(cluster, lambda status: not status["brake"]["engaged"])
    assert released["status"]["brake"].get("tenants", []) == []


async def test_deletion_waits_for_approval_and_bills_on_meanwhile(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", EACH)
    (acme,) = await _subscribed(scene, cluster, "acme")

    await acme.delete()
    await acme.until(ready="BrakeEngaged", tenant="Approved", stripe="active")

    brake = await _held(scene, cluster, acme)
    await scene.approve(cluster, brake["id"])
    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("canceled", "STATE_SUSPENDED")


async def test_approval_is_for_the_batch_that_was_seen(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", EACH)
    acme, lab = await _subscribed(scene, cluster, "acme", "lab")
    await acme.cancelled_in_the_dashboard()
    small = await _held(scene, cluster, acme)
    await lab.cancelled_in_the_dashboard()
    grown = await _held(scene, cluster, acme, lab)
    assert grown["id"] != small["id"]

    await scene.approve(cluster, small["id"])
    assert (await acme.settled()).tenant["state"] == "STATE_APPROVED"

    await scene.approve(cluster, grown["id"])
    await acme.until(tenant="Suspended")
    await lab.until(tenant="Suspended")


async def test_limit_of_a_share_is_never_under_ten(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", {"spec.brake": {"maxDisruptionsPerHour": "5%"}})
    names = [f"tenant-{number}" for number in range(11)]
    tenants = await _subscribed(scene, cluster, *names)

    await asyncio.gather(*(each.cancelled_in_the_dashboard() for each in tenants))

    found = await scene.until_cluster(
        cluster, lambda status: _count(status, "held") == 1 and status["tenants"].get("suspended") == 10
    )
    assert found["status"]["brake"]["count"] == 10
    assert found["status"]["tenants"].get("approved") == 1


async def test_giving_access_back_needs_no_approval(scene: Scene) -> None:
    cluster = await scene.cluster("eu2", EACH)
    (acme,) = await _subscribed(scene, cluster, "acme")
    await acme.change({"accessPolicy": "Suspend"})
    await scene.approve(cluster, (await _held(scene, cluster, acme))["id"])
    await acme.until(ready="Suspended", tenant="Suspended")

    await acme.change({"accessPolicy": "FollowBilling"})

    await acme.until(ready="Provisioned", tenant="Approved")
