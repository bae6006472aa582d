from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from subscription_builders import (
    CLAIM,
    DAY,
    KEY,
    NOW,
    PRICES,
    a_dearer_offer,
    a_plan,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_item,
    an_offer,
    told,
    with_offers,
)
from subscription_outside import Outside
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import Annotation, StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.actions import ChangeItem, ChangeSubscription
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import BillingReference
from tenant_billing.domain.requests import ItemChange, SubscriptionChange
from tenant_billing.domain.world import World

ASKED_FOR_PRO = KEY.metadata("starter") | CLAIM | {StripeMetadata.UPGRADE: "pro"}
"""``pro`` waits for its payment, or was not paid in time."""
ON_PRO = BillingReference("cus_1", PRICES["pro"], "sub_1", f"si_{PRICES['pro']}")


def asking_for_pro(subscription: Any = None, **spec: Any) -> World:
    """The object asks for ``pro``; the subscription is on ``starter``."""
    return a_world(
        a_tenant_subscription(plan="pro", **spec), subscriptions=(subscription or a_subscription(),)
    )


def moved_in_stripe(**spec: Any) -> World:
    """The object asks for ``starter``, which was applied; somebody moved the subscription to ``pro``."""
    subscription = a_subscription(items=(an_item(PRICES["pro"]),))
    return a_world(
        a_tenant_subscription(**spec),
        subscriptions=(subscription,),
        tenant=a_tenant(limits=all_limits(end_devices=5000), billing=ON_PRO),
    )


def moves(world: World) -> list[ItemChange]:
    return [each.change for each in decide(world).actions if isinstance(each, ChangeItem)]


def writes(world: World) -> list[SubscriptionChange]:
    return [each.change for each in decide(world).actions if isinstance(each, ChangeSubscription)]


def synced(world: World) -> str:
    return told(world, ConditionType.SUBSCRIPTION_SYNCED).reason


def test_a_changed_plan_moves_the_item_once_and_marks_the_plan_as_applied() -> None:
    (change,) = moves(asking_for_pro())
    assert (change.subscription_id, change.item_id, change.price_id) == (
        "sub_1",
        "si_price_starter",
        "price_pro",
    )
    assert change.metadata[StripeMetadata.PLAN] == "pro"
    outside = Outside()
    world = outside.settle(asking_for_pro(), lambda each: decide(each).actions)
    assert [type(each).__name__ for each in outside.done] == ["ChangeItem", "UpdateTenant"]
    assert world.tenant is not None
    assert world.tenant.limits["end_devices"] == 5000


@pytest.mark.parametrize(
    ("policy", "amount", "proration", "only_when_paid"),
    [
        pytest.param("NextInvoice", 9900, "create_prorations", False, id="settled on the next invoice"),
        pytest.param("None", 9900, "none", False, id="not settled at all"),
        pytest.param("InvoiceNow", 9900, "always_invoice", True, id="an upgrade waits for its payment"),
        pytest.param("InvoiceNow", 900, "always_invoice", False, id="a downgrade gives credit, no payment"),
        pytest.param(
            "InvoiceNow", 4900, "always_invoice", False, id="of the same amount there is nothing to pay"
        ),
    ],
)
def test_the_rest_of_the_period_is_settled_as_the_new_plan_says(
    policy: str, amount: int, proration: str, only_when_paid: bool
) -> None:
    pro = a_dearer_offer(plan=a_plan("pro", prorationPolicy=policy), unit_amount=amount)
    (change,) = moves(with_offers(asking_for_pro(), an_offer(), pro))
    assert (change.proration, change.only_when_paid) == (proration, only_when_paid)


def test_an_upgrade_is_one_by_the_price_that_is_paid_not_by_the_one_that_is_sold_now() -> None:
    """The plan in force costs 120 euros by now; who has subscribed for 49 is still on the former price."""
    starter = an_offer(
        price_id="price_newer",
        price_ids=frozenset({"price_newer", PRICES["starter"]}),
        amounts={"price_newer": Decimal(12000), PRICES["starter"]: Decimal(4900)},
    )
    pro = a_dearer_offer(plan=a_plan("pro", prorationPolicy="InvoiceNow"))
    (change,) = moves(with_offers(asking_for_pro(), starter, pro))
    assert change.only_when_paid
    unknown = replace(starter, amounts={"price_newer": Decimal(12000)})
    (change,) = moves(with_offers(asking_for_pro(), unknown, pro))
    assert change.only_when_paid, "what cannot be told is taken for an upgrade"


