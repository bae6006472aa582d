"""BillingBackends: the key, the account, and the events that become work."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

import kubernetes_bodies as bodies
from backend_scene import KEY, SECRET, Scene
from loop_fakes import NOW, AccountMemory
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors
from tenant_billing.domain.observations import Account, Event, Subscription
from tenant_billing.domain.read_allowance import LISTING_INTERVAL
from tenant_billing.ports import ObjectKey
from tenant_billing.reconcilers.seen_events import Teller

ANSWERED = "customer.subscription.updated"


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.loop.see(bodies.a_backend())
    return scene


def an_event(identity: str, seconds: float, subscription: str = "sub_A", type_: str = ANSWERED) -> Event:
    return Event(identity, type_, NOW + timedelta(seconds=seconds), livemode=False, object_id=subscription)


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


async def test_key_of_another_account_is_refused(scene: Scene) -> None:
    await scene.run()
    scene.account.identity = Account("acct_2", livemode=False)
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Other"
    scene.edit(annotations={"tenantbilling.dev/reconcile": "1"})
    await scene.run()
    assert scene.condition().reason == Reason.ACCOUNT_MISMATCH
    assert scene.backend.status.account_id == "acct_1"
    assert scene.accounts.of("main") is None
    assert scene.backend.status.last_handled_reconcile == "1"


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


async def test_events_become_work_on_fresh_reads(scene: Scene) -> None:
    scene.account.subscriptions["sub_A"] = Subscription("sub_A", "cus_A", "active", NOW, ())
    scene.loop.see(bodies.a_subscription(status={"subscriptionID": "sub_A"}))
    await scene.run()
    scene.loop.queue.keys.clear()
    scene.account.events.append(an_event("evt_1", 1))
    await scene.run()
    assert scene.loop.queue.names() == {"TenantSubscription tenants/acme"}
    connection = scene.accounts.of("main")
    assert connection is not None
    assert connection.picture.is_stale("sub_A")
    scene.loop.queue.keys.clear()
    await scene.run()
    assert scene.loop.queue.keys == []


async def test_event_that_a_webhook_told_is_not_read_twice(scene: Scene) -> None:
    scene.account.subscriptions["sub_A"] = Subscription("sub_A", "cus_A", "active", NOW, ())
    scene.loop.see(bodies.a_subscription(status={"subscriptionID": "sub_A"}))
    await scene.run()
    told = ObjectKey("TenantSubscription", "tenants", "acme")
    assert scene.surroundings.seen_events.is_news(told, "evt_1", Teller.WEBHOOK)
    scene.account.events.append(an_event("evt_1", 1))
    scene.loop.queue.keys.clear()
    await scene.run()
    assert scene.loop.queue.keys == []
    connection = scene.accounts.of("main")
    assert connection is not None
    assert not connection.picture.is_stale("sub_A")


async def test_events_of_the_time_without_a_leader_are_handled(scene: Scene) -> None:
    scene.loop.see(bodies.a_subscription(status={"subscriptionID": "sub_A"}))
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    assert scene.backend.status.events is not None
    assert scene.backend.status.events.cursor == "evt_1"
    scene.account.events.append(an_event("evt_2", 3600))
    scene.restart()
    scene.loop.queue.keys.clear()
    await scene.run()
    assert "TenantSubscription tenants/acme" in scene.loop.queue.names()
    assert scene.backend.status.events.cursor == "evt_2"


@pytest.mark.parametrize(
    ("seconds", "is_read"), [(3601, False), (3695, True)], ids=["long before", "as lists may lag"]
)
async def test_event_that_the_full_listing_shows_already_costs_no_read(
    scene: Scene, seconds: float, *, is_read: bool
) -> None:
    """A start after a rush: everything is listed and looked at, so that a read of each would tell nothing."""
    scene.account.subscriptions["sub_A"] = Subscription("sub_A", "cus_A", "active", NOW, ())
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    scene.loop.see(bodies.a_subscription(status={"subscriptionID": "sub_A"}))
    scene.account.events.append(an_event("evt_2", seconds))
    scene.account.moment = NOW + timedelta(seconds=3700)
    scene.loop.clock.advance(3700)
    scene.restart()
    await scene.run()
    connection = scene.accounts.of("main")
    assert connection is not None
    assert connection.picture.is_stale("sub_A") is is_read
    assert scene.backend.status.events is not None
    assert scene.backend.status.events.cursor == "evt_2"


async def test_cursor_is_written_at_most_once_in_half_a_minute(scene: Scene) -> None:
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    scene.account.events.append(an_event("evt_2", 1))
    scene.loop.clock.advance(29)
    await scene.run()
    assert scene.backend.status.events is not None
    assert scene.backend.status.events.cursor == "evt_1"
    scene.loop.clock.advance(1)
    await scene.run()
    assert scene.backend.status.events.cursor == "evt_2"


async def test_list_that_cannot_be_read_lags_and_is_read_again(scene: Scene) -> None:
    await scene.run()
    scene.account.fail("events_after", errors.Unreachable("down"))
    outcome = await scene.run()
    assert (outcome.retry, scene.condition("EventsCurrent").reason) == (True, Reason.LAGGING)
    await scene.run()
    assert scene.condition("EventsCurrent").reason == Reason.CAUGHT_UP


async def test_list_that_gives_no_answer_at_the_start_keeps_nobody_from_working(scene: Scene) -> None:
    scene.account.fail("newest_event", errors.Unreachable("down"))
    scene.account.fail("events_after", errors.Unreachable("down"))
    await scene.run()
    assert (scene.condition().reason, scene.condition("EventsCurrent").reason) == ("Available", "Lagging")

    scene.account.events += [an_event("evt_1", -3600), an_event("evt_2", 1)]
    await scene.run()
    assert scene.condition("EventsCurrent").reason == Reason.CAUGHT_UP
    assert scene.backend.status.events is not None
    assert scene.backend.status.events.cursor == "evt_2"


async def test_silence_of_thirty_days_with_a_list_that_gives_no_answer_lists_the_account_once(
    scene: Scene,
) -> None:
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    scene.restart()
    scene.account.calls.clear()
    scene.loop.clock.advance(31 * 86400)
    scene.account.moment = scene.loop.clock.now()
    scene.account.fail("newest_event", errors.Unreachable("down"), times=9)
    scene.account.fail("events_after", errors.Unreachable("down"), times=2)

    for _ in range(3):
        await scene.run()

    assert scene.account.count("list_subscriptions") == 1
    assert scene.condition("EventsCurrent").reason == Reason.CAUGHT_UP


async def test_silence_of_thirty_days_lists_the_account_in_full(scene: Scene) -> None:
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    scene.account.events.clear()
    scene.account.calls.clear()
    scene.loop.clock.advance(31 * 86400)
    scene.account.moment = scene.loop.clock.now()
    await scene.run()
    assert scene.account.count("list_subscriptions") == 1
    assert scene.loop.kubernetes.events == ["HistoryExpired"]


async def test_silence_of_thirty_days_has_every_subscription_looked_at(scene: Scene) -> None:
    scene.loop.see(bodies.a_plan())
    scene.loop.see(bodies.a_subscription(status={"subscriptionID": "sub_A"}))
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    scene.loop.queue.keys.clear()
    scene.loop.clock.advance(31 * 86400)
    scene.account.moment = scene.loop.clock.now()

    await scene.run()

    assert "TenantSubscription tenants/acme" in scene.loop.queue.names()


async def test_quiet_account_whose_list_is_read_all_the_time_has_no_history_that_expired(
    scene: Scene,
) -> None:
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    scene.account.calls.clear()
    for day in range(1, 41):
        scene.loop.clock.advance(86400)
        scene.account.moment = scene.loop.clock.now()
        if day == 31:
            scene.account.events.clear()
        scene.loop.queue.keys.clear()
        await scene.run()
        assert scene.condition("EventsCurrent").reason == Reason.CAUGHT_UP
        assert scene.loop.queue.keys == [], "nobody has missed anything"
    scene.loop.see(bodies.a_subscription(status={"subscriptionID": "sub_A"}))
    scene.loop.queue.keys.clear()
    scene.account.events.append(an_event("evt_2", 40 * 86400 + 1))
    await scene.run()
    assert scene.loop.queue.names() == {"TenantSubscription tenants/acme"}


async def test_new_key_is_another_connection_and_goes_on_with_the_picture(scene: Scene) -> None:
    await scene.run()
    former, scene.account = scene.account, AccountMemory()
    scene.loop.kubernetes.secrets[SECRET] = "rk_test_51New"
    await scene.surroundings.secrets.look()
    assert scene.loop.queue.names() == {"BillingBackend main", "UsageComparison main"}
    await scene.run()
    assert [each["api_key"] for each in scene.connected] == ["sk_test_51Secret", "rk_test_51New"]
    assert former.closed
    assert scene.account.count("list_subscriptions") == 0, "the account is the same"
    connection = scene.accounts.of("main")
    assert connection is not None
    await connection.picture.refresh_created_since()
    assert scene.account.count("created_since") == 1, "what is looked for is asked of the new connection"


async def test_new_key_of_another_account_does_not_go_on_with_the_picture(scene: Scene) -> None:
    await scene.run()
    other = AccountMemory(identity=Account("acct_2", livemode=False))
    former, scene.account = scene.account, other
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Other"
    await scene.surroundings.secrets.look()
    await scene.run()
    assert scene.condition().reason == Reason.ACCOUNT_MISMATCH
    assert other.calls == ["account"]

    scene.account = former
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Mended"
    former.calls.clear()
    await scene.surroundings.secrets.look()
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert former.count("list_subscriptions") == 0, "the picture of the right account was kept"


async def test_edit_that_pins_another_account_begins_with_a_picture_of_its_own(scene: Scene) -> None:
    await scene.run()
    other = AccountMemory(identity=Account("acct_2", livemode=False))
    scene.account = other
    scene.loop.kubernetes.secrets[SECRET] = "sk_test_51Other"
    scene.edit(accountID="acct_2")
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert other.count("list_subscriptions") == 1


async def test_secret_that_did_not_change_is_no_reason_to_look(scene: Scene) -> None:
    await scene.run()
    scene.loop.queue.keys.clear()
    await scene.surroundings.secrets.look()
    assert scene.loop.queue.keys == []
    scene.loop.kubernetes.fail("secret", errors.Unreachable("the API server is down"), times=9)
    await scene.surroundings.secrets.look()
    assert scene.loop.queue.keys == [], "an outage changes nothing"


async def test_what_no_event_told_is_found_by_listing_in_full(scene: Scene) -> None:
    scene.loop.see(bodies.a_plan(status={"priceID": "price_1"}))
    scene.loop.see(bodies.a_subscription("acme", status={"subscriptionID": "sub_A", "customerID": "cus_A"}))
    scene.loop.see(bodies.a_subscription("beta", status={"subscriptionID": "sub_B", "customerID": "cus_B"}))
    for name in "AB":
        scene.account.subscriptions[f"sub_{name}"] = a_subscription_of(name, "active")
    await scene.run()
    scene.loop.queue.keys.clear()
    scene.account.calls.clear()
    scene.account.subscriptions["sub_A"] = a_subscription_of("A", "canceled")

    scene.pass_time(LISTING_INTERVAL - 1)
    await scene.run()
    assert scene.account.count("list_subscriptions") == 0
    scene.pass_time(1)
    await scene.run()

    assert scene.account.count("list_subscriptions") == 1
    assert scene.loop.queue.names() == {"TenantSubscription tenants/acme"}


async def test_listing_that_failed_is_made_again_and_loses_nothing(scene: Scene) -> None:
    scene.account.subscriptions["sub_A"] = a_subscription_of("A", "active")
    await scene.run()
    scene.pass_time(LISTING_INTERVAL)
    scene.account.fail("list_customers", errors.Unreachable("down"))
    await scene.run()
    connection = scene.accounts.connection("main")
    assert connection is not None
    assert connection.picture.subscription("sub_A") is not None
    scene.account.calls.clear()
    await scene.run()
    assert scene.account.count("list_subscriptions") == 1


def a_subscription_of(customer: str, status: str) -> Subscription:
    return Subscription(f"sub_{customer}", f"cus_{customer}", status, NOW, ())


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
