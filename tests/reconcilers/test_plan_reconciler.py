"""BillingPlans against an account with a memory."""

from dataclasses import replace

import pytest

import kubernetes_bodies as bodies
from plan_builders import DELETED, EXISTING, a_price, a_product, an_adopted_price
from plan_scene import KEY, Scene, a_plan_scene
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors
from tenant_billing.domain.health import Health
from tenant_billing.domain.observations import Subscription, SubscriptionItem
from tenant_billing.reconcilers.plan_reading import ABSENCE_CHECK


@pytest.fixture
async def scene() -> Scene:
    return await a_plan_scene()


async def test_new_plan_is_carried_out_in_one_pass(scene: Scene) -> None:
    outcome = await scene.run()
    assert outcome.result == "changed"
    assert scene.reason == Reason.AVAILABLE
    status = scene.plan.status
    assert (status.product_id, status.price_id, status.display_price) == (
        "prod_1",
        "price_1",
        "EUR 49.00 / month",
    )
    assert status.pending_operation is None


async def test_intent_stands_before_each_create(scene: Scene) -> None:
    scene.account.fail("create_product", errors.Unreachable("cut"))
    await scene.run()
    intent = scene.plan.status.pending_operation
    assert intent is not None
    assert (intent.step, scene.account.products) == ("CreateProduct", {})
    assert scene.account.subjects[0].why == "CreateProduct"


async def test_second_pass_writes_nothing(scene: Scene) -> None:
    await scene.run()
    scene.loop.kubernetes.calls.clear()
    scene.account.calls.clear()
    outcome = await scene.run()
    assert outcome.result == "settled"
    assert (scene.loop.kubernetes.calls, scene.account.calls) == ([], [])


async def test_restart_with_everything_settled_only_lists(scene: Scene) -> None:
    await scene.run()
    scene.restart()
    await scene.connect()
    scene.loop.kubernetes.calls.clear()
    scene.account.calls.clear()
    assert (await scene.run()).result == "settled"
    assert scene.loop.kubernetes.calls == []
    assert {call.partition("_")[0] for call in scene.account.calls} == {"list"}


CUTS = ["create_product", "create_product:committed", "create_price", "create_price:committed"]


@pytest.mark.parametrize("cut", CUTS)
async def test_answer_that_is_lost_doubles_nothing(scene: Scene, cut: str) -> None:
    """Before or after it was committed; and the operator is another process afterwards."""
    scene.account.fail(cut, errors.Unreachable("cut", outcome_unknown=True))
    assert (await scene.run()).retry
    assert scene.reason == Reason.BACKEND_NOT_READY
    scene.restart()
    await scene.connect()
    await scene.run()
    assert scene.reason == Reason.AVAILABLE
    assert (len(scene.account.products), len(scene.account.prices)) == (1, 1)


async def test_stored_failure_is_looked_up_and_gets_a_new_key(scene: Scene) -> None:
    scene.account.fail("create_product", errors.StoredFailure("500"))
    await scene.run()
    intent = scene.plan.status.pending_operation
    assert intent is not None
    assert intent.attempt == 2
    scene.account.calls.clear()
    await scene.run()
    assert scene.account.calls.index("list_products") < scene.account.calls.index("create_product")
    assert scene.reason == Reason.AVAILABLE


async def test_refusal_is_said_and_not_repeated_until_the_spec_changes(scene: Scene) -> None:
    scene.account.fail("create_price", errors.Refused("no such thing", code="parameter_invalid"))
    await scene.run()
    assert scene.reason == Reason.INVALID_PRICE
    scene.restart()
    await scene.connect()
    await scene.run()
    assert scene.account.count("create_price") == 1
    scene.edit(displayName="Plus")
    await scene.run()
    assert scene.reason == Reason.AVAILABLE


async def test_refused_key_stops_the_calls_of_the_account(scene: Scene) -> None:
    scene.account.fail("create_product", errors.Unauthorized("revoked"))
    outcome = await scene.run()
    assert (outcome.retry, scene.reason) == (False, Reason.BACKEND_NOT_READY)
    assert "BillingBackend main" in scene.loop.queue.names()
    calls = len(scene.account.calls)
    await scene.run()
    assert len(scene.account.calls) == calls