@pytest.mark.parametrize("interval", [("month", 1), ("year", 1)])
def test_a_plan_that_is_closed_takes_nobody_from_another_one(interval: tuple[str, int]) -> None:
    """Otherwise every author could move to the cheap plan of former years."""
    closed = a_dearer_offer(plan=a_plan("pro", newSubscriptions="Refuse"), interval=interval)
    world = with_offers(asking_for_pro(), an_offer(), closed)
    assert decide(world).actions == ()
    assert told(world).reason == Reason.PLAN_CLOSED
    assert synced(world) == Reason.PENDING
    assert "no new subscriptions" in told(world, ConditionType.SUBSCRIPTION_SYNCED).message


def test_a_plan_that_is_closed_takes_back_who_was_moved_off_it_in_stripe_where_the_spec_is_enforced() -> None:
    closed = an_offer(a_plan(newSubscriptions="Refuse"))
    world = moved_in_stripe(planConflictPolicy="EnforceSpec")
    (change,) = moves(with_offers(world, closed, a_dearer_offer()))
    assert change.price_id == PRICES["starter"]


def test_the_quantity_is_sent_back_as_read_because_stripe_would_set_1() -> None:
    (change,) = moves(asking_for_pro(a_subscription(items=(an_item(quantity=3),))))
    assert change.quantity == 3


def test_of_several_items_the_one_that_a_plan_owns_is_moved() -> None:
    subscription = a_subscription(items=(an_item("price_of_nobody"), an_item()))
    (change,) = moves(asking_for_pro(subscription))
    assert change.item_id == "si_price_starter"


def test_billing_of_the_tenant_names_the_item_that_a_plan_owns() -> None:
    subscription = a_subscription(items=(an_item("price_of_nobody"), an_item()))
    assert decide(a_world(subscriptions=(subscription,))).actions == ()


@pytest.mark.parametrize(
    ("subscription", "why"),
    [
        pytest.param(a_subscription(schedule_id="sub_sched_1"), "a schedule owns the items", id="schedule"),
        pytest.param(a_subscription("incomplete"), "only metadata can be changed", id="incomplete"),
        pytest.param(a_subscription("frozen_by_regulator"), "who knows what it allows", id="unknown status"),
        pytest.param(a_subscription("canceled"), "it is over", id="ended"),
    ],
)
def test_no_item_is_written_where_none_may_be(subscription: Any, why: str) -> None:
    assert moves(asking_for_pro(subscription)) == [], why


def test_an_attached_schedule_is_said() -> None:
    world = asking_for_pro(a_subscription(schedule_id="sub_sched_1"))
    assert synced(world) == Reason.SCHEDULE_ATTACHED
    assert told(world).reason == Reason.PROVISIONED


def test_a_change_in_stripe_wins_and_limits_follow_what_is_paid() -> None:
    world = moved_in_stripe()
    assert moves(world) == []
    assert synced(world) == Reason.PLAN_CHANGED_IN_STRIPE
    assert told(world).status == "True"
    assert decide(world).limits == all_limits(end_devices=5000)


def test_enforcing_the_spec_reverts_a_change_in_stripe() -> None:
    world = moved_in_stripe(planConflictPolicy="EnforceSpec")
    (change,) = moves(world)
    assert change.price_id == PRICES["starter"]


def test_enforcing_waits_for_a_change_whose_payment_is_outstanding() -> None:
    world = moved_in_stripe(planConflictPolicy="EnforceSpec")
    waiting = replace(world.subscriptions[0], pending_change=True)
    assert moves(replace(world, subscriptions=(waiting,))) == []


def test_a_change_that_is_reverted_twice_is_sent_twice() -> None:
    world = moved_in_stripe(planConflictPolicy="EnforceSpec")
    keys = {
        action.key
        for each in (world, replace(world, now=NOW + DAY))
        for action in decide(each).actions
        if isinstance(action, ChangeItem)
    }
    assert len(keys) == 2, "Stripe would answer the second from its memory and change nothing"


def test_a_new_reconcile_token_sends_a_refused_change_under_a_new_key() -> None:
    asked_again = a_tenant_subscription(plan="pro", metadata={"annotations": {Annotation.RECONCILE: "2"}})
    keys = {
        action.key
        for each in (asking_for_pro(), replace(asking_for_pro(), resource=asked_again))
        for action in decide(each).actions
        if isinstance(action, ChangeItem)
    }
    assert len(keys) == 2, "Stripe repeats a stored refusal"


