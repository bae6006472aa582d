"""BillingBackends: the key, the account, and what waits for them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

import kubernetes_bodies as bodies
from backend_scene import KEY, SECRET, Scene, an_applied_backend
from hand_clock import NOW
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors


@pytest.fixture
def scene() -> Scene:
    return an_applied_backend()


async def test_backend_with_a_good_key_is_available(scene: Scene) -> None:
    outcome = await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert (scene.backend.status.account_id, scene.backend.status.mode) == ("acct_1", "Test")
    assert scene.connected == [
        {"api_key": "sk_test_51Secret", "api_url": None, "livemode": False, "rate": 10}
    ]
    assert outcome.look_again_after == 600.0
    assert scene.condition("EventsCurrent").reason == Reason.CAUGHT_UP


async def test_settled_backend_is_neither_written_nor_asked_again(scene: Scene) -> None:
    await scene.run()
    scene.loop.kubernetes.calls.clear()
    scene.account.calls.clear()
    assert (await scene.run()).result == "settled"
    assert (scene.loop.kubernetes.calls, scene.account.calls) == ([], ["events_after"])


async def test_no_secret_reaches_status_or_outcome(scene: Scene) -> None:
    scene.account.fail("account", errors.Unauthorized("refused"))
    outcome = await scene.run()
    assert "51Secret" not in str(scene.loop.store.body(KEY)) + str(outcome)


BAD = [
    pytest.param(None, {}, Reason.SECRET_NOT_FOUND, id="no Secret"),
    pytest.param("", {}, Reason.SECRET_KEY_MISSING, id="an empty one"),
    pytest.param("sk_live_51Secret", {}, Reason.MODE_MISMATCH, id="a live key where mode is Test"),
    pytest.param("whsec_51Secret", {}, Reason.INVALID_CREDENTIALS, id="something else"),
]


@pytest.mark.parametrize(("secret", "stripe", "reason"), BAD)
async def test_key_that_is_not_right_is_never_sent(
    scene: Scene, secret: str | None, stripe: dict[str, Any], reason: Reason
) -> None:
    if secret is None:
        scene.loop.kubernetes.secrets.clear()
    else:
        scene.loop.kubernetes.secrets[SECRET] = secret
    outcome = await scene.run()
    assert scene.condition().reason == reason
    assert scene.condition("Stalled").reason == reason
    assert (scene.connected, scene.account.calls) == ([], [])
    assert (outcome.retry, outcome.look_again_after) == (False, 15.0)


async def test_secret_without_the_key_is_named_and_found_when_it_appears(scene: Scene) -> None:
    scene.loop.kubernetes.secrets = {("billing", "stripe", "other"): "x"}
    await scene.run()
    assert scene.condition().reason == Reason.SECRET_KEY_MISSING
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Secret"
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE


ANSWERS = [
    pytest.param(errors.Unauthorized("no"), Reason.INVALID_CREDENTIALS, False, id="a key that is unknown"),
    pytest.param(errors.Forbidden("no"), Reason.PERMISSION_DENIED, False, id="a key without a right"),
    pytest.param(errors.Unreachable("no"), Reason.UNREACHABLE, True, id="no answer"),
    pytest.param(errors.Throttled("no"), Reason.UNREACHABLE, True, id="over a limit"),
]


@pytest.mark.parametrize(("error", "reason", "retry"), ANSWERS)
async def test_answer_of_the_check_is_told(
    scene: Scene, error: errors.OutsideError, reason: Reason, retry: bool
) -> None:
    scene.account.fail("account", error)
    outcome = await scene.run()
    assert (scene.condition().reason, outcome.retry) == (reason, retry)
    assert scene.accounts.of("main") is None
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE


async def test_clock_that_is_wrong_stops_decisions(scene: Scene) -> None:
    scene.account.moment = NOW + timedelta(minutes=2)
    await scene.run()
    assert scene.condition().reason == Reason.CLOCK_SKEW


async def test_sandbox_is_followed_in_time_and_read_every_second(scene: Scene) -> None:
    scene.account.moment = NOW + timedelta(days=21)
    scene.edit(apiURL="http://127.0.0.1:12111")
    outcome = await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert scene.accounts.now("main") == NOW + timedelta(days=21)
    assert outcome.look_again_after == 1.0


async def test_becoming_available_wakes_what_waited(scene: Scene) -> None:
    scene.loop.see(bodies.a_plan(), bodies.a_subscription())
    await scene.run()
    waiting = {"BillingPlan starter", "TenantSubscription tenants/acme", "UsageComparison main"}
    assert scene.loop.queue.names() == waiting
    scene.loop.queue.keys.clear()
    await scene.run()
    assert scene.loop.queue.keys == []


async def test_deletion_waits_for_plans_and_names_them(scene: Scene) -> None:
    scene.loop.see(bodies.a_plan())
    await scene.run()
    body = dict(scene.loop.store.body(KEY) or {})
    scene.loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T10:00:00Z"))
    await scene.run()
    assert "used by BillingPlan starter" in scene.condition().message
    scene.loop.store.forget(bodies.a_plan())
    assert (await scene.run()).result == "gone"
    assert scene.loop.store.backend("main") is None
    assert scene.account.closed


async def test_deletion_waits_for_what_follows_a_subscription_of_the_account(scene: Scene) -> None:
    """Without the account nobody would see that its customer pays no more."""
    observed = bodies.an_observed_subscription(status={"subscriptionID": "sub_A"})
    scene.loop.see(observed, bodies.an_observed_subscription("wishing"))
    await scene.run()
    body = dict(scene.loop.store.body(KEY) or {})
    scene.loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T10:00:00Z"))
    await scene.run()
    message = scene.condition().message
    assert "used by TenantSubscription tenants/acme" in message
    assert "wishing" not in message, "it has no subscription, and is perhaps not allowed to name one"
    scene.loop.store.forget(observed)
    assert (await scene.run()).result == "gone"


async def test_paused_backend_makes_no_call(scene: Scene) -> None:
    scene.edit(annotations={"tenantbilling.dev/paused": "true"})
    await scene.run()
    assert (scene.condition().reason, scene.account.calls) == (Reason.PAUSED, [])
    body = dict(scene.loop.store.body(KEY) or {})
    finalizer = ["tenantbilling.dev/finalizer"]
    scene.loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T10:00:00Z", finalizers=finalizer))
    assert (await scene.run()).result == "gone"


async def test_kubernetes_that_does_not_answer_is_asked_again(scene: Scene) -> None:
    scene.loop.kubernetes.fail("apply_status", errors.Unreachable("apiserver"))
    assert (await scene.run()).retry


async def test_many_ask_for_the_listing_and_it_is_made_once(scene: Scene) -> None:
    await scene.run()
    connection = scene.accounts.of("main")
    assert connection is not None
    scene.account.calls.clear()
    await asyncio.gather(*(connection.picture.refresh_created_since() for _ in range(20)))
    assert scene.account.count("created_since") == 1