async def test_api_server_that_gives_no_answer_is_not_told_as_the_account(scene: Scene) -> None:
    """All subscribers would be told that their plan is not ready."""
    await scene.run()
    scene.edit(displayName="Starter 2")
    scene.loop.clock.advance(60)
    scene.loop.queue.keys.clear()
    scene.loop.kubernetes.fail("apply_status", errors.Unreachable("the API server is down"))
    assert (await scene.run()).retry
    assert scene.reason == Reason.AVAILABLE
    assert not scene.accounts.is_suspected("main")
    assert "BillingBackend main" not in scene.loop.queue.names()


async def test_changed_amount_publishes_a_new_price(scene: Scene) -> None:
    await scene.run()
    scene.edit(price={"recurring": {"currency": "EUR", "unitAmount": 5900, "interval": "Month"}})
    await scene.run()
    assert [(each.unit_amount, each.active) for each in scene.account.prices.values()] == [
        (4900, False),
        (5900, True),
    ]
    assert [each.id for each in scene.plan.status.prices] == ["price_1", "price_2"]
    assert scene.plan.status.price_id == "price_2"


async def test_price_archived_outside_is_seen_by_its_event(scene: Scene) -> None:
    await scene.run()
    scene.account.prices["price_1"] = replace(scene.account.prices["price_1"], active=False)
    await scene.run()
    assert scene.reason == Reason.AVAILABLE
    connection = scene.accounts.of("main")
    assert connection is not None
    connection.picture.stale(["price_1", "prod_1"])
    await scene.run()
    assert scene.reason == Reason.PRICE_ARCHIVED


async def test_limits_that_are_edited_on_an_adopted_price_reach_its_subscribers(scene: Scene) -> None:
    scene.account.prices["price_A"] = an_adopted_price(metadata={"max-end-devices": "100"})
    scene.edit(price=EXISTING)
    scene.loop.see(bodies.a_subscription())
    await scene.run()
    scene.loop.queue.keys.clear()
    await scene.run()
    assert scene.loop.queue.keys == []

    scene.account.prices["price_A"] = an_adopted_price(metadata={"max-end-devices": "250"})
    connection = scene.accounts.of("main")
    assert connection is not None
    connection.picture.stale(["price_A"])
    await scene.run()
    assert scene.loop.queue.names() == {"TenantSubscription tenants/acme"}


async def test_a_name_that_somebody_changed_in_stripe_is_drift_and_an_edited_one_is_none(
    scene: Scene,
) -> None:
    await scene.run()
    scene.edit(displayName="Plus")
    await scene.run()
    assert scene.loop.corrections == []

    scene.account.products["prod_1"] = replace(scene.account.products["prod_1"], name="Cheap")
    connection = scene.accounts.of("main")
    assert connection is not None
    connection.picture.stale(["prod_1"])
    await scene.run()
    assert scene.account.products["prod_1"].name == "Plus"
    assert scene.loop.corrections == ["UpdateProduct"]


async def test_product_that_vanished_is_looked_at_again(scene: Scene) -> None:
    await scene.run()
    scene.edit(displayName="Plus")
    scene.account.fail("update_product", errors.NotFound("no such product"))
    assert (await scene.run()).retry
    scene.account.calls.clear()
    await scene.run()
    assert scene.account.count("product") == 1


async def test_subscriptions_are_counted_by_price(scene: Scene) -> None:
    item = SubscriptionItem("si_1", "price_1", 1, None, None)
    now = scene.loop.clock.now()
    scene.account.subscriptions["sub_1"] = Subscription("sub_1", "cus_1", "active", now, items=(item,))
    scene.account.subscriptions["sub_2"] = Subscription(
        "sub_2", "cus_1", "canceled", now, items=(item,), ended_at=now
    )
    await scene.run()
    assert scene.plan.status.subscriptions == 1
    assert scene.plan.status.prices[0].subscriptions == 1


async def test_what_waits_for_the_plan_is_woken(scene: Scene) -> None:
    scene.loop.see(bodies.a_subscription())
    await scene.run()
    assert "TenantSubscription tenants/acme" in scene.loop.queue.names()


