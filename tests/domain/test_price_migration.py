"""A changed amount of a plan: who is moved to the new price, when and how. Each object decides by itself."""

from dataclasses import replace
from typing import Any

import pytest

from repriced_plan import FORMER, MARKED, METERED, NEW, OLD, repriced
from subscription_builders import (
    CLAIM,
    KEY,
    PRICES,
    a_dearer_offer,
    a_plan,
    a_subscription,
    a_tenant_subscription,
    a_world,
    an_item,
    told,
    with_offers,
)
from subscription_outside import Outside
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import Annotation, StripeMetadata
from tenant_billing.domain.actions import Action, ChangeItem, PlanMove, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import Schedule, SchedulePhase, Subscription
from tenant_billing.domain.world import Offer, World


def a_subscriber(offer: Offer | None = None, resource: Any = None, **changes: Any) -> World:
    """A tenant that subscribed before the amount was changed."""
    subscription = a_subscription(**({"items": (FORMER,)} | changes))
    world = a_world(resource, subscriptions=(subscription,))
    return with_offers(world, offer or repriced(), a_dearer_offer())


def settled(world: World) -> tuple[Subscription, list[Action]]:
    """The subscription when nothing is left to do, and what was done at the provider."""
    outside = Outside()
    world = outside.settle(world, lambda each: decide(each).actions)
    return world.subscriptions[0], [each for each in outside.done if not isinstance(each, UpdateTenant)]


def kinds(world: World) -> list[str]:
    return [type(each).__name__ for each in settled(world)[1]]


def the_move(world: World) -> ChangeItem:
    (move,) = (each for each in decide(world).actions if isinstance(each, ChangeItem))
    return move


POLICIES = [
    pytest.param("NewSubscriptionsOnly", [], id="whoever subscribed before keeps the price"),
    pytest.param("AtRenewal", ["ChangeItem"], id="the next renewal has the new price"),
    pytest.param("Immediately", ["ChangeItem"], id="the new price is charged from now on"),
]


@pytest.mark.parametrize(("policy", "done"), POLICIES)
def test_policy_says_who_moves(policy: str, done: list[str]) -> None:
    assert kinds(a_subscriber(repriced(policy))) == done


def test_who_was_moved_is_not_moved_again() -> None:
    """Killed anywhere: what is seen afterwards decides, and nothing else."""
    moved, _ = settled(a_subscriber())
    assert moved.items[0].price_id == NEW
    assert kinds(a_subscriber(items=moved.items)) == []


PRORATIONS = [
    pytest.param("AtRenewal", "InvoiceNow", "none", id="at renewal nothing is charged before"),
    pytest.param("Immediately", "NextInvoice", "create_prorations", id="the rest on the next invoice"),
    pytest.param("Immediately", "InvoiceNow", "always_invoice", id="the rest at once"),
    pytest.param("Immediately", "None", "none", id="the rest is nobody's"),
]


@pytest.mark.parametrize(("policy", "proration", "word"), PRORATIONS)
def test_rest_of_the_period_is_charged_as_the_plan_says(policy: str, proration: str, word: str) -> None:
    plan = a_plan(priceChangePolicy=policy, prorationPolicy=proration)
    change = the_move(a_subscriber(repriced(plan=plan))).change
    assert (change.proration, change.only_when_paid) == (word, False)


def test_quantity_and_other_items_stay() -> None:
    other = an_item("price_of_a_support_contract", quantity=3)
    subscription, _ = settled(a_subscriber(items=(other, replace(FORMER, quantity=7))))
    assert [(each.price_id, each.quantity) for each in subscription.items] == [
        ("price_of_a_support_contract", 3),
        (NEW, 7),
    ]


def test_payments_go_before_moves_in_the_budget_of_the_account() -> None:
    assert the_move(a_subscriber()).urgent is False


def test_moved_subscriber_carries_the_mark_of_its_plan() -> None:
    subscription, _ = settled(a_subscriber(metadata={}))
    assert dict(subscription.metadata) == MARKED | CLAIM


LEFT = [
    pytest.param({"pending_change": True}, id="a change waits for its payment"),
    pytest.param({"status": "paused"}, id="paused: its items cannot change"),
    pytest.param({"status": "incomplete"}, id="not paid once"),
    pytest.param({"status": "canceled"}, id="ended"),
    pytest.param({"status": "brand_new"}, id="a status that nobody knows"),
    pytest.param({"cancel_at_period_end": True}, id="not renewed, so there is no renewal to charge at"),
    pytest.param(
        {"schedule_id": "sub_sched_9", "schedule": Schedule("sub_sched_9", (), {"by": "sales"})},
        id="somebody else's schedule owns its items",
    ),
]


@pytest.mark.parametrize("changes", LEFT)
def test_subscriber_is_left_on_its_price(changes: dict[str, Any]) -> None:
    assert not [each for each in decide(a_subscriber(**changes)).actions if isinstance(each, ChangeItem)]


