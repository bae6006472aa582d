from dataclasses import replace

import pytest

from subscription_builders import (
    DAY,
    NOW,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_invoice,
    an_item,
    an_unborn_world,
    told,
    with_plan,
    with_status,
)
from subscription_outside import Outside
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.actions import CreateSubscription, StoreIntent
from tenant_billing.domain.decision import decide
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import World

ENDED = a_subscription("canceled", ended_at=NOW - DAY)
SUSPENDED = a_tenant(TenantState.SUSPENDED, Description.ENDED)


def an_ended_world(resubscribe: str | None = None, **changes: object) -> World:
    annotations = {Annotation.RESUBSCRIBE: resubscribe} if resubscribe else {}
    resource = a_tenant_subscription(metadata={"annotations": annotations})
    return replace(a_world(resource, subscriptions=(ENDED,), tenant=SUSPENDED), **changes)  # type: ignore[arg-type]  # fields of World


@pytest.mark.parametrize(
    "annotation",
    [
        pytest.param(None, id="nobody asked for another"),
        pytest.param("sub_of_last_year", id="the annotation names one that ended before"),
    ],
)
def test_an_ended_subscription_is_never_made_again_by_itself(annotation: str | None) -> None:
    world = an_ended_world(annotation)
    assert decide(world).actions == ()
    assert (told(world).status, told(world).reason) == ("False", Reason.SUBSCRIPTION_ENDED)
    assert "tenantbilling.dev/resubscribe: sub_1" in told(world).message


def test_the_annotation_that_names_it_buys_one_more_and_only_one() -> None:
    outside = Outside(first_status="incomplete")
    world = outside.settle(an_ended_world("sub_1"), lambda each: decide(each).actions)
    assert [type(each).__name__ for each in outside.done] == [
        "StoreIntent",
        "LookAgain",
        "CreateSubscription",
    ]
    assert decide(with_status(world)).actions == ()


def test_each_purchase_has_a_key_of_its_own() -> None:
    """By the key of the former one the provider would give back the subscription that has ended (stripe.md 5.3)."""
    successor = a_subscription("canceled", id="sub_2", created=NOW - DAY, ended_at=NOW)
    worlds = (
        an_unborn_world(an_ended_world().resource),
        an_ended_world("sub_1"),
        an_ended_world("sub_2", subscriptions=(ENDED, successor)),
    )
    intents = [decide(each).actions[0] for each in worlds]
    keys = {each.intent.idempotency_key for each in intents if isinstance(each, StoreIntent)}
    assert len(keys) == len(worlds)


def test_while_the_successor_awaits_its_payment_the_tenant_stays_suspended_and_the_object_says_where_to_pay() -> (
    None
):
    successor = a_subscription(
        "incomplete", id="sub_2", items=(an_item(id="si_2"),), latest_invoice=an_invoice()
    )
    world = an_ended_world("sub_1", subscriptions=(ENDED, successor))
    assert decide(world).actions == ()
    assert (told(world).status, told(world).reason) == ("False", Reason.AWAITING_PAYMENT)
    status = with_status(world).resource.status
    assert (status.subscription_id, status.subscription_item_id) == ("sub_2", "si_2")
    assert (status.subscription_status, status.hosted_invoice_url) == (
        "incomplete",
        "https://invoice.example/in_1",
    )


@pytest.mark.parametrize("status", ["active", "trialing"])
def test_a_paid_successor_approves_again(status: str) -> None:
    successor = a_subscription(status, id="sub_2", created=NOW)
    outside = Outside()
    world = outside.settle(
        an_ended_world(subscriptions=(ENDED, successor)), lambda each: decide(each).actions
    )
    assert world.tenant is not None
    assert world.tenant.state is TenantState.APPROVED
    assert not any(isinstance(each, CreateSubscription) for each in outside.done)
    assert told(world).reason == Reason.PROVISIONED


def test_a_successor_that_was_never_paid_ends_in_turn_and_needs_a_new_word() -> None:
    expired = a_subscription("incomplete_expired", id="sub_2", ended_at=NOW)
    world = an_ended_world("sub_1", subscriptions=(ENDED, expired))
    assert not any(isinstance(each, StoreIntent) for each in decide(world).actions)
    assert "resubscribe: sub_2" in told(world).message


def test_what_was_bought_and_has_ended_before_it_was_recorded_is_not_bought_by_the_terms_of_then() -> None:
    """A killed operator left the intent behind; it comes back when the trial is over."""
    with_trial = with_plan(an_unborn_world(), trial={"days": 14})
    (store,) = decide(with_trial).actions
    assert isinstance(store, StoreIntent)
    over = replace(ENDED, trial_start=NOW - 20 * DAY)
    world = replace(an_ended_world("sub_1", subscriptions=(over,)), offer=with_trial.offer)
    status = world.resource.status.model_copy(update={"pending_operation": store.intent})
    world = replace(world, resource=world.resource.model_copy(update={"status": status}), looked=True)
    (again,) = decide(world).actions
    assert isinstance(again, StoreIntent)
    assert again.intent.idempotency_key != store.intent.idempotency_key
    bought = again.intent.parameters["subscription"]
    assert isinstance(bought, dict)
    assert "trial_days" not in bought
    unasked = replace(world, resource=a_tenant_subscription(status={"pendingOperation": store.intent}))
    assert with_status(unasked).resource.status.pending_operation is None


def test_a_tenant_that_is_gone_is_not_subscribed_again() -> None:
    world = an_ended_world("sub_1", tenant=None, tenant_gone=True)
    assert decide(world).actions == ()
    assert told(world).reason == Reason.TENANT_GONE


def test_of_two_that_ended_in_the_same_second_the_later_made_is_the_newest() -> None:
    successor = replace(ENDED, id="sub_2", created=ENDED.created + DAY)
    world = an_ended_world(resubscribe="sub_1", subscriptions=(ENDED, successor))
    assert told(world).reason == Reason.SUBSCRIPTION_ENDED
    assert StoreIntent not in map(type, decide(world).actions)