async def test_plan_waits_for_a_backend_that_does_not_exist() -> None:
    scene = Scene()
    scene.loop.see(bodies.a_plan())
    outcome = await scene.run()
    assert (outcome.result, scene.reason) == ("waiting", Reason.BACKEND_NOT_FOUND)
    scene.loop.see(bodies.a_backend())
    await scene.connect(Health(Reason.UNREACHABLE, "down"))
    await scene.run()
    assert scene.reason == Reason.BACKEND_NOT_READY
    await scene.connect()
    await scene.run()
    assert scene.reason == Reason.AVAILABLE


async def test_plan_waits_in_silence_until_its_backend_was_checked(scene: Scene) -> None:
    """A restart with everything settled writes nothing."""
    await scene.run()
    scene.restart()
    scene.loop.kubernetes.calls.clear()
    assert (await scene.run()).result == "unchecked"
    assert (scene.loop.kubernetes.calls, scene.reason) == ([], Reason.AVAILABLE)


async def test_plan_says_why_its_backend_is_not_ready(scene: Scene) -> None:
    scene.accounts.judged("main", Health(Reason.CLOCK_SKEW, "late"))
    await scene.run()
    condition = scene.plan.status.conditions[0]
    assert (condition.reason, "ClockSkew: late" in condition.message) == (Reason.BACKEND_NOT_READY, True)


async def test_deletion_waits_for_users_then_archives_what_we_made(scene: Scene) -> None:
    await scene.run()
    user = bodies.a_subscription()
    scene.loop.see(user)
    body = scene.loop.store.body(KEY)
    assert body is not None
    scene.loop.see(bodies.newer(dict(body), **DELETED))
    await scene.run()
    assert scene.reason == Reason.IN_USE
    assert scene.account.products["prod_1"].active
    scene.loop.store.forget(user)
    assert (await scene.run()).result == "gone"
    assert not scene.account.products["prod_1"].active
    assert not scene.account.prices["price_1"].active
    assert scene.loop.store.plan("starter") is None


ORPHANED = [
    pytest.param("backend", id="its backend is gone, so nobody could be told"),
    pytest.param("definition", id="the definition itself is being deleted: pruning a folder ends nothing"),
    pytest.param("paused", id="a paused object only lets go"),
]


@pytest.mark.parametrize("why", ORPHANED)
async def test_deletion_only_lets_go(scene: Scene, why: str) -> None:
    await scene.run()
    body = scene.loop.store.body(KEY)
    assert body is not None
    paused = {"annotations": {"tenantbilling.dev/paused": "true"}} if why == "paused" else {}
    scene.loop.see(bodies.newer(dict(body), **DELETED, **paused))
    if why == "backend":
        scene.loop.store.forget(bodies.a_backend())
    if why == "definition":
        scene.loop.kubernetes.removed.add(("BillingPlan", None))
    assert (await scene.run()).result == "gone"
    assert scene.account.products["prod_1"].active
    assert scene.loop.store.plan("starter") is None


async def test_paused_plan_is_left_alone() -> None:
    scene = Scene()
    scene.loop.see(bodies.a_backend(), bodies.a_plan(annotations={"tenantbilling.dev/paused": "true"}))
    await scene.connect()
    await scene.run()
    assert (scene.reason, scene.account.calls) == (Reason.PAUSED, [])


async def test_price_that_appears_later_is_adopted() -> None:
    scene = Scene()
    plan = bodies.a_plan()
    plan["spec"]["price"] = {"existing": {"priceID": "price_A"}}
    scene.loop.see(bodies.a_backend(), plan)
    await scene.connect()
    await scene.run()
    assert scene.reason == Reason.PRICE_NOT_FOUND
    scene.account.prices["price_A"] = an_adopted_price()
    scene.loop.clock.advance(ABSENCE_CHECK)
    await scene.run()
    assert scene.reason == Reason.AVAILABLE
    assert scene.account.subjects == []


async def test_plan_of_a_lost_cluster_creates_nothing() -> None:
    scene = Scene()
    scene.account.products["prod_1"] = a_product(name="starter")
    scene.account.prices["price_1"] = a_price()
    scene.loop.see(bodies.a_backend(), bodies.a_plan())
    await scene.connect()
    await scene.run()
    assert (scene.reason, scene.account.subjects) == (Reason.AVAILABLE, [])


async def test_plan_that_is_gone_needs_nothing() -> None:
    assert (await Scene().run()).result == "gone"
