"""Who may name a tenant, a customer or a subscription, and gets nothing of what is somebody else's by naming it."""

import copy
from dataclasses import replace
from typing import Any

import pytest

import kubernetes_bodies as bodies
from hand_clock import NOW
from tenant_billing.api.names import FINALIZER
from tenant_billing.api.tenant_subscription import TenantSubscriptionStatus
from tenant_billing.domain.observations import Customer, TenantState
from tenant_billing.ports import ObjectKey
from tenant_loop import ACME, Selling

STRANGER = ObjectKey("TenantSubscription", "elsewhere", "acme")


class Market(Selling):
    """A seller to several namespaces, none of which is trusted."""

    def __init__(self) -> None:
        super().__init__()
        self.loop.see(bodies.a_namespace("elsewhere"))

    async def buys(self, status: str) -> None:
        """Acme's object buys; the first payment stands, or not."""
        self.account.first_status = status
        self.loop.see(bodies.a_subscription())
        await self.begin()
        await self.run(ACME, ACME)

    async def stranger(self, **changes: Any) -> None:
        """A stranger names acme in another namespace."""
        self.loop.see(bodies.a_subscription(namespace="elsewhere", **changes))
        await self.run(STRANGER, STRANGER)

    def let_go(self) -> None:
        """Acme's object is gone, and left to itself what it had bought (Orphan)."""
        self.loop.store.forget(self.loop.store.body(ACME) or {})

    def status_of(self, key: ObjectKey) -> TenantSubscriptionStatus:
        found = self.loop.store.subscription(key.namespace, key.name)
        assert found is not None
        return found.status

    def said_of(self, key: ObjectKey) -> str:
        return next(each.reason for each in self.status_of(key).conditions if each.type == "Ready")

    async def delete(self, key: ObjectKey) -> None:
        body = copy.deepcopy(dict(self.loop.store.body(key) or {}))
        self.loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T11:00:00Z"))
        await self.run(key, key)


def naming(body: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """The same object, whose spec names something of the account's."""
    return bodies.newer(body, generation=2) | {"spec": body["spec"] | spec}


@pytest.fixture
def market() -> Market:
    return Market()


async def test_what_was_bought_before_its_tenant_exists_is_no_stranger_s(market: Market) -> None:
    await market.buys("incomplete")
    market.let_go()
    await market.stranger()

    assert (market.said_of(STRANGER), market.status_of(STRANGER).customer_id) == ("Conflict", None)
    assert list(market.account.subscriptions) == ["sub_1"]
    await market.delete(STRANGER)
    assert market.account.count("cancel_subscription") == 0


async def test_whoever_has_it_on_record_goes_on_with_what_it_bought(market: Market) -> None:
    await market.buys("incomplete")
    market.let_go()
    await market.buys("incomplete")

    assert market.acme.status.subscription_id == "sub_1"
    assert list(market.account.subscriptions) == ["sub_1"]


async def test_former_holder_of_a_tenant_s_id_is_not_billed_for_the_next(market: Market) -> None:
    """The first buyer never paid and left; its customer, with name and address, keeps the mark of the tenant."""
    await market.buys("incomplete")
    market.let_go()
    expired = replace(market.account.subscriptions["sub_1"], status="incomplete_expired", ended_at=NOW)
    market.account.subscriptions["sub_1"] = expired
    market.account.tells("evt_1", expired)
    await market.begin()
    await market.stranger()

    assert market.status_of(STRANGER).customer_id == "cus_2"
    assert market.account.subscriptions["sub_2"].customer_id == "cus_2"


async def test_object_that_comes_again_goes_before_a_stranger_that_waited(market: Market) -> None:
    """Whoever names a tenant early is the older object once the first is made anew (GitOps)."""
    await market.buys("incomplete")
    await market.stranger(creationTimestamp="2026-01-01T00:00:00Z")
    market.let_go()
    market.loop.see(bodies.a_subscription(uid="another-uid"))
    await market.run(STRANGER, ACME, ACME, STRANGER)

    assert (market.said_of(ACME), market.said_of(STRANGER)) == ("AwaitingPayment", "Conflict")
    assert (market.acme.status.subscription_id, len(market.account.subscriptions)) == ("sub_1", 1)


async def test_tenant_that_names_a_customer_whom_the_account_does_not_know_is_not_sold_again(
    market: Market,
) -> None:
    """Status lost, and the key of another account: the tenant alone remembers that it is paid for."""
    await market.buys("active")
    market.let_go()
    market.account.customers.clear()
    market.account.subscriptions.clear()
    again = Market()
    again.registry.tenants.update(market.registry.tenants)
    await again.buys("active")

    assert (again.said_of(ACME), list(again.account.subscriptions)) == ("CustomerMismatch", [])
    await again.delete(ACME)
    assert again.registry.tenants["acme"].state is TenantState.APPROVED


async def test_nobody_is_ended_while_several_customers_pay_for_one_tenant(market: Market) -> None:
    market.is_paid_by_two_customers()
    market.loop.see(bodies.a_subscription(finalizers=[FINALIZER]))
    await market.begin()
    await market.delete(ACME)

    assert market.account.count("cancel_subscription") == 0
    assert market.said_of(ACME) == "DuplicateSubscription"


async def test_subscription_that_only_an_untrusted_object_names_stays_with_whoever_has_it(
    market: Market,
) -> None:
    """A subscription that was adopted names no tenant; of two that have it the older would."""
    await market.buys("active")
    market.account.subscriptions["sub_1"] = replace(market.account.subscriptions["sub_1"], metadata={})
    market.annotate(nudge="evt_1")
    older = bodies.a_subscription("zzz", namespace="elsewhere", creationTimestamp="2026-01-01T00:00:00Z")
    market.loop.see(naming(older, subscriptionID="sub_1"))
    await market.run(ACME)

    assert market.said_of(ACME) == "Provisioned"


async def test_another_s_subscription_is_not_put_on_record_by_naming_it(market: Market) -> None:
    """An author with a customer of its own could have it there, and from then on hold it against whoever has it."""
    await market.buys("active")
    customer = Customer("cus_own", created=NOW)
    market.account.customers["cus_own"] = customer
    own = bodies.a_subscription("zzz", namespace="elsewhere", status={"customerID": "cus_own"})
    market.loop.see(naming(own, subscriptionID="sub_1"))
    zzz = ObjectKey("TenantSubscription", "elsewhere", "zzz")
    await market.run(zzz, zzz)

    assert (market.said_of(zzz), market.status_of(zzz).subscription_id) == ("NotAllowed", None)
