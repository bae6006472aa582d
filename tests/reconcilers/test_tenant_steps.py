"""One pass over a TenantSubscription, step by step: what is asked between two writes, and who may go on."""

from datetime import timedelta
from typing import Any

import pytest

import kubernetes_bodies as bodies
from tenant_billing.domain.observations import TenantState
from tenant_billing.reconcilers.absences import PROOF
from tenant_loop import ACME, CLUSTER, Selling


@pytest.fixture
async def selling() -> Selling:
    selling = Selling()
    await selling.sell()
    return selling


def cluster_of(selling: Selling) -> dict[str, Any]:
    return dict(selling.loop.store.body(CLUSTER) or {})


async def test_tenant_is_looked_for_once_more_after_its_intent_was_stored_and_before_it_is_made() -> None:
    """Between both a former leader's call may have arrived; what was looked at for the purchase says nothing of it."""
    selling, calls = Selling(), list[str]()
    for each in (selling.account, selling.registry, selling.loop.kubernetes):
        each.calls = calls
    await selling.sell()
    made = calls.index("create_tenant")
    stored = max(number for number in range(made) if calls[number] == "apply_status")
    assert "tenant" in calls[stored:made]


async def test_object_that_is_made_anew_amid_a_pass_is_not_written_for_the_former_one(
    selling: Selling,
) -> None:
    former = dict(selling.loop.store.body(ACME) or {})

    def is_made_anew() -> None:
        selling.loop.store.forget(former)
        selling.loop.see(bodies.newer(former, uid="another") | {"status": {}})

    selling.account.owes("sub_1", since=timedelta(days=30))
    selling.account.while_a_read_waits.append(is_made_anew)
    selling.annotate(nudge="evt_1")
    assert (await selling.run(ACME)).result == "waiting"
    assert selling.acme.status.customer_id is None


async def test_tenant_that_was_not_found_is_looked_for_again_when_that_proves_something(
    selling: Selling,
) -> None:
    del selling.registry.tenants["acme"]
    selling.annotate(reconcile="1")
    assert (await selling.run(ACME)).look_again_after == PROOF + 1.0


async def test_brake_holds_a_tenant_pass_after_pass_until_somebody_approves(selling: Selling) -> None:
    each_needs_approval = {"spec": cluster_of(selling)["spec"] | {"brake": {"maxDisruptionsPerHour": 0}}}
    selling.loop.see(bodies.newer(cluster_of(selling), generation=2) | each_needs_approval)
    selling.account.owes("sub_1", since=timedelta(days=60))
    selling.annotate(nudge="evt_1")
    await selling.run(CLUSTER, ACME)
    batch = cluster_of(selling)["status"]["brake"]
    assert (batch["engaged"], batch["tenants"]) == (True, ["acme"])
    await selling.run(ACME, CLUSTER, ACME)
    assert (selling.tenant_state, selling.reason()) == (TenantState.APPROVED, "BrakeEngaged")
    assert cluster_of(selling)["status"]["brake"] == batch
    approval = {"tenantbilling.dev/approve-disruptions": batch["id"]}
    selling.loop.see(bodies.newer(cluster_of(selling), annotations=approval))
    await selling.run(CLUSTER, ACME)
    assert selling.tenant_state is TenantState.SUSPENDED
