"""Whom a change concerns."""

from typing import Any

import pytest

from kubernetes_bodies import (
    a_backend,
    a_cluster,
    a_namespace,
    a_plan,
    a_subscription,
    an_observed_subscription,
    newer,
)
from tenant_billing.runtime.dependents import Affected, affected_by
from tenant_billing.runtime.resources import Change, ResourceStore

READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Available",
    "lastTransitionTime": "2026-11-20T10:00:00Z",
}
NOT_READY = READY | {"status": "False", "reason": "Unreachable"}
BEING_DELETED: dict[str, Any] = {
    "deletionTimestamp": "2026-11-20T11:00:00Z",
    "finalizers": ["tenantbilling.dev/finalizer"],
}


def affected(
    *held: dict[str, Any],
    then: dict[str, Any] | None = None,
    gone: dict[str, Any] | None = None,
    ours: bool = False,
) -> Affected:
    """What is to be looked at when one more version arrives, or an object goes."""
    store, heard = ResourceStore(), list[Change]()
    for body in held:
        store.arrive(body)
    store.listen(heard.append)
    if gone is not None:
        store.forget(gone)
    if then is not None:
        (store.observe if ours else store.arrive)(then)
    (change,) = heard
    return affected_by(change, store)


def names(keys: object) -> set[str]:
    return {f"{key.kind}/{key.name}" for key in keys}  # type: ignore[attr-defined]  # keys


EVERYTHING = (a_backend(), a_cluster(), a_plan(), a_plan("growth"), a_subscription(), a_namespace())


def test_a_new_object_is_looked_at_and_the_plan_that_counts_it_soon() -> None:
    found = affected(a_plan(), then=a_subscription())
    assert names(found.itself) == {"TenantSubscription/acme"}
    assert names(found.others) == set()
    assert names(found.soon) == {"BillingPlan/starter"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"generation": 2}, id="an edit"),
        pytest.param({"annotations": {"tenantbilling.dev/nudge": "evt_1"}}, id="a nudge"),
        pytest.param({"labels": {"team": "a"}}, id="a label"),
        pytest.param({"finalizers": ["example.com/other"]}, id="a finalizer"),
        pytest.param(BEING_DELETED, id="a deletion"),
    ],
)
def test_a_wish_is_a_reason_to_look(change: dict[str, Any]) -> None:
    body = a_subscription()
    assert names(affected(body, then=newer(body, **change)).itself) == {"TenantSubscription/acme"}


@pytest.mark.parametrize(
    "body", [a_subscription(), a_plan(), a_cluster(), a_backend()], ids=lambda body: body["kind"]
)
def test_a_status_is_no_reason_to_look_at_the_object_itself(body: dict[str, Any]) -> None:
    """Whoever wrote it: the loop would never end."""
    changed = newer(body) | {"status": {"observedGeneration": 1, "conditions": [READY]}}
    assert affected(body, then=changed).itself == ()


@pytest.mark.parametrize("body", [a_subscription(), a_cluster()], ids=lambda body: body["kind"])
def test_a_status_that_a_watch_brings_is_looked_at_unless_it_is_our_own(body: dict[str, Any]) -> None:
    """It may be a late write of a replica that led before: what it undid has to be done again."""
    changed = newer(body) | {"status": {"observedGeneration": 1}}
    assert names(affected(body, then=changed).strange) == {f"{body['kind']}/{body['metadata']['name']}"}
    assert affected(body, then=changed, ours=True).strange == ()
    assert affected(body, then=newer(body, generation=2)).strange == ()
    assert affected(then=changed).strange == ()


def test_our_own_finalizer_is_no_reason_but_an_edit_seen_in_the_answer_to_our_write_is() -> None:
    """The watch brings that edit later, as a version that is known by then."""
    body = a_subscription()
    assert affected(body, then=newer(body, finalizers=["f"]), ours=True).itself == ()
    assert names(affected(body, then=newer(body, generation=2), ours=True).itself) == {
        "TenantSubscription/acme"
    }


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"generation": 2}, {}, id="edited"),
        pytest.param({}, {"conditions": [READY]}, id="ready"),
        pytest.param({}, {"conditions": [NOT_READY]}, id="not ready"),
        pytest.param(BEING_DELETED, {}, id="being deleted"),
    ],
)
def test_what_others_depend_on_brings_them_along(change: dict[str, Any], status: dict[str, Any]) -> None:
    backend, cluster, plan = a_backend(), a_cluster(), a_plan()
    found = affected(*EVERYTHING, then=newer(backend, **change) | {"status": status})
    assert names(found.others) == {"BillingPlan/starter", "BillingPlan/growth", "TenantSubscription/acme"}
    found = affected(*EVERYTHING, then=newer(cluster, **change) | {"status": status})
    assert names(found.others) == {"TenantSubscription/acme"}
    found = affected(*EVERYTHING, then=newer(plan, **change) | {"status": status})
    assert names(found.others) == {"BillingPlan/growth", "TenantSubscription/acme"}


