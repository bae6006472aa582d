"""The watched objects by kind."""

from kubernetes_bodies import a_backend, a_cluster, a_namespace, a_plan, a_subscription
from tenant_billing.runtime.inventory import inventory
from tenant_billing.runtime.resources import ResourceStore


def test_objects_are_sorted_by_kind_and_those_that_cannot_be_read_are_counted() -> None:
    store = ResourceStore()
    broken = a_plan("broken") | {"spec": {"price": "free"}}
    bodies = (
        a_backend(),
        a_cluster(),
        a_plan(),
        broken,
        a_subscription("a"),
        a_subscription("b"),
        a_namespace(),
    )
    for body in bodies:
        store.observe(body)
    seen = inventory(store.held().values())
    assert [each.metadata.name for each in seen.subscriptions] == ["a", "b"]
    assert [len(each) for each in (seen.backends, seen.clusters, seen.plans)] == [1, 1, 1]
    assert seen.unreadable == {"BillingPlan": 1}
