"""Leaving an old metered price: a mark, a schedule, its phases; repeated at will, and killed anywhere."""

from dataclasses import replace

import pytest

from hand_clock import NOW
from importing_builders import Left
from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain.actions import AttachSchedule, ChangeSubscription, PlanMove
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.meter_migration import Candidate, Stage, Step, decide
from tenant_billing.domain.observations import Schedule, SchedulePhase, Subscription
from tenant_billing.domain.subscription_predictions import (
    move_planned,
    schedule_attached,
    schedule_released,
    subscription_changed,
)

KEY = TenantKey("default", "eu1", "acme")


def a_candidate(**changes: object) -> Candidate:
    """A subscription on an old metered price, and a plan with a meter."""
    left = Left()
    left.price("price_old", metered=True)
    left.price("price_new", product="Metered", metered=True, meter_id="mtr_1")
    subscription = left.sold("acme", "price_old")
    known = {
        "uid": "uid-1",
        "key": KEY,
        "subscription": subscription,
        "others": (),
        "prices": {each.id: each for each in left.prices},
        "target": left.prices[1],
        "plan": "starter-metered",
    }
    return Candidate(**{**known, **changes})  # type: ignore[arg-type]  # fields by name


def with_subscription(candidate: Candidate, **changes: object) -> Candidate:
    return replace(candidate, subscription=replace(candidate.subscription, **changes))  # type: ignore[arg-type]  # likewise


def carried_out(candidate: Candidate, step: Step) -> Candidate:
    before = candidate.subscription
    match step:
        case ChangeSubscription(_, change):
            after = subscription_changed(before, change)
        case AttachSchedule():
            assert before.schedule is None, "a subscription has one schedule at the most"
            after = schedule_attached(before, "schedule-1")
        case PlanMove(move):
            after = move_planned(before, move)
    return replace(candidate, subscription=after)


def test_it_is_marked_then_scheduled_then_planned() -> None:
    candidate, done = a_candidate(), []
    while (verdict := decide(candidate)).step is not None:
        done.append(verdict.step)
        candidate = carried_out(candidate, verdict.step)
    assert [type(each).__name__ for each in done] == ["ChangeSubscription", "AttachSchedule", "PlanMove"]
    assert verdict.stage is Stage.PLANNED
    planned = done[2]
    assert isinstance(planned, PlanMove)
    assert (planned.move.former_price_id, planned.move.price_id, planned.move.quantity) == (
        "price_old",
        "price_new",
        None,
    )
    assert planned.move.schedule_metadata == KEY.metadata("starter-metered")


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3])
def test_whoever_is_killed_goes_on_where_it_was(killed_after: int) -> None:
    """All that is remembered stands at the provider, so that a step that was done is found done."""
    candidate = a_candidate()
    for _ in range(killed_after):
        step = decide(candidate).step
        assert step is not None
        candidate = carried_out(candidate, step)
    steps = 0
    while (step := decide(candidate).step) is not None:
        candidate = carried_out(candidate, step)
        steps += 1
    assert steps == 3 - killed_after
    assert candidate.subscription.schedule is not None
    assert len(candidate.subscription.schedule.phases) == 2


MARKED = {StripeMetadata.METER_MIGRATION: "starter-metered/1"}


def test_a_repetition_asks_with_the_same_key() -> None:
    marked = with_subscription(a_candidate(), metadata=MARKED)
    first, again = decide(marked).step, decide(marked).step
    assert isinstance(first, AttachSchedule)
    assert first == again


def test_a_schedule_that_somebody_released_is_asked_for_under_another_key() -> None:
    """The provider gives back the stored answer of the first key: the schedule that is no more."""
    marked = with_subscription(a_candidate(), metadata=MARKED)
    first = decide(marked).step
    mark = decide(replace(marked, again=True)).step
    assert isinstance(mark, ChangeSubscription)
    assert mark.change.metadata == {StripeMetadata.METER_MIGRATION: "starter-metered/2"}
    second = decide(carried_out(marked, mark)).step
    assert isinstance(first, AttachSchedule)
    assert isinstance(second, AttachSchedule)
    assert first.key != second.key


@pytest.mark.parametrize("mark", ["another/3", "starter-metered", "starter-metered/x"])
def test_a_mark_of_something_else_is_no_intent(mark: str) -> None:
    marked = with_subscription(a_candidate(), metadata={StripeMetadata.METER_MIGRATION: mark})
    assert isinstance(decide(marked).step, ChangeSubscription)


def test_what_is_on_the_new_price_has_moved() -> None:
    candidate = a_candidate()
    item = replace(candidate.subscription.items[0], price_id="price_new")
    assert decide(with_subscription(candidate, items=(item,))).stage is Stage.MOVED


def test_a_plan_of_another_choice_replaces_what_was_planned() -> None:
    candidate = a_candidate()
    while (step := decide(candidate).step) is not None:
        candidate = carried_out(candidate, step)
    left = Left()
    other = left.price("price_other", metered=True, meter_id="mtr_2")
    changed = replace(
        candidate, target=other, plan="other", prices={**candidate.prices, "price_other": other}
    )
    step = decide(changed).step
    assert isinstance(step, PlanMove)
    assert step.move.price_id == "price_other"


def foreign(subscription: Subscription) -> Subscription:
    schedule = Schedule("sub_sched_x", (SchedulePhase(("price_old",)),), {"by": "somebody"})
    return replace(subscription, schedule=schedule, schedule_id=schedule.id)


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (with_subscription(a_candidate(), status="canceled", ended_at=NOW), "has ended"),
        (with_subscription(a_candidate(), status="incomplete"), "first payment"),
        (with_subscription(a_candidate(), items=()), "is on no price"),
        (replace(a_candidate(), prices={}), "is on price_old, which is not of the old kind"),
        (with_subscription(a_candidate(), cancel_at_period_end=True), "is going to end"),
        (with_subscription(a_candidate(), cancel_at=NOW), "is going to end"),
        (
            replace(a_candidate(), subscription=foreign(a_candidate().subscription)),
            "schedule sub_sched_x owns",
        ),
        (with_subscription(a_candidate(), schedule_id="sub_sched_unread"), "schedule sub_sched_unread owns"),
        (
            replace(a_candidate(), target=replace(a_candidate().target, currency="USD")),
            "has the currency USD, not EUR",
        ),
    ],
)
def test_what_cannot_be_moved_says_why(candidate: Candidate, expected: str) -> None:
    verdict = decide(candidate)
    assert (verdict.stage, verdict.step) == (Stage.REFUSED, None)
    assert expected in verdict.message


def another(price: str) -> Subscription:
    left = Left()
    left.price(price)
    return left.sold("lab", price, customer="cus_acme")


def test_two_subscriptions_of_one_customer_never_count_on_one_meter() -> None:
    candidate = a_candidate()
    for rival in (
        another("price_new"),
        schedule_released(another("price_old")).__class__(
            **{
                **vars(another("price_old")),
                "schedule": Schedule("s", (SchedulePhase(("price_new",)),)),
                "schedule_id": "s",
            }
        ),
    ):
        verdict = decide(replace(candidate, others=(rival,)))
        assert verdict.stage is Stage.REFUSED
        assert "counts on the same meter" in verdict.message


def test_an_ended_subscription_and_another_meter_are_no_hindrance() -> None:
    ended = replace(another("price_new"), status="canceled", ended_at=NOW)
    candidate = replace(a_candidate(), others=(ended, another("price_old"), another("price_unknown")))
    assert decide(candidate).stage is Stage.DUE
