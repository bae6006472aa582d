"""How far the subscribers of a plan are: counted from what stands, so that a restart forgets nothing."""

from datetime import timedelta
from typing import Any

import pytest

from plan_builders import a_price
from repriced_plan import METERED, NEW, OLD, repriced
from subscription_builders import DAY, NOW, a_subscription, a_tenant_subscription, an_item
from tenant_billing.api.billing_plan import BillingPlanStatus, PriceMigration
from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.migration_progress import Progress, Subscriber, progress_of, with_progress
from tenant_billing.domain.observations import Schedule
from tenant_billing.domain.world import Offer

PRICE = a_price(NEW, created=NOW - DAY)
OURS = Schedule("sub_sched_1", (), TenantKey("default", "eu1", "acme").metadata("starter"))
THEIRS = Schedule("sub_sched_2", (), {"by": "sales"})


def a_subscriber(price: str = OLD, *, resource: Any = None, **changes: Any) -> Subscriber:
    """Somebody who subscribed 60 days ago."""
    known = {"items": (an_item(price),)} | changes
    return Subscriber(resource or a_tenant_subscription(), a_subscription(**known))


def progress(*subscribers: Subscriber, offer: Offer | None = None) -> Progress:
    return progress_of(offer or repriced(), PRICE, "default", subscribers)


def test_each_is_counted_by_what_becomes_of_it() -> None:
    seen = progress(
        a_subscriber(NEW),
        a_subscriber(NEW),
        a_subscriber(),
        a_subscriber(pending_change=True),
        a_subscriber("price_of_another_plan"),
        a_subscriber(status="canceled"),
    )
    assert (seen.total, seen.moved, len(seen.due), seen.waiting, len(seen.hindered)) == (4, 2, 1, 0, 1)


def test_who_subscribed_to_the_current_price_was_not_moved_to_it() -> None:
    seen = progress(a_subscriber(NEW, created=NOW - timedelta(hours=1)))
    assert (seen.total, seen.moved) == (0, 0)


def test_plan_that_leaves_its_subscribers_has_nothing_to_migrate() -> None:
    assert progress(a_subscriber(), offer=repriced("NewSubscriptionsOnly")) == Progress()
    assert progress_of(repriced(), None, "default", [a_subscriber()]) == Progress()


def test_who_leaves_with_its_period_is_not_waited_for() -> None:
    assert progress(a_subscriber(cancel_at_period_end=True)).total == 0


def test_who_moves_at_the_period_s_end_waits_once_that_is_planned() -> None:
    offer = repriced(metered=True)
    items = (METERED,)
    planned = a_subscriber(items=items, schedule_id=OURS.id, schedule=OURS)
    unread = a_subscriber(items=items, schedule_id="sub_sched_3")
    seen = progress(planned, a_subscriber(items=items), unread, offer=offer)
    assert (seen.waiting, len(seen.due)) == (1, 2)


def stalled(reason: str) -> Any:
    """An object that needs a person."""
    condition = {"type": "Stalled", "status": "True", "reason": reason, "message": ""}
    return a_tenant_subscription(status={"conditions": [condition | {"lastTransitionTime": NOW}]})


HINDERED: list[Any] = [
    pytest.param({"status": "paused"}, "paused in Stripe", id="paused"),
    pytest.param({"pending_change": True}, "waits for its payment", id="a pending update"),
    pytest.param({"status": "incomplete"}, "first payment", id="not paid once"),
    pytest.param({"status": "brand_new"}, "'brand_new'", id="an unknown status"),
    pytest.param(
        {"schedule_id": THEIRS.id, "schedule": THEIRS}, "schedule sub_sched_2 owns", id="a foreign schedule"
    ),
    pytest.param(
        {"resource": a_tenant_subscription(metadata={"annotations": {"tenantbilling.dev/paused": "true"}})},
        "tenantbilling.dev/paused",
        id="an object that is left alone",
    ),
    pytest.param({"resource": stalled("NotAllowed")}, "NotAllowed", id="an object that needs a person"),
]


@pytest.mark.parametrize(("changes", "said"), HINDERED)
def test_who_cannot_be_moved_is_named_with_what_has_to_happen(changes: dict[str, Any], said: str) -> None:
    (text,) = progress(a_subscriber(**changes)).hindered
    assert text.startswith("tenants/acme (")
    assert said in text


def test_what_needs_a_person_elsewhere_stops_no_move() -> None:
    assert len(progress(a_subscriber(resource=stalled("SuspendedByOther"))).due) == 1


ANYBODY = a_subscriber()

SAID: list[Any] = [
    pytest.param(Progress(moved=2), "True", Reason.UP_TO_DATE, "", id="all are on the current price"),
    pytest.param(Progress(due=(ANYBODY,)), "False", Reason.MIGRATING, "one after another", id="under way"),
    pytest.param(Progress(waiting=1), "False", Reason.MIGRATING, "at the end of their periods", id="waiting"),
    pytest.param(
        Progress(waiting=1, hindered=("tenants/a (paused)",)),
        "False",
        Reason.MIGRATING,
        "Not moved: tenants/a (paused)",
        id="under way, but for one",
    ),
    pytest.param(
        Progress(hindered=tuple(f"tenants/t{number} (x)" for number in range(7))),
        "False",
        Reason.FAILED,
        "tenants/t4 (x) and 2 more",
        id="only those are left who cannot be moved",
    ),
]


@pytest.mark.parametrize(("seen", "status", "reason", "message"), SAID)
def test_condition_says_how_far_it_is(seen: Progress, status: str, reason: Reason, message: str) -> None:
    after = with_progress(BillingPlanStatus(price_id=NEW), seen, 3, NOW)
    condition = find_condition(after.conditions, ConditionType.PRICES_MIGRATED)
    assert condition is not None
    assert (condition.status, condition.reason) == (ConditionStatus(status), reason)
    assert message in condition.message
    assert after.migration == PriceMigration(total=seen.total, moved=seen.moved)