def test_who_leaves_at_the_period_s_end_pays_the_new_price_until_then_only_at_once() -> None:
    assert kinds(a_subscriber(repriced("Immediately"), cancel_at_period_end=True)) == ["ChangeItem"]


PLANS = [
    pytest.param(repriced(ready=False), id="a plan that is not ready moves nobody"),
    pytest.param(
        repriced(
            plan=a_plan(priceChangePolicy="AtRenewal").model_copy(
                update={
                    "metadata": a_plan().metadata.model_copy(
                        update={"annotations": {Annotation.PAUSED: "true"}}
                    )
                }
            )
        ),
        id="nor one that was paused",
    ),
    pytest.param(
        repriced(plan=a_plan(priceChangePolicy="AtRenewal", price={"existing": {"priceID": NEW}})),
        id="off a price that is accepted nobody is moved",
    ),
    pytest.param(repriced(price_id=None), id="no price to go to"),
    pytest.param(repriced(interval=None), id="a price that was not seen"),
]


@pytest.mark.parametrize("offer", PLANS)
def test_plan_moves_nobody(offer: Offer) -> None:
    assert not [each for each in decide(a_subscriber(offer)).actions if isinstance(each, ChangeItem)]


def test_change_of_plan_goes_straight_to_the_current_price() -> None:
    """Nobody is moved to another revision of the plan that they leave."""
    resource = a_tenant_subscription(plan="pro")
    assert the_move(a_subscriber(resource=resource)).change.price_id == PRICES["pro"]


def test_plan_that_was_chosen_in_stripe_keeps_the_price_that_was_chosen() -> None:
    resource = a_tenant_subscription(plan="pro")
    assert kinds(a_subscriber(resource=resource, metadata=KEY.metadata("pro"))) == []


# ---------------------------------------------------------------- at the period's end

SCHEDULED = ["StoreIntent", "LookAgain", "AttachSchedule", "PlanMove"]

WAITING = [
    pytest.param(repriced(metered=True), METERED, id="usage at renewal"),
    pytest.param(
        repriced("Immediately", metered=True),
        METERED,
        id="usage waits always: a change amid the period drops some",
    ),
    pytest.param(repriced("Immediately", metered=True), FORMER, id="a fixed amount gives way to usage"),
    pytest.param(repriced(former_amount=0), FORMER, id="what was free would be charged at once"),
]


@pytest.mark.parametrize(("offer", "item"), WAITING)
def test_move_between_two_periods_is_a_schedule_s(offer: Offer, item: Any) -> None:
    world = a_subscriber(offer, items=(item,))
    subscription, done = settled(world)
    assert [type(each).__name__ for each in done] == SCHEDULED
    (plan,) = (each.move for each in done if isinstance(each, PlanMove))
    assert (plan.former_price_id, plan.price_id) == (OLD, NEW)
    assert plan.quantity == (None if offer.metered else 1)
    assert kinds(a_subscriber(offer, items=(item,), **_schedule_of(subscription))) == []
    assert told(world, ConditionType.SUBSCRIPTION_SYNCED).reason == "Pending"


def test_what_was_free_is_charged_at_once_where_the_plan_says_so() -> None:
    assert kinds(a_subscriber(repriced("Immediately", former_amount=0))) == ["ChangeItem"]


def _schedule_of(subscription: Subscription) -> dict[str, Any]:
    return {"schedule_id": subscription.schedule_id, "schedule": subscription.schedule}


def planned(offer: Offer) -> dict[str, Any]:
    """The schedule that moves a subscriber at the period's end."""
    return _schedule_of(settled(a_subscriber(offer, items=(METERED,)))[0])


def test_outage_of_the_plan_takes_no_schedule_back() -> None:
    offer = repriced(metered=True)
    world = a_subscriber(replace(offer, ready=False), items=(METERED,), **planned(offer))
    assert kinds(world) == []


def test_not_ready_plan_attaches_no_schedule() -> None:
    assert kinds(a_subscriber(repriced(metered=True, ready=False), items=(METERED,))) == []


def test_policy_that_is_taken_back_releases_what_was_planned() -> None:
    offer = repriced("NewSubscriptionsOnly", metered=True)
    schedule = planned(repriced(metered=True))
    assert kinds(a_subscriber(offer, items=(METERED,), **schedule)) == ["ReleaseSchedule"]


def test_amount_that_changes_again_plans_the_newest() -> None:
    schedule = Schedule(
        "sub_sched_1",
        (SchedulePhase((OLD,)), SchedulePhase(("price_between",), {StripeMetadata.PLAN: "starter"})),
        KEY.metadata("starter"),
    )
    world = a_subscriber(repriced(metered=True), items=(METERED,), schedule_id=schedule.id, schedule=schedule)
    assert kinds(world) == ["PlanMove"]