def test_naming_the_plan_that_stripe_moved_to_settles_the_difference() -> None:
    world = replace(
        moved_in_stripe(),
        resource=a_tenant_subscription(plan="pro"),
        offer=a_dearer_offer(),
    )
    (write,) = writes(world)
    assert write.metadata[StripeMetadata.PLAN] == "pro"
    assert moves(world) == []


def test_a_change_that_waits_for_its_payment_keeps_plan_and_limits() -> None:
    world = asking_for_pro(a_subscription(pending_change=True, metadata=ASKED_FOR_PRO))
    assert decide(world).actions == ()
    assert synced(world) == Reason.UPGRADE_DECLINED
    assert decide(world).limits == all_limits(end_devices=500, gateways=10)


def test_a_killed_operator_marks_the_change_that_already_waits() -> None:
    world = asking_for_pro(a_subscription(pending_change=True))
    (write,) = writes(world)
    assert write.metadata == {StripeMetadata.UPGRADE: "pro"}
    assert moves(world) == []


@pytest.mark.parametrize("policy", ["FollowStripe", "EnforceSpec"])
def test_an_upgrade_that_was_not_paid_in_time_stays_declined_and_is_not_asked_for_again(policy: str) -> None:
    world = asking_for_pro(a_subscription(metadata=ASKED_FOR_PRO), planConflictPolicy=policy)
    assert decide(world).actions == ()
    assert synced(world) == Reason.UPGRADE_DECLINED
    assert "planRef" in told(world, ConditionType.SUBSCRIPTION_SYNCED).message
    assert decide(world).limits == all_limits(end_devices=500, gateways=10)


def test_an_upgrade_that_was_paid_after_all_is_marked_as_applied() -> None:
    paid = a_subscription(items=(an_item(PRICES["pro"]),), metadata=ASKED_FOR_PRO)
    outside = Outside()
    world = outside.settle(asking_for_pro(paid), lambda each: decide(each).actions)
    assert world.subscriptions[0].metadata == KEY.metadata("pro") | CLAIM
    assert synced(world) == Reason.SYNCED


def test_after_a_declined_upgrade_another_plan_is_applied_and_the_upgrade_forgotten() -> None:
    third = a_dearer_offer(plan=a_plan("third"))
    declined = a_subscription(metadata=ASKED_FOR_PRO)
    world = a_world(a_tenant_subscription(plan="third"), subscriptions=(declined,))
    world = with_offers(world, an_offer(), a_dearer_offer(), third)
    (change,) = moves(world)
    assert change.metadata == {StripeMetadata.PLAN: "third", StripeMetadata.UPGRADE: ""}


def test_naming_the_plan_in_force_forgets_a_declined_upgrade_so_that_it_can_be_asked_for_again() -> None:
    world = a_world(subscriptions=(a_subscription(metadata=ASKED_FOR_PRO),))
    world = Outside().settle(world, lambda each: decide(each).actions)
    assert StripeMetadata.UPGRADE not in world.subscriptions[0].metadata
    again = replace(world, resource=a_tenant_subscription(plan="pro"), offer=a_dearer_offer())
    assert [change.price_id for change in moves(again)] == [PRICES["pro"]]


def test_an_upgrade_in_stripe_that_is_waited_for_is_no_upgrade_of_ours() -> None:
    """The plan asked for was applied once already; what waits in Stripe is the customer's own."""
    world = asking_for_pro(a_subscription(pending_change=True, metadata=KEY.metadata("pro")))
    assert decide(world).actions == ()
    assert synced(world) == Reason.PLAN_CHANGED_IN_STRIPE


def test_a_waiting_upgrade_to_another_plan_is_forgotten_when_its_time_is_over() -> None:
    third = a_dearer_offer(plan=a_plan("third", prorationPolicy="InvoiceNow"), interval=("year", 1))
    world = a_world(
        a_tenant_subscription(plan="third"), subscriptions=(a_subscription(metadata=ASKED_FOR_PRO),)
    )
    world = Outside().settle(
        with_offers(world, an_offer(), a_dearer_offer(), third), lambda each: decide(each).actions
    )
    assert StripeMetadata.UPGRADE not in world.subscriptions[0].metadata