def test_a_namespace_that_a_plan_discovers_into_is_looked_at_as_it_is_trusted_by_that() -> None:
    other = a_subscription("beta", plan="growth")
    discovering = a_plan()
    discovering["spec"] = discovering["spec"] | {
        "discovery": {"namespace": "tenants", "clusterRef": {"name": "eu1"}}
    }
    found = affected(a_plan(), a_plan("growth"), other, then=newer(discovering, generation=2))
    assert "TenantSubscription/beta" in names(found.others)
    found = affected(discovering, a_plan("growth"), other, gone=discovering)
    assert "TenantSubscription/beta" in names(found.others), "it is trusted no longer"
    found = affected(discovering, a_plan("growth"), other, then=newer(discovering, generation=2))
    assert "TenantSubscription/beta" not in names(found.others)


def test_a_nudge_on_a_backend_concerns_the_backend_alone() -> None:
    backend = a_backend()
    nudged = newer(backend, annotations={"tenantbilling.dev/nudge": "evt_1"})
    assert affected(*EVERYTHING, then=nudged).others == ()


def test_a_batch_that_grows_brings_nobody() -> None:
    brake = {"id": "b-1", "engaged": True, "windowStartTime": "2026-11-20T10:00:00Z", "tenants": ["acme"]}
    held = a_cluster(status={"brake": brake})
    grown = newer(held) | {"status": {"brake": brake | {"id": "b-2", "tenants": ["acme", "bolt"]}}}
    assert affected(held, a_subscription(), then=grown).others == ()


def test_a_batch_that_was_carried_out_brings_the_tenants_that_had_no_room_in_it() -> None:
    brake = {"id": "b-1", "engaged": False, "windowStartTime": "2026-11-20T10:00:00Z", "tenants": ["acme"]}
    approved = a_cluster(status={"brake": brake})
    done = newer(approved) | {"status": {"brake": brake | {"tenants": []}}}
    assert names(affected(approved, a_subscription(), then=done).others) == {"TenantSubscription/acme"}


def test_a_brake_that_is_released_brings_the_tenants_that_it_held() -> None:
    brake = {"id": "b-1", "engaged": True, "windowStartTime": "2026-11-20T10:00:00Z"}
    held = a_cluster(status={"brake": brake})
    released = newer(held) | {"status": {"brake": brake | {"engaged": False}}}
    assert names(affected(held, a_subscription(), then=released).others) == {"TenantSubscription/acme"}


def test_siblings_of_a_tenant_and_those_it_pays_for_look_when_an_object_goes_or_its_ids_change() -> None:
    acme = a_subscription()
    rival, lab = a_subscription("rival", tenant="acme"), a_subscription("lab", payer="acme")
    expected = {"TenantSubscription/rival", "TenantSubscription/lab"}
    assert names(affected(acme, rival, lab, gone=acme).others) == expected
    known = newer(acme) | {"status": {"customerID": "cus_1"}}
    assert names(affected(acme, rival, lab, then=known, ours=True).others) == expected


def test_whatever_waits_for_an_object_to_be_gone_looks_at_once() -> None:
    plan, cluster, acme = a_plan(**BEING_DELETED), a_cluster(**BEING_DELETED), a_subscription()
    found = affected(plan, cluster, acme, gone=acme)
    assert names(found.others) == {"BillingPlan/starter", "ThingsStackCluster/eu1"}
    backend = a_backend(**BEING_DELETED)
    assert names(affected(backend, a_plan(), gone=a_plan()).others) == {"BillingBackend/main"}
    observed = an_observed_subscription()
    assert names(affected(backend, observed, gone=observed).others) == {"BillingBackend/main"}


def test_a_namespace_concerns_its_objects_when_its_labels_change_or_it_ends() -> None:
    namespace, elsewhere = a_namespace(), a_subscription("other", namespace="elsewhere")
    for change in ({"labels": {"billing": "trusted"}}, {"deletionTimestamp": "2026-11-20T11:00:00Z"}):
        found = affected(namespace, a_subscription(), elsewhere, then=newer(namespace, **change))
        assert names(found.others) == {"TenantSubscription/acme"}
    assert affected(namespace, a_subscription(), then=newer(namespace)) == Affected()
