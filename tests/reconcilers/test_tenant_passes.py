"""Passes over a TenantSubscription: what is asked, what is written, and what errors come to."""

import pytest

from tenant_billing.domain import errors
from tenant_billing.domain.observations import TenantState
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
