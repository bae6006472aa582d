"""Events of a BillingBackend's account become work, and what no event told is found by listing."""

from datetime import timedelta

import pytest

import kubernetes_bodies as bodies
from backend_scene import Scene, an_applied_backend
from hand_clock import NOW
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors
from tenant_billing.domain.observations import Event, Invoice, Subscription
from tenant_billing.domain.read_allowance import LISTING_INTERVAL
from tenant_billing.ports import ObjectKey
from tenant_billing.reconcilers.seen_events import Teller


@pytest.fixture
def scene() -> Scene:
    return an_applied_backend()


ANSWERED = "customer.subscription.updated"


def an_event(identity: str, seconds: float, subscription: str = "sub_A", type_: str = ANSWERED) -> Event:
    return Event(identity, type_, NOW + timedelta(seconds=seconds), livemode=False, object_id=subscription)


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


async def test_what_is_shown_of_an_account_is_what_was_seen_and_how_far_its_events_are_handled(
    scene: Scene,
) -> None:
    assert scene.accounts.seen() == (), "nothing is known before the first check"
    scene.account.subscriptions["sub_A"] = Subscription("sub_A", "cus_A", "past_due", NOW, ())
    owed = Invoice("in_A", "sub_A", "open", NOW, amount_remaining=4900, currency="EUR")
    scene.account.invoices.append(owed)
    scene.account.events.append(an_event("evt_1", 0))
    await scene.run()
    (seen,) = scene.accounts.seen()
    assert (seen.backend, seen.events_read_age) == ("main", 0.0)
    assert [each.id for each in seen.subscriptions] == ["sub_A"]
    assert seen.open_invoices == {"sub_A": (owed,)}
    assert seen.events_handled_until == NOW

    scene.account.fail("events_after", errors.Unreachable("no answer"))
    scene.pass_time(700)
    await scene.run()
    (later,) = scene.accounts.seen()
    assert later.events_read_age == 700, "a reading that failed is none"
    assert later.events_handled_until == NOW

    await scene.accounts.forget("main")
    assert scene.accounts.seen() == ()
