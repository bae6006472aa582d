"""A change of interval, or between recurring and metered, takes place at the period's end by a schedule of ours."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from subscription_builders import (
    KEY,
    PRICES,
    TRUSTING,
    a_backend,
    a_dearer_offer,
    a_plan,
    a_subscription,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_item,
    an_offer,
    told,
    with_offers,
    with_status,
)
from subscription_outside import Outside
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.actions import (
    Action,
    AttachSchedule,
    ChangeItem,
    LookAgain,
    PlanMove,
    ReleaseSchedule,
    StoreIntent,
)
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import EMPTY, Schedule, SchedulePhase, Subscription
from tenant_billing.domain.report import status_of
from tenant_billing.domain.world import Offer, Refusal, World

YEARLY = a_dearer_offer(interval=("year", 1))
"""Plan ``pro``, paid by the year."""
THIRD = an_offer(a_plan("third"), interval=("month", 3))
INTENT = PendingOperation(
    step="AttachSchedule",
    attempt=1,
    idempotency_key="tenant-billing:key:1",
    parameters={"subscriptionID": "sub_1"},
    start_time=a_world().now,
)


def asking_for(plan: str, *offers: Offer, subscription: Subscription | None = None, **spec: Any) -> World:
    """The subscription is on ``starter``, paid by the month; the object asks for another plan."""
    intent = spec.pop("intent", None)
    resource = a_tenant_subscription(
        plan=plan, status={"pendingOperation": intent} if intent else None, **spec
    )
    world = a_world(resource, subscriptions=(subscription or a_subscription(),))
    return with_offers(world, an_offer(), *(offers or (YEARLY, THIRD)))


def scheduled(*phases: SchedulePhase, metadata: Any = None, releases: bool = True) -> Subscription:
    """A subscription with a schedule; a bare one unless told."""
    of = Schedule("sub_sched_1", phases or (ON_STARTER,), metadata or EMPTY, releases=releases)
    return a_subscription(schedule_id=of.id, schedule=of)


ON_STARTER = SchedulePhase((PRICES["starter"],))
TO_PRO = SchedulePhase((PRICES["pro"],), {StripeMetadata.PLAN: "pro"})
OURS = KEY.metadata("pro")
PLANNED = scheduled(ON_STARTER, TO_PRO, metadata=OURS)


def actions(world: World) -> tuple[Action, ...]:
    return decide(world).actions


def settled(world: World) -> tuple[World, list[str]]:
    """The world when nothing is left to do, and what was done for it."""
    outside = Outside()
    return outside.settle(world, actions), [type(each).__name__ for each in outside.done]


def synced(world: World) -> str:
    return told(world, ConditionType.SUBSCRIPTION_SYNCED).reason


@pytest.mark.parametrize(
    ("item", "wanted", "waits"),
    [
        pytest.param(an_item(), an_offer(a_plan("pro")), False, id="the same interval"),
        pytest.param(an_item(), YEARLY, True, id="month to year"),
        pytest.param(an_item(interval="year"), a_dearer_offer(), True, id="year to month"),
        pytest.param(an_item(), a_dearer_offer(interval=("month", 3)), True, id="the count of intervals"),
        pytest.param(an_item(), a_dearer_offer(metered=True), True, id="recurring to metered"),
        pytest.param(an_item(metered=True, quantity=None), a_dearer_offer(), True, id="metered to recurring"),
        pytest.param(
            an_item(metered=True, quantity=None),
            a_dearer_offer(metered=True),
            True,
            id="metered to metered: a change amid the period drops usage (stripe.md 4.3)",
        ),
    ],
)
def test_what_waits_for_the_period_s_end(item: Any, wanted: Offer, waits: bool) -> None:
    world = asking_for("pro", wanted, subscription=a_subscription(items=(item,)))
    first = actions(world)[0]
    assert isinstance(first, StoreIntent if waits else ChangeItem)


def test_the_intent_is_stored_then_looked_then_attached_then_planned() -> None:
    world, done = settled(asking_for("pro"))
    assert done == ["StoreIntent", "LookAgain", "AttachSchedule", "PlanMove"]
    (subscription,) = world.subscriptions
    assert subscription.schedule is not None
    assert subscription.schedule.phases == (ON_STARTER, TO_PRO)
    assert KEY.is_named_by(subscription.schedule.metadata)


@pytest.mark.parametrize(
    ("item", "wanted", "quantity"),
    [
        pytest.param(an_item(quantity=3), YEARLY, 3, id="stays"),
        pytest.param(an_item(), a_dearer_offer(metered=True), None, id="a metered price has none"),
        pytest.param(
            an_item(metered=True, quantity=None), a_dearer_offer(), 1, id="a licensed price needs one"
        ),
    ],
)
def test_quantity_and_other_items_stay(item: Any, wanted: Offer, quantity: int | None) -> None:
    other = an_item("price_of_nobody", quantity=7)
    subscription = replace(scheduled(), items=(other, item))
    (action,) = actions(asking_for("pro", wanted, subscription=subscription, intent=INTENT))
    assert isinstance(action, PlanMove)
    assert (action.move.former_price_id, action.move.price_id) == (PRICES["starter"], PRICES["pro"])
    assert action.move.quantity == quantity


def test_until_then_limits_follow_the_price_in_force_and_the_object_says_so() -> None:
    world = asking_for("pro", subscription=PLANNED)
    assert actions(world) == ()
    assert decide(world).limits == all_limits(end_devices=500, gateways=10)
    condition = told(world, ConditionType.SUBSCRIPTION_SYNCED)
    assert (condition.status, condition.reason) == ("False", Reason.PENDING)
    assert "plan pro takes place at the end of the current period" in condition.message
    assert told(world).reason == Reason.PROVISIONED


def test_once_it_has_moved_the_schedule_is_taken_off() -> None:
    moved = replace(PLANNED, items=(an_item(PRICES["pro"], interval="year"),), metadata=KEY.metadata("pro"))
    world, done = settled(asking_for("pro", subscription=moved))
    assert done[0] == "ReleaseSchedule"
    assert synced(world) == Reason.SYNCED


@pytest.mark.parametrize(
    ("plan", "done"),
    [
        pytest.param("starter", ["ReleaseSchedule"], id="back to what is in force"),
        pytest.param("third", ["PlanMove"], id="to a third plan of another interval"),
        pytest.param(
            "same", ["ReleaseSchedule", "ChangeItem", "UpdateTenant"], id="to a plan of the same interval"
        ),
    ],
)
def test_a_change_of_mind_before_the_period_s_end(plan: str, done: list[str]) -> None:
    same = an_offer(a_plan("same"), limits={"end_devices": 1})
    assert settled(asking_for(plan, YEARLY, THIRD, same, subscription=PLANNED))[1] == done


def test_back_to_the_plan_in_force_leaves_no_trace() -> None:
    world, _ = settled(asking_for("starter", subscription=PLANNED))
    assert world.subscriptions == (a_subscription(),)
    assert synced(world) == Reason.SYNCED


def test_a_new_price_of_the_plan_is_what_it_moves_to() -> None:
    dearer = replace(YEARLY, price_id="price_pro_2", price_ids=frozenset({PRICES["pro"], "price_pro_2"}))
    (action,) = actions(asking_for("pro", dearer, subscription=PLANNED))
    assert isinstance(action, PlanMove)
    assert action.move.price_id == "price_pro_2"


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(scheduled(ON_STARTER, TO_PRO, metadata=OURS, releases=False), id="it would end with it"),
        pytest.param(scheduled(ON_STARTER, TO_PRO, TO_PRO, metadata=OURS), id="a further phase"),
        pytest.param(scheduled(ON_STARTER, SchedulePhase(TO_PRO.price_ids), metadata=OURS), id="no marks"),
        pytest.param(scheduled(ON_STARTER, replace(TO_PRO, price_ids=("x",)), metadata=OURS), id="a price"),
    ],
)
def test_our_schedule_is_put_right_where_somebody_edited_it(spoiled: Subscription) -> None:
    assert settled(asking_for("pro", subscription=spoiled))[1] == ["PlanMove"]


# ------------------------------------------------------------------ whose schedule it is


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(scheduled(), id="bare"),
        pytest.param(scheduled(ON_STARTER, TO_PRO, metadata={"by": "sales"}), id="marked by others"),
        pytest.param(
            scheduled(ON_STARTER, TO_PRO, metadata=replace(KEY, tenant_id="lab").metadata()),
            id="of another tenant of ours",
        ),
        pytest.param(a_subscription(schedule_id="sub_sched_1"), id="not read"),
    ],
)
@pytest.mark.parametrize("spec", [{}, {"renewal": "CancelAtPeriodEnd"}], ids=["plan", "renewal"])
def test_somebody_else_s_schedule_is_left_alone_and_said(foreign: Subscription, spec: Any) -> None:
    world = asking_for("pro", subscription=foreign, **spec)
    assert actions(world) == ()
    assert synced(world) == Reason.SCHEDULE_ATTACHED
    assert told(world).reason == Reason.PROVISIONED


@pytest.mark.parametrize(
    ("subscription", "ours"),
    [
        pytest.param(scheduled(), True, id="bare"),
        pytest.param(scheduled(ON_STARTER, TO_PRO), False, id="it plans something that nobody of us planned"),
        pytest.param(scheduled(releases=False), False, id="it would end the subscription"),
        pytest.param(scheduled(replace(ON_STARTER, metadata={"x": "y"})), False, id="a marked phase"),
    ],
)
def test_a_killed_operator_knows_the_schedule_it_had_attached(subscription: Subscription, ours: bool) -> None:
    """Between the two calls it carries no mark of ours; the intent was stored where there was none."""
    world, done = settled(asking_for("pro", subscription=subscription, intent=INTENT))
    assert done == (["PlanMove"] if ours else [])
    assert synced(world) == (Reason.PENDING if ours else Reason.SCHEDULE_ATTACHED)


def test_an_intent_for_another_subscription_claims_no_schedule() -> None:
    other = INTENT.model_copy(update={"parameters": {"subscriptionID": "sub_0"}})
    assert actions(asking_for("pro", subscription=scheduled(), intent=other)) == ()


# ------------------------------------------------------------------ the intent


def pending(world: World) -> PendingOperation | None:
    return status_of(world, decide(world)).pending_operation


def test_the_intent_stays_until_the_move_is_planned() -> None:
    outside, world = Outside(), asking_for("pro")
    kept = []
    while steps := actions(world):
        kept.append(pending(world) is not None)
        world = outside.carry_out(steps[0], world)
    assert kept == [False, True, True, True], "before it is stored, looked for, attached, planned"
    assert pending(world) is None


def test_an_intent_that_is_not_needed_any_more_goes_once_no_schedule_is_found() -> None:
    world = asking_for("starter", intent=INTENT)
    assert actions(world) == (LookAgain(),)
    assert pending(world) is not None
    assert actions(replace(world, looked=True)) == ()
    assert pending(replace(world, looked=True)) is None


def test_a_schedule_that_was_attached_for_nothing_is_taken_off() -> None:
    assert settled(asking_for("starter", subscription=scheduled(), intent=INTENT))[1] == [
        "ReleaseSchedule",
        "LookAgain",
    ]


def test_the_intent_stays_while_something_holds_the_provider_back() -> None:
    world = asking_for("pro", a_dearer_offer(ready=False), subscription=scheduled(), intent=INTENT)
    assert told(world).reason == Reason.PLAN_NOT_READY
    assert pending(world) is not None


REFUSED = Refusal(Reason.BACKEND_UNAVAILABLE, "No.", by_registry=False)


def test_a_schedule_whose_move_was_refused_is_still_ours_once_the_spec_is_corrected() -> None:
    refused = replace(asking_for("pro", subscription=scheduled(), intent=INTENT), refusal=REFUSED)
    after = with_status(refused).resource
    corrected = asking_for("starter", subscription=scheduled(), intent=after.status.pending_operation)
    assert settled(corrected)[1] == ["ReleaseSchedule", "LookAgain"]


def test_a_schedule_that_was_refused_itself_is_asked_for_under_another_key() -> None:
    """Stripe would repeat its stored refusal (stripe.md 5.3)."""
    assert pending(replace(asking_for("pro", intent=INTENT), refusal=REFUSED)) is None


@pytest.mark.parametrize(
    "subscriptions",
    [pytest.param((), id="none"), pytest.param((a_subscription("canceled"),), id="ended")],
)
def test_the_intent_goes_with_its_subscription(subscriptions: tuple[Subscription, ...]) -> None:
    world = replace(asking_for("pro", intent=INTENT), subscriptions=subscriptions, looked=True)
    kept = pending(replace(world, resource=with_status(world).resource))
    assert kept is None or kept.step != "AttachSchedule"


def test_each_schedule_has_a_key_of_its_own() -> None:
    """One that was released and is wanted again is made anew: Stripe would answer the old key with the old one."""
    world = asking_for("pro")
    keys = {
        action.intent.idempotency_key
        for each in (world, replace(world, now=world.now + timedelta(seconds=1)))
        for action in actions(each)
        if isinstance(action, StoreIntent)
    }
    assert len(keys) == 2


def test_the_key_of_the_intent_is_the_key_of_the_call() -> None:
    world = replace(asking_for("pro", intent=INTENT), looked=True)
    assert actions(world) == (AttachSchedule("sub_1", "tenant-billing:key:1"),)


# ------------------------------------------------------------------ beside other changes


@pytest.mark.parametrize(
    ("spec", "subscription"),
    [
        pytest.param({"renewal": "CancelAtPeriodEnd"}, a_subscription(), id="the object ends it"),
        pytest.param({}, a_subscription(cancel_at_period_end=True), id="the customer ended it"),
        pytest.param({}, a_subscription(cancel_at=a_world().now), id="it ends at a time"),
    ],
)
def test_nothing_is_planned_for_after_the_end(spec: Any, subscription: Subscription) -> None:
    world, done = settled(asking_for("pro", subscription=subscription, **spec))
    assert "StoreIntent" not in done
    condition = told(world, ConditionType.SUBSCRIPTION_SYNCED)
    assert condition.reason == Reason.PENDING
    assert "spec.renewal: Renew" in condition.message


def test_renewing_comes_before_what_is_planned_for_the_next_period() -> None:
    ending = a_subscription(cancel_at_period_end=True)
    _, done = settled(asking_for("pro", subscription=ending, renewal="Renew"))
    assert done[0] == "ChangeSubscription"
    assert done[-1] == "PlanMove"


def test_to_end_with_the_period_takes_our_schedule_off_first() -> None:
    world, done = settled(asking_for("pro", subscription=PLANNED, renewal="CancelAtPeriodEnd"))
    assert done == ["ReleaseSchedule", "ChangeSubscription"]
    assert world.subscriptions[0].cancel_at_period_end


def test_another_change_is_written_between_two_schedules() -> None:
    spec = {"collection": {"method": "Invoice", "daysUntilDue": 14}}
    world = replace(asking_for("pro", subscription=PLANNED, **spec), backend=a_backend(trusts=TRUSTING))
    world, done = settled(world)
    assert done == [
        "ReleaseSchedule",
        "ChangeSubscription",
        "StoreIntent",
        "LookAgain",
        "AttachSchedule",
        "PlanMove",
    ]
    assert world.subscriptions[0].collection_method == "send_invoice"


def test_a_change_that_waits_for_its_payment_is_waited_for() -> None:
    marked = a_subscription(
        pending_change=True, metadata=KEY.metadata("starter") | {StripeMetadata.UPGRADE: "x"}
    )
    world = asking_for("pro", subscription=marked)
    assert actions(world) == ()
    assert synced(world) == Reason.PENDING


def test_a_release_names_subscription_and_schedule() -> None:
    assert actions(asking_for("starter", subscription=PLANNED)) == (ReleaseSchedule("sub_1", "sub_sched_1"),)
