"""The store: the newest version of each object, and what is found by what."""

import pytest

from kubernetes_bodies import a_backend, a_cluster, a_namespace, a_plan, a_subscription, key, newer
from tenant_billing.runtime.resources import Change, ResourceStore


def a_store(*bodies: dict[str, object]) -> ResourceStore:
    store = ResourceStore()
    for body in bodies:
        store.arrive(body)
    return store


def names(items: object) -> list[str]:
    return [item.metadata.name for item in items]  # type: ignore[attr-defined]  # any of our kinds


def test_an_older_version_never_replaces_a_newer_one() -> None:
    """What we wrote is observed at once; the watch brings the version before it later."""
    first = a_subscription()
    second = newer(first) | {"status": {"customerID": "cus_1"}}
    store = a_store(first)
    store.observe(second)
    store.arrive(first)
    held = store.subscription("tenants", "acme")
    assert held is not None
    assert held.status.customer_id == "cus_1"


def test_versions_are_compared_as_numbers() -> None:
    ninth = a_plan(resourceVersion="9")
    store = a_store(ninth)
    store.arrive(newer(ninth, generation=2))
    plan = store.plan("starter")
    assert plan is not None
    assert plan.metadata.generation == 2


def test_another_object_of_the_same_name_replaces_the_one_before_whatever_its_version() -> None:
    store = a_store(a_plan(resourceVersion="100"))
    store.arrive(a_plan(resourceVersion="7", uid="another"))
    plan = store.plan("starter")
    assert plan is not None
    assert plan.metadata.uid == "another"


def test_the_end_of_the_object_before_does_not_remove_its_successor() -> None:
    before = a_plan(uid="before")
    store = a_store(before, a_plan(uid="after", resourceVersion="9"))
    store.forget(before)
    assert store.plan("starter") is not None


def test_an_object_whose_last_finalizer_we_removed_is_gone() -> None:
    """The API server removes it at once; its end may reach us much later."""
    body = a_subscription(
        finalizers=["tenantbilling.dev/finalizer"], deletionTimestamp="2026-11-20T11:00:00Z"
    )
    store = a_store(body)
    store.observe(newer(body, finalizers=[]))
    assert store.subscription("tenants", "acme") is None


def test_a_body_that_is_not_of_its_kind_is_kept_out_and_says_why() -> None:
    broken = newer(a_plan()) | {"spec": {"displayName": "Starter"}}
    store = a_store(a_plan(), broken)
    assert store.plan("starter") is None
    assert store.plans_of("main") == []
    problem = store.invalid(key(broken))
    assert problem is not None
    assert "spec.price" in problem
    assert store.body(key(broken)) is not None
    store.arrive(newer(broken) | {"spec": a_plan()["spec"]})
    assert store.invalid(key(broken)) is None
    assert names(store.plans_of("main")) == ["starter"]


def test_subscriptions_are_found_by_everything_they_name() -> None:
    status = {"customerID": "cus_1", "subscriptionID": "sub_1", "planRef": {"name": "growth"}}
    store = a_store(a_subscription("acme", status=status), a_subscription("lab", payer="acme", tenant="acme"))
    assert names(store.subscriptions_of_plan("starter")) == ["acme", "lab"]
    assert names(store.subscriptions_of_plan("growth")) == ["acme"]
    assert names(store.subscriptions_of_cluster("eu1")) == ["acme", "lab"]
    assert names(store.subscriptions_of_tenant("eu1", "acme")) == ["acme", "lab"]
    assert names(store.subscriptions_of_customer("cus_1")) == ["acme"]
    assert names(store.by_subscription_id("sub_1")) == ["acme"]
    assert names(store.subscriptions_paid_by("tenants", "acme")) == ["lab"]
    assert names(store.subscriptions_of_namespace("tenants")) == ["acme", "lab"]


def test_lookups_follow_a_change_and_a_deletion() -> None:
    body = a_subscription(status={"customerID": "cus_1"})
    store = a_store(body)
    store.arrive(newer(body) | {"status": {"customerID": "cus_2"}})
    assert store.subscriptions_of_customer("cus_1") == []
    assert names(store.subscriptions_of_customer("cus_2")) == ["acme"]
    store.forget(body)
    assert store.subscriptions_of_customer("cus_2") == []
    assert store.subscriptions_of_cluster("eu1") == []


def test_plans_come_oldest_first() -> None:
    younger = a_plan("a", creationTimestamp="2026-11-21T00:00:00Z")
    older = a_plan("b", creationTimestamp="2026-11-20T00:00:00Z")
    assert names(a_store(younger, older).plans_of("main")) == ["b", "a"]


def test_namespaces_are_known_by_their_labels() -> None:
    store = a_store(a_namespace("tenants", labels={"billing": "trusted"}), a_namespace("bare"))
    assert store.namespace_labels("tenants") == {"billing": "trusted"}
    assert store.namespace_labels("bare") == {}
    assert store.namespace_labels("unknown") is None


def test_a_new_leader_begins_with_what_others_depend_on() -> None:
    store = a_store(a_subscription(), a_plan(), a_cluster(), a_backend(), a_namespace())
    assert [each.kind for each in store.everything()] == [
        "BillingBackend",
        "ThingsStackCluster",
        "BillingPlan",
        "TenantSubscription",
    ]


def test_who_set_which_field_is_not_kept() -> None:
    body = a_plan(managedFields=[{"manager": "kubectl"}])
    held = a_store(body).body(key(body))
    assert held is not None
    assert "managedFields" not in held["metadata"]


@pytest.mark.parametrize("ours", [True, False])
def test_a_listener_hears_who_brought_a_change(ours: bool) -> None:
    heard: list[Change] = []
    store = ResourceStore()
    store.listen(heard.append)
    (store.observe if ours else store.arrive)(a_plan())
    assert [(change.before, change.ours) for change in heard] == [(None, ours)]
