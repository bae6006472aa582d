"""Passes over a TenantSubscription: what is asked, what is written, and what errors come to."""

from dataclasses import replace

import pytest

import kubernetes_bodies as bodies
from loop_fakes import NOW
from tenant_billing.domain import errors
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.observations import Customer, Subscription, SubscriptionItem, TenantState
from tenant_loop import ACME, BACKEND, Selling


@pytest.fixture
async def selling() -> Selling:
    selling = Selling()
    await selling.sell()
    selling.forget_calls()
    return selling


async def test_tenant_is_sold_and_made_once(selling: Selling) -> None:
    assert list(selling.account.customers) == ["cus_1"]
    assert list(selling.account.subscriptions) == ["sub_1"]
    assert selling.registry.tenants["acme"].state is TenantState.APPROVED


async def test_settled_object_asks_and_writes_nothing(selling: Selling) -> None:
    assert (await selling.run(ACME)).result == "settled"
    assert (selling.account.calls, selling.registry.calls, selling.loop.kubernetes.calls) == ([], [], [])


async def test_tenant_that_is_gone_stays_gone_through_an_outage(selling: Selling) -> None:
    del selling.registry.tenants["acme"]
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    selling.pass_time(61)
    selling.annotate(nudge="evt_2")
    await selling.run(ACME)
    assert selling.reason() == "TenantGone"
    selling.account.fail("subscriptions_of", errors.Unauthorized("revoked"))
    selling.annotate(nudge="evt_3")
    await selling.run(ACME)
    assert selling.reason() == "BackendUnavailable"
    await selling.run(BACKEND, ACME, ACME)
    assert selling.registry.count("create_tenant") == 0
    assert selling.reason() == "TenantGone"


async def test_event_costs_one_fresh_read_and_no_more(selling: Selling) -> None:
    selling.account.tells("evt_1", selling.account.subscriptions["sub_1"])
    await selling.run(BACKEND, ACME)
    assert selling.account.count("subscriptions_of") == 1
    await selling.run(ACME, ACME)
    assert selling.account.count("subscriptions_of") == 1


async def test_subscriptions_of_several_customers_wait_until_one_is_left() -> None:
    selling = Selling()
    key = TenantKey("default", "eu1", "acme")
    for number in (1, 2):
        selling.account.customers[f"cus_{number}"] = Customer(f"cus_{number}", metadata=key.metadata())
        selling.account.subscriptions[f"sub_{number}"] = Subscription(
            id=f"sub_{number}",
            customer_id=f"cus_{number}",
            status="active",
            created=NOW,
            items=(SubscriptionItem("si_1", "price_1", 1, NOW, NOW),),
            metadata=key.metadata("starter"),
        )
    selling.loop.see(bodies.a_subscription())
    await selling.begin()
    await selling.run(ACME, ACME, ACME)
    assert selling.reason() == "DuplicateSubscription"
    assert selling.acme.status.subscription_id is None
    ended = replace(selling.account.subscriptions["sub_1"], status="canceled", ended_at=NOW)
    selling.account.subscriptions["sub_1"] = ended
    selling.account.tells("evt_1", ended, "customer.subscription.deleted")
    await selling.run(BACKEND, ACME, ACME)
    assert selling.reason() == "Provisioned"
    assert selling.acme.status.subscription_id == "sub_2"
