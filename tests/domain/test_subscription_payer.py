"""Which payer counts where the spec names another than before: a plan of another account, a subscription to adopt."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    TRUSTING,
    a_backend,
    a_dearer_offer,
    a_plan,
    a_subscription,
    a_tenant_subscription,
    a_world,
    an_offer,
    told,
    with_offers,
)
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.actions import ChangeItem, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.report import status_of
from tenant_billing.domain.world import World


def asking_for_another_account(**changes: Any) -> World:
    """The tenant is paid for through ``main``; the plan that the object asks for is sold through ``other``."""
    elsewhere = a_dearer_offer(plan=a_plan("pro", backend="other"), interval=("year", 1))
    world = a_world(a_tenant_subscription(plan="pro"), **changes)
    return replace(with_offers(world, an_offer()), offer=elsewhere)


def test_a_plan_of_another_backend_is_incompatible() -> None:
    world = asking_for_another_account()
    assert decide(world).actions == ()
    assert told(world).reason == Reason.INCOMPATIBLE_PLAN
    assert "spec.planRef" in told(world).message
    synced = told(world, ConditionType.SUBSCRIPTION_SYNCED)
    assert (synced.reason, synced.message) == (Reason.PENDING, told(world).message)


def test_access_goes_on_following_the_payments_meanwhile() -> None:
    world = asking_for_another_account(subscriptions=(a_subscription("unpaid"),))
    (update,) = decide(world).actions
    assert isinstance(update, UpdateTenant)
    assert decide(world).current.offer == an_offer()


def test_what_cannot_be_used_is_the_account_that_is_paid_through() -> None:
    world = asking_for_another_account(provider_problem=Unreachable("no answer."), subscriptions=())
    assert told(world).reason == Reason.BACKEND_UNAVAILABLE
    assert "BillingBackend main" in told(world).message


def naming_later(missing: str | None = None, *, trusts: Any = TRUSTING, **changes: Any) -> World:
    """``sub_1`` is on record; ``subscriptionID: sub_2`` was set since."""
    resource = a_tenant_subscription(subscriptionID="sub_2", status={"subscriptionID": "sub_1"})
    return a_world(resource, backend=a_backend(trusts=trusts), missing_subscription_id=missing, **changes)


def test_a_subscription_that_is_named_later_and_is_not_the_customer_s_is_said_and_the_old_one_counts() -> (
    None
):
    world = naming_later(missing="sub_2")
    assert told(world).reason == Reason.SUBSCRIPTION_NOT_FOUND
    assert "spec.subscriptionID" in told(world).message
    assert status_of(world, decide(world)).subscription_id == "sub_1"
    unpaid = naming_later(missing="sub_2", subscriptions=(a_subscription("unpaid"),))
    assert [type(each) for each in decide(unpaid).actions] == [UpdateTenant]


def test_one_that_is_named_later_counts_once_the_old_one_is_over() -> None:
    successor = a_subscription(id="sub_2", metadata={})
    world = naming_later(subscriptions=(a_subscription("canceled"), successor))
    assert decide(world).candidates.counting == successor
    assert not any(isinstance(each, ChangeItem) for each in decide(world).actions)


def test_two_that_live_are_too_many() -> None:
    second = a_subscription(id="sub_2", created=a_world().now)
    world = naming_later(subscriptions=(a_subscription(), second))
    assert told(world).reason == Reason.DUPLICATE_SUBSCRIPTION


def test_naming_one_later_needs_trust() -> None:
    world = naming_later(trusts=None)
    assert told(world).reason == Reason.NOT_ALLOWED
    assert decide(world).actions == ()


@pytest.mark.parametrize("recorded", [None, "sub_2"])
def test_the_only_one_that_is_named_is_missing_as_ever(recorded: str | None) -> None:
    status = {"subscriptionID": recorded} if recorded else {}
    resource = a_tenant_subscription(subscriptionID="sub_2", status=status)
    world = a_world(
        resource, backend=a_backend(trusts=TRUSTING), missing_subscription_id="sub_2", subscriptions=()
    )
    assert told(world).reason == Reason.SUBSCRIPTION_NOT_FOUND
    assert status_of(world, decide(world)).subscription_id == "sub_2"
