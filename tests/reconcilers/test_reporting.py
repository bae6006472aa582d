"""Writing one's own object: what the answer to a write tells."""

import pytest

import kubernetes_bodies as bodies
from loop_fakes import Loop
from tenant_billing.api.tenant_subscription import TenantSubscription, TenantSubscriptionStatus
from tenant_billing.ports import ObjectGone
from tenant_billing.reconcilers.reporting import Reporter

ACME = bodies.a_subscription("acme")
STATUS = TenantSubscriptionStatus(customer_id="cus_1")


def seen(loop: Loop) -> TenantSubscription:
    loop.see(ACME)
    found = loop.store.subscription("tenants", "acme")
    assert found is not None
    return found


@pytest.mark.parametrize("write", ["status", "finalizer"])
async def test_object_that_is_gone_is_forgotten_though_no_watch_tells_it(write: str) -> None:
    loop = Loop()
    resource, reporter = seen(loop), Reporter(loop.surroundings())
    loop.kubernetes.fail("apply_status" if write == "status" else "set_finalizers", ObjectGone("acme"))
    writing = (
        reporter.store(resource, resource.status, STATUS) if write == "status" else reporter.hold(resource)
    )
    with pytest.raises(ObjectGone):
        await writing
    assert loop.store.body(bodies.key(ACME)) is None


async def test_successor_of_the_same_name_is_not_forgotten() -> None:
    loop = Loop()
    resource, reporter = seen(loop), Reporter(loop.surroundings())
    loop.see(bodies.a_subscription("acme", uid="successor"))
    loop.kubernetes.fail("apply_status", ObjectGone("acme"))
    with pytest.raises(ObjectGone):
        await reporter.store(resource, resource.status, STATUS)
    held = loop.store.body(bodies.key(ACME))
    assert held is not None
    assert held["metadata"]["uid"] == "successor"
