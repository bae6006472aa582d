"""Which objects an event of the account concerns, and how far the event list was handled."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kubernetes_bodies as bodies
from plan_builders import NOW
from tenant_billing.api.billing_backend import EventCursors
from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain import event_progress, events
from tenant_billing.domain.event_progress import OVERLAP, EventProgress
from tenant_billing.domain.events import Receiver, Route
from tenant_billing.domain.observations import Customer, Event, Subscription
from tenant_billing.runtime.resources import ResourceStore

RECEIVER = Receiver("main", "default", "acct_1", livemode=False)
UPDATED = "customer.subscription.updated"


def an_event(type_: str = UPDATED, object_id: str | None = "sub_A", **changes: Any) -> Event:
    known: dict[str, Any] = {"id": "evt_1", "created": NOW, "livemode": False}
    return Event(type=type_, object_id=object_id, **(known | changes))


def marks(owner: str = "default", tenant: str = "acme") -> dict[str, str]:
    return {StripeMetadata.OWNER: owner, StripeMetadata.CLUSTER: "eu1", StripeMetadata.TENANT_ID: tenant}


@pytest.fixture
def known() -> ResourceStore:
    """One plan, and one tenant with its customer and subscription."""
    store = ResourceStore()
    store.observe(bodies.a_plan(status={"priceID": "price_1", "productID": "prod_1", "meterID": "mtr_1"}))
    store.observe(bodies.a_subscription(status={"customerID": "cus_A", "subscriptionID": "sub_A"}))
    wishing = bodies.a_subscription("zzz", namespace="elsewhere")
    store.observe(wishing | {"spec": wishing["spec"] | {"subscriptionID": "sub_wished"}})
    return store


ACME = (("tenants", "acme"),)
ROUTES = [
    pytest.param(an_event(), Route(ACME, stale=frozenset({"sub_A"})), id="by the subscription's id"),
    pytest.param(
        an_event("invoice.paid", "in_1", related={"subscription": "sub_A", "customer": "cus_A"}),
        Route(ACME, stale=frozenset({"in_1", "sub_A", "cus_A"})),
        id="an invoice names its subscription",
    ),
    pytest.param(
        an_event(object_id="sub_new", metadata=marks()),
        Route(ACME, stale=frozenset({"sub_new"})),
        id="a new one of ours, before its id was recorded: by metadata",
    ),
    pytest.param(
        an_event(object_id="sub_next", related={"customer": "cus_A"}),
        Route(ACME, stale=frozenset({"sub_next", "cus_A"})),
        id="a successor that the customer made: by customer",
    ),
    pytest.param(
        an_event("customer.deleted", "cus_A"),
        Route(ACME, stale=frozenset({"cus_A"})),
        id="the customer is gone",
    ),
    pytest.param(
        an_event(object_id="sub_X", metadata=marks(tenant="other")),
        Route(backend=True, stale=frozenset({"sub_X"})),
        id="ours, but its object is not seen yet: the backend looks at the list",
    ),
    pytest.param(
        an_event(object_id="sub_X"),
        Route(backend=True, stale=frozenset({"sub_X"}), stranger="sub_X"),
        id="born in the dashboard: the backend looks at the list, and at the subscription",
    ),
    pytest.param(
        an_event(
            "checkout.session.completed", "cs_1", related={"subscription": "sub_X", "customer": "cus_X"}
        ),
        Route(backend=True, stale=frozenset({"cs_1", "sub_X", "cus_X"}), stranger="sub_X"),
        id="born at Checkout",
    ),
    pytest.param(
        an_event("invoice.paid", "in_1", related={"subscription": "sub_X", "customer": "cus_X"}),
        Route(backend=True, stale=frozenset({"in_1", "sub_X", "cus_X"})),
        id="an invoice tells nothing that its subscription's own event does not",
    ),
    pytest.param(
        an_event("price.updated", "price_1"),
        Route(plans=("starter",), stale=frozenset({"price_1"})),
        id="a plan's price",
    ),
    pytest.param(
        an_event("product.updated", "prod_1"),
        Route(plans=("starter",), stale=frozenset({"prod_1"})),
        id="a plan's product",
    ),
    pytest.param(
        an_event("billing.meter.deactivated", "mtr_1"),
        Route(plans=("starter",), stale=frozenset({"mtr_1"})),
        id="the meter of a plan",
    ),
    pytest.param(
        an_event("billing.meter.deactivated", "mtr_X"), Route(dropped="NothingWeSell"), id="another's meter"
    ),
    pytest.param(an_event("price.updated", "price_X"), Route(dropped="NothingWeSell"), id="another's price"),
    pytest.param(
        an_event("customer.deleted", "cus_X"), Route(dropped="NothingWeSell"), id="another's customer"
    ),
    pytest.param(an_event(account_id="acct_2"), Route(dropped="AnotherAccount"), id="another account"),
    pytest.param(
        an_event(account_id="acct_1"), Route(ACME, stale=frozenset({"sub_A"})), id="the same account"
    ),
    pytest.param(an_event(livemode=True), Route(dropped="AnotherMode"), id="real money is not ours"),
    pytest.param(
        an_event(request_key="tenant-billing:uid:Subscribe:1:subscription"),
        Route(dropped="OwnEcho"),
        id="what a request of ours caused was said by its answer",
    ),
    pytest.param(
        an_event(request_key="somebody-else:1"),
        Route(ACME, stale=frozenset({"sub_A"})),
        id="a request of somebody else's is news",
    ),
    pytest.param(
        an_event("charge.succeeded"), Route(dropped="AnotherType"), id="a type that says nothing to us"
    ),
    pytest.param(
        an_event(object_id="sub_X", metadata=marks(owner="other")),
        Route(dropped="AnotherInstallation"),
        id="another installation on the same account",
    ),
    pytest.param(
        an_event("customer.deleted", "cus_X", metadata=marks(owner="other")),
        Route(dropped="AnotherInstallation"),
        id="and a customer of its",
    ),
    pytest.param(
        an_event("checkout.session.completed", "cs_1", metadata=marks(owner="other")),
        Route(dropped="AnotherInstallation"),
        id="and what names nobody",
    ),
    pytest.param(
        an_event(metadata=marks(owner="other")),
        Route(ACME, stale=frozenset({"sub_A"})),
        id="a subscription that was adopted keeps the marks of the installation that made it",
    ),
    pytest.param(
        an_event("customer.deleted", "cus_A", metadata=marks(owner="other")),
        Route(ACME, stale=frozenset({"cus_A"})),
        id="and so does its customer",
    ),
    pytest.param(
        an_event(object_id="sub_wished"),
        Route((("elsewhere", "zzz"),), backend=True, stale=frozenset({"sub_wished"}), stranger="sub_wished"),
        id="an object that names it may be anybody's",
    ),
    pytest.param(
        an_event(object_id="sub_wished", related={"customer": "cus_A"}),
        Route((("elsewhere", "zzz"), *ACME), stale=frozenset({"sub_wished", "cus_A"})),
        id="and hides nobody who has the customer",
    ),
]


@pytest.mark.parametrize(("event", "route"), ROUTES)
def test_event_is_routed(event: Event, route: Route, known: ResourceStore) -> None:
    assert events.route(event, RECEIVER, known) == route


SEEN = [
    pytest.param(Subscription("sub_A", "cus_X", "active", NOW), id="a subscription, by its id"),
    pytest.param(Subscription("sub_new", "cus_X", "active", NOW, metadata=marks()), id="one by metadata"),
    pytest.param(Subscription("sub_next", "cus_A", "active", NOW), id="a successor, by customer"),
    pytest.param(Customer("cus_A"), id="a customer, by its id"),
    pytest.param(Customer("cus_new", metadata=marks()), id="a customer by metadata"),
]


@pytest.mark.parametrize("seen", SEEN)
def test_what_was_seen_to_have_changed_concerns_whom_its_event_would(
    seen: Subscription | Customer, known: ResourceStore
) -> None:
    assert [each.metadata.name for each in events.concerned_by(seen, known)] == ["acme"]
    assert not events.concerned_by(Customer("cus_stranger"), known)


def test_one_filtered_list_can_ask_for_all_types() -> None:
    """The list takes 20 types at most (stripe.md 3.1)."""
    assert len(set(events.EVENT_TYPES)) == len(events.EVENT_TYPES) == 20


def at(seconds: float, identity: str | None = None) -> Event:
    return an_event(id=identity or f"evt_{seconds:g}", created=NOW + timedelta(seconds=seconds))


def test_cursor_moves_only_past_what_was_handled() -> None:
    progress = event_progress.begun_at(at(0), NOW)
    assert progress.to_write(0.0) == EventCursors(cursor="evt_0", last_event_time=NOW)
    progress = progress.stored("evt_0", 0.0)
    assert progress.to_write(100.0) is None
    assert progress.handled(at(1)).to_write(100.0) == EventCursors(
        cursor="evt_1", last_event_time=NOW + timedelta(seconds=1)
    )


@pytest.mark.parametrize(("elapsed", "is_written"), [(29.9, False), (30.0, True)])
def test_cursor_is_written_at_most_once_in_half_a_minute(elapsed: float, is_written: bool) -> None:
    progress = event_progress.begun_at(at(0), NOW).stored("evt_0", 1000.0).handled(at(1))
    assert (progress.to_write(1000.0 + elapsed) is not None) is is_written


def test_last_events_are_read_again_and_not_handled_again() -> None:
    """One may join the list late, in front of others."""
    progress = event_progress.begun_at(at(0), NOW).handled(at(1)).handled(at(5))
    assert progress.anchor == "evt_0"
    assert not progress.is_new(at(5))
    assert not progress.is_new(at(0))
    assert progress.is_new(at(3))


def test_anchor_follows_behind_the_overlap() -> None:
    progress = event_progress.begun_at(at(0), NOW).handled(at(1)).handled(at(30))
    assert (progress.anchor, progress.recent) == ("evt_1", (("evt_30", NOW + timedelta(seconds=30)),))


def test_restart_reads_the_overlap_by_time() -> None:
    """An anchor may be too old for the list; a time never is."""
    progress = event_progress.resumed(EventCursors(cursor="evt_9", last_event_time=NOW))
    assert (progress.anchor, progress.since) == (None, NOW - OVERLAP)
    assert progress.to_write(0.0) is None


def test_restart_without_a_time_reads_by_anchor() -> None:
    progress = event_progress.resumed(EventCursors(cursor="evt_9"))
    assert (progress.anchor, progress.since) == ("evt_9", None)


def test_event_that_was_stored_already_costs_no_write_after_a_restart() -> None:
    progress = event_progress.resumed(EventCursors(cursor="evt_0", last_event_time=NOW)).handled(at(0))
    assert progress.to_write(0.0) is None


def test_account_without_events_is_read_from_now() -> None:
    progress = event_progress.begun_at(None, NOW)
    assert (progress.anchor, progress.since, progress.to_write(0.0)) == (None, NOW, None)


def test_list_that_held_nothing_is_read_again_from_shortly_before_it_was_read() -> None:
    """No event is left that could be the anchor, and one may join the list late."""
    progress = event_progress.quiet_since(NOW)
    assert (progress.anchor, progress.since, progress.to_write(0.0)) == (None, NOW - OVERLAP, None)


AGES = [
    pytest.param(NOW - timedelta(days=30), False, id="thirty days are kept"),
    pytest.param(NOW - timedelta(days=30, seconds=1), True, id="older events are gone"),
    pytest.param(None, False, id="nothing was handled yet"),
]


@pytest.mark.parametrize(("time", "expired"), AGES)
def test_history_expires(time: datetime | None, expired: bool) -> None:
    assert event_progress.has_expired(EventCursors(cursor="evt_1", last_event_time=time), NOW) is expired


@given(st.lists(st.integers(0, 200), max_size=30))
def test_every_event_is_handled_once_however_often_it_is_read(gaps: list[int]) -> None:
    """Read again from the anchor after each event: nothing new is left out, nothing old comes back."""
    total = 0
    listed = [at(0)]
    for number, gap in enumerate(gaps):
        total += gap
        listed.append(at(total, f"evt_n{number}"))
    progress: EventProgress = event_progress.begun_at(listed[0], NOW)
    handled: list[str] = []
    for length in range(1, len(listed) + 1):
        visible = listed[:length]
        after = [each.id for each in visible].index(progress.anchor or "") + 1
        for event in visible[after:]:
            if progress.is_new(event):
                handled.append(event.id)
                progress = progress.handled(event)
    assert handled == [each.id for each in listed[1:]]