@pytest.mark.parametrize(
    ("pro", "reason"),
    [
        pytest.param(
            a_dearer_offer(currency="USD"), Reason.INCOMPATIBLE_PLAN, id="a subscription keeps its currency"
        ),
        pytest.param(
            a_dearer_offer(interval=None), Reason.PLAN_NOT_READY, id="a plan whose price was not seen yet"
        ),
        pytest.param(a_dearer_offer(price_id=None), Reason.PLAN_NOT_READY, id="a plan without a price waits"),
        pytest.param(
            a_dearer_offer(ready=False), Reason.PLAN_NOT_READY, id="an archived price takes nobody new"
        ),
    ],
)
def test_a_plan_that_cannot_be_reached_is_said_and_nothing_is_written(pro: Any, reason: Reason) -> None:
    world = with_offers(asking_for_pro(), an_offer(), pro)
    assert decide(world).actions == ()
    assert told(world).reason == reason


def test_a_move_in_stripe_to_another_interval_is_followed_like_any_other() -> None:
    yearly = a_dearer_offer(interval=("year", 1))
    world = moved_in_stripe()
    item = an_item(PRICES["pro"], interval="year")
    world = replace(world, subscriptions=(a_subscription(items=(item,)),))
    world = with_offers(world, an_offer(), yearly)
    assert told(world).status == "True"
    assert synced(world) == Reason.PLAN_CHANGED_IN_STRIPE


def test_a_price_is_not_called_unmanaged_before_all_plans_know_theirs() -> None:
    """Right after everything was applied again: the plan is about to find its price."""
    unknown = replace(an_offer(), ready=False, price_id=None, price_ids=frozenset(), limits_by_price={})
    world = with_offers(a_world(), unknown)
    assert told(world).reason == Reason.PLAN_NOT_READY
    assert decide(world).actions == ()


def test_a_price_that_no_plan_owns_keeps_the_tenant() -> None:
    world = a_world(subscriptions=(a_subscription(items=(an_item("price_of_nobody"),)),))
    assert decide(world).actions == ()
    assert told(world).reason == Reason.UNMANAGED_PRICE


def test_a_subscription_without_any_item_keeps_the_tenant() -> None:
    world = a_world(subscriptions=(a_subscription(items=()),))
    assert decide(world).actions == ()
    assert told(world).reason == Reason.UNMANAGED_PRICE


def test_items_of_two_plans_wait_for_a_person() -> None:
    world = a_world(subscriptions=(a_subscription(items=(an_item(), an_item(PRICES["pro"]))),))
    assert decide(world).actions == ()
    assert told(world).reason == Reason.AMBIGUOUS_PLAN


def test_of_two_plans_with_one_price_the_older_owns_it() -> None:
    copy = a_dearer_offer(price_ids=frozenset({PRICES["starter"]}))
    world = with_offers(a_world(), an_offer(), copy)
    assert decide(world).current.offer == an_offer()


def test_a_plan_whose_limits_cannot_be_read_leaves_those_of_the_tenant() -> None:
    world = with_offers(
        a_world(tenant=a_tenant(limits=all_limits(end_devices=1))),
        an_offer(limits_by_price={}),
        a_dearer_offer(),
    )
    assert decide(world).actions == ()
    assert told(world).reason == Reason.PLAN_NOT_READY


def bought_again_in_stripe(price: str, **spec: Any) -> World:
    """The object's ``starter`` was applied to a subscription that ended; its customer bought one more in Stripe."""
    former = a_subscription("canceled", ended_at=NOW - DAY)
    successor = a_subscription(
        id="sub_2", created=NOW, items=(an_item(price),), metadata={"tenant-id": KEY.tenant_id}
    )
    return a_world(a_tenant_subscription(**spec), subscriptions=(former, successor))


def test_the_plan_that_a_returning_customer_bought_in_stripe_is_followed() -> None:
    world = bought_again_in_stripe(PRICES["pro"])
    assert moves(world) == []
    assert synced(world) == Reason.PLAN_CHANGED_IN_STRIPE
    assert moves(bought_again_in_stripe(PRICES["pro"], planConflictPolicy="EnforceSpec")) != []


def test_a_wish_after_the_return_is_carried_out_like_any_other() -> None:
    agreeing = bought_again_in_stripe(PRICES["pro"], planRef={"name": "pro"})
    (mark,) = writes(agreeing)
    assert mark.metadata[StripeMetadata.PLAN] == "pro"
    (change,) = moves(bought_again_in_stripe(PRICES["starter"], planRef={"name": "pro"}))
    assert (change.subscription_id, change.price_id) == ("sub_2", PRICES["pro"])
