"""A changed amount that moves many subscribers: at any death nobody is moved twice and nobody is forgotten."""

from typing import Any

import pytest

import kubernetes_bodies as bodies
from tenant_billing.api.billing_plan import PriceMigration
from tenant_billing.domain import errors
from tenant_billing.domain.plan_status import ready_reason
from tenant_billing.ports import ObjectKey
from tenant_loop import PLAN, Selling

NAMES = [f"tenant-{number:02}" for number in range(12)]
KEYS = [ObjectKey("TenantSubscription", "tenants", name) for name in NAMES]


@pytest.fixture
async def selling() -> Selling:
    """Twelve tenants on a plan that moves its subscribers."""
    selling = Selling()
    edit(selling, priceChangePolicy="Immediately")
    await selling.begin()
    selling.loop.see(*(bodies.a_subscription(name) for name in NAMES))
    for key in KEYS:
        await selling.run(key, key)
    selling.pass_time(3600)
    return selling


def edit(selling: Selling, **changes: Any) -> None:
    body = dict(selling.loop.store.body(PLAN) or {})
    generation = body["metadata"]["generation"] + 1
    selling.loop.see({**bodies.newer(body, generation=generation), "spec": body["spec"] | changes})


def reprice(selling: Selling, amount: int = 5900) -> None:
    edit(selling, price={"recurring": {"currency": "EUR", "unitAmount": amount, "interval": "Month"}})


def woken(selling: Selling) -> list[ObjectKey]:
    """Who waits in the queue, each once; the queue is empty then."""
    keys = sorted({key for key in selling.loop.queue.keys if key in KEYS})
    selling.loop.queue.keys.clear()
    return keys


def migration(selling: Selling) -> PriceMigration | None:
    plan = selling.loop.store.plan("starter")
    assert plan is not None
    assert ready_reason(plan.status) == "Available"
    return plan.status.migration


def on_prices(selling: Selling) -> list[str]:
    return [each.items[0].price_id for each in selling.account.subscriptions.values()]


async def test_plan_wakes_whom_it_moves_and_counts_them(selling: Selling) -> None:
    reprice(selling)
    await selling.run(PLAN)
    assert migration(selling) == PriceMigration(total=12, moved=0)
    assert woken(selling) == KEYS
    await selling.run(*KEYS[:5])
    await selling.run(PLAN)
    assert migration(selling) == PriceMigration(total=12, moved=5)
    assert woken(selling) == KEYS[5:]
    await selling.run(*KEYS)
    await selling.run(PLAN)
    assert migration(selling) == PriceMigration(total=12, moved=12)
    assert woken(selling) == []
    assert selling.account.count("change_item") == 12


async def test_moves_and_the_reads_before_them_let_payments_pass(selling: Selling) -> None:
    reprice(selling)
    await selling.run(PLAN)
    selling.account.calls.clear()
    selling.registry.calls.clear()
    await selling.run(*KEYS)
    assert {each.urgent for each in selling.account.subjects if each.why == "ChangeItem"} == {False}
    assert selling.account.count("subscriptions_of") == 12
    assert selling.account.could_wait == ["subscriptions_of"] * 12
    assert selling.registry.count("tenant") == 12
    assert selling.registry.could_wait == ["tenant"] * 12


async def test_a_payment_is_read_before_moves(selling: Selling) -> None:
    reprice(selling)
    await selling.run(PLAN)
    selling.account.calls.clear()
    body = dict(selling.loop.store.body(KEYS[0]) or {})
    told = body["metadata"].get("annotations", {}) | {"tenantbilling.dev/nudge": "evt_paid"}
    selling.loop.see(bodies.newer(body, annotations=told))
    await selling.run(KEYS[0])
    assert selling.account.count("subscriptions_of") == 1
    assert selling.account.could_wait == []


@pytest.mark.parametrize("cut", ["change_item", "change_item:committed"])
@pytest.mark.parametrize("died_at", [0, 7, 11])
async def test_operator_that_dies_in_the_middle_moves_each_once(
    selling: Selling, cut: str, died_at: int
) -> None:
    """Before the call or after it was committed; another process goes on, with nothing remembered."""
    reprice(selling)
    await selling.run(PLAN)
    await selling.run(*KEYS[:died_at]) if died_at else None
    selling.account.fail(cut, errors.Unreachable("cut", outcome_unknown=True))
    await selling.run(KEYS[died_at])
    selling.restart()
    await selling.begin()
    await selling.run(*KEYS, PLAN)
    assert on_prices(selling) == ["price_2"] * 12
    assert migration(selling) == PriceMigration(total=12, moved=12)
    moves = selling.account.count("change_item:committed")
    assert moves == 12, "whoever was moved before the death was not moved again"


async def test_plan_without_subscribers_to_move_wakes_nobody(selling: Selling) -> None:
    edit(selling, priceChangePolicy="NewSubscriptionsOnly")
    reprice(selling)
    await selling.run(PLAN)
    woken(selling)
    await selling.run(*KEYS)
    await selling.run(PLAN)
    assert (woken(selling), migration(selling)) == ([], PriceMigration(total=0, moved=0))
    assert on_prices(selling) == ["price_1"] * 12


async def test_object_that_is_going_is_not_counted(selling: Selling) -> None:
    reprice(selling)
    body = dict(selling.loop.store.body(KEYS[0]) or {})
    selling.loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T10:00:00Z"))
    await selling.run(PLAN)
    assert migration(selling) == PriceMigration(total=11, moved=0)
