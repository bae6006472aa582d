"""A replica that may not lead any more sends nothing that changes anything, to whomever; it may still look."""

import pytest
from kubernetes.aio import client
from structlog.testing import capture_logs

from outside_stubs import (
    PATIENT,
    SUBJECT,
    Answer,
    ManualClock,
    Stub,
    stripe_at,
    stripe_error,
    things_stack_at,
)
from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.kubernetes_configuration import connected
from tenant_billing.domain import requests
from tenant_billing.domain.errors import NotLeading
from tenant_billing.domain.observations import TenantState

CUSTOMER = requests.NewCustomer(
    email="a@acme.example", name="Acme", description=None, address=None, tax_ids=(), metadata={}
)
SUSPENSION = requests.TenantChange(state=TenantState.SUSPENDED, state_description="Billing: payment past due")


class Fence:
    """Lets some writes through, then none."""

    def __init__(self, writes: int = 0) -> None:
        self._left = writes

    def __call__(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise NotLeading("this replica does not lead any more")


async def test_nothing_is_written_to_stripe_but_it_is_read(stub: Stub) -> None:
    stub.will(Answer({"id": "acct_1", "object": "account"}))
    async with stripe_at(stub.url, fence=Fence()) as provider:
        assert (await provider.account()).id == "acct_1"
        with pytest.raises(NotLeading), capture_logs() as lines:
            await provider.create_customer(CUSTOMER, "key-1", SUBJECT)
    assert [each.method for each in stub.received] == ["GET"]
    assert [(each["result"], each["attempts"]) for each in lines if each["event"] == "OutsideWrite"] == [
        ("NotLeading", 0)
    ]


async def test_a_write_is_not_tried_again_once_the_fence_is_shut(stub: Stub) -> None:
    stub.will(stripe_error(429, code="rate_limit"))
    async with stripe_at(stub.url, backoff=PATIENT, fence=Fence(writes=1)) as provider:
        with pytest.raises(NotLeading):
            await provider.create_customer(CUSTOMER, "key-1", SUBJECT)
    assert len(stub.received) == 1


async def test_nothing_is_written_to_the_things_stack_but_it_is_read(stub: Stub) -> None:
    stub.will(Answer({"tenants": []}))
    async with things_stack_at(stub.url, fence=Fence()) as registry:
        await registry.probe()
        with pytest.raises(NotLeading):
            await registry.update_tenant("acme", SUSPENSION, SUBJECT)
    assert [each.method for each in stub.received] == ["GET"]


async def test_nothing_is_written_to_kubernetes_but_it_is_read_and_the_webhook_stores_on(stub: Stub) -> None:
    """Every replica serves the webhook, so the connection that it uses has no fence."""
    stub.will(Answer({"metadata": {"uid": "u"}}))
    async with connected(client.Configuration(host=stub.url)) as api_client:
        unfenced = KubernetesApi(api_client)
        leaders = KubernetesCluster(unfenced.fenced(Fence()), ManualClock(), "one")
        assert await leaders.is_reachable()
        with pytest.raises(NotLeading):
            await leaders.apply_status("BillingPlan", None, "starter", "u", {})
        await KubernetesCluster(unfenced, ManualClock(), "one").annotate("BillingPlan", None, "starter", {})
    assert [each.method for each in stub.received] == ["GET", "PATCH"]
