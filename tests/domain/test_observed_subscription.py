"""A subscription that is born at the provider: the whole rule of access and the limits, and never a write there."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from observed_builders import (
    METADATA,
    an_observed,
    born_in_stripe,
    observing,
    one_update,
    tenant_made_of,
    to_be_born,
)
from subscription_builders import (
    DAY,
    NOW,
    PRICES,
    a_backend,
    a_plan,
    a_tenant,
    an_item,
    an_offer,
    overdue_for,
    told,
    with_offers,
)
from subscription_outside import Outside
from subscription_worlds import worlds
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.fields import ObjectReference
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain import deletion
from tenant_billing.domain.actions import (
    CancelSubscription,
    ChangeItem,
    ChangeSubscription,
    CreateCustomer,
    CreateSubscription,
    CreateTenant,
)
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.observations import BillingReference
from tenant_billing.domain.report import status_of
from tenant_billing.domain.world import World

AT_THE_PROVIDER = (CreateCustomer, CreateSubscription, ChangeItem, ChangeSubscription, CancelSubscription)


@settings(max_examples=150, deadline=None)
@given(world=worlds())
def test_no_world_makes_an_observed_object_write_at_the_provider(world: World) -> None:
    outside = Outside()
    outside.settle(replace(world, resource=an_observed()), lambda each: decide(each).actions)
    assert not [each for each in outside.done if isinstance(each, AT_THE_PROVIDER)]


def test_a_paid_tenant_is_in_order() -> None:
    world = observing()
    assert decide(world).actions == ()
    assert told(world).reason == "Provisioned"
    assert told(world, ConditionType.SUBSCRIPTION_SYNCED).reason == "Synced"


def test_tbs_03_the_tenant_is_made_once_the_subscription_is_paid() -> None:
    assert tenant_made_of(to_be_born()).id == "acme"


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired", "past_due", "unpaid", "canceled"])
def test_tbs_13_no_tenant_is_made_before_the_first_payment(status: str) -> None:
    outside = Outside()
    outside.settle(to_be_born(born_in_stripe(status)), lambda each: decide(each).actions)
    assert not [each for each in outside.done if isinstance(each, CreateTenant)]


def test_tbs_06_the_plan_of_the_price_is_in_force_and_gives_the_limits() -> None:
    world = observing(subscriptions=(born_in_stripe(items=(an_item("price_pro"),)),))
    assert status_of(world, decide(world)).plan_ref == ObjectReference(name="pro")
    assert one_update(world).change.limits == {"end_devices": 5000, "gateways": None}


def test_tbs_12_the_item_that_a_plan_owns_counts_beside_an_item_of_no_plan() -> None:
    support = an_item("price_of_support")
    world = observing(subscriptions=(born_in_stripe(items=(support, an_item(PRICES["starter"]))),))
    assert decide(world).actions == ()
    assert told(world).reason == "Provisioned"


def test_items_of_two_plans_keep_the_tenant_and_say_so() -> None:
    world = observing(subscriptions=(born_in_stripe(items=(an_item(), an_item("price_pro"))),))
    assert (decide(world).actions, told(world).reason) == ((), "AmbiguousPlan")


def test_a_price_of_no_plan_keeps_the_tenant_and_says_so() -> None:
    world = observing(subscriptions=(born_in_stripe(items=(an_item("price_of_nobody"),)),))
    assert (decide(world).actions, told(world).reason) == ((), "UnmanagedPrice")


def test_tbs_18_a_payment_that_is_overdue_flags_and_then_suspends() -> None:
    flagged = observing(subscriptions=(replace(overdue_for(DAY), metadata=METADATA),))
    assert one_update(flagged).change.state is TenantState.FLAGGED
    suspended = observing(subscriptions=(replace(overdue_for(22 * DAY), metadata=METADATA),))
    assert one_update(suspended).change.state is TenantState.SUSPENDED


def test_tbs_05_the_end_of_the_subscription_suspends_and_says_how_it_comes_back() -> None:
    world = observing(subscriptions=(born_in_stripe("canceled", ended_at=NOW - DAY),))
    assert one_update(world).change.state is TenantState.SUSPENDED
    assert told(world).reason == "SubscriptionEnded"
    assert "tenant-id: acme" in told(world).message
    assert "resubscribe" not in told(world).message


def test_the_end_suspends_whatever_plan_had_the_price() -> None:
    ended = born_in_stripe("canceled", ended_at=NOW, items=(an_item("price_of_nobody"),))
    assert one_update(observing(subscriptions=(ended,))).change.state is TenantState.SUSPENDED


def test_a_new_subscription_of_the_customer_revives_the_tenant() -> None:
    ended = born_in_stripe("canceled", ended_at=NOW - 9 * DAY)
    successor = born_in_stripe(id="sub_2", created=NOW - DAY, items=(an_item(id="si_2"),))
    suspended = a_tenant(TenantState.SUSPENDED, "Billing: subscription ended")
    world = observing(subscriptions=(ended, successor), tenant=suspended)

    change = one_update(world).change

    assert change.state is TenantState.APPROVED
    assert change.billing == BillingReference("cus_1", "price_starter", "sub_2", "si_2")
    assert status_of(world, decide(world)).subscription_id == "sub_2"


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired"])
def test_an_abandoned_second_checkout_harms_nobody(status: str) -> None:
    abandoned = born_in_stripe(status, id="sub_2", created=NOW)
    world = observing(subscriptions=(born_in_stripe(), abandoned))
    assert (decide(world).actions, told(world).reason) == ((), "Provisioned")
    assert status_of(world, decide(world)).subscription_id == "sub_1"


def test_two_live_subscriptions_are_said_and_none_is_cancelled() -> None:
    second = born_in_stripe(id="sub_2", created=NOW)
    world = observing(subscriptions=(born_in_stripe(), second))
    assert (decide(world).actions, told(world).reason) == ((), "DuplicateSubscription")


def test_an_attached_schedule_is_no_concern_of_an_observer() -> None:
    world = observing(subscriptions=(born_in_stripe(schedule_id="sub_sched_1"),))
    assert told(world, ConditionType.SUBSCRIPTION_SYNCED).reason == "Synced"


# Trust, and what the spec cannot ask for


def test_observing_from_a_namespace_that_nobody_trusts_touches_nothing() -> None:
    world = to_be_born(backend=a_backend())
    assert told(world).reason == "NotAllowed"
    outside = Outside()
    outside.settle(world, lambda each: decide(each).actions)
    assert not [each for each in outside.done if isinstance(each, CreateTenant)]


def test_losing_the_trust_goes_on_following_the_payments() -> None:
    world = observing(backend=a_backend(), subscriptions=(replace(overdue_for(DAY), metadata=METADATA),))
    assert told(world).reason == "NotAllowed"
    assert one_update(world).change.state is TenantState.FLAGGED


def test_the_plan_s_namespaces_are_for_those_who_subscribe_in_kubernetes() -> None:
    world = with_offers(observing(), an_offer(a_plan(allowedNamespaces={"from": "None"})))
    assert told(world).reason == "Provisioned"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"customer": {"id": "cus_1"}}, "spec.customer"),
        ({"planConflictPolicy": "EnforceSpec"}, "spec.planConflictPolicy: EnforceSpec"),
        ({"collection": {"method": "Invoice", "daysUntilDue": 14}}, "spec.collection.method: Invoice"),
        ({"discounts": [{"couponID": "PILOT20"}]}, "spec.discounts"),
        ({"renewal": "CancelAtPeriodEnd"}, "spec.renewal: CancelAtPeriodEnd"),
    ],
)
def test_what_only_a_write_could_bring_about_is_refused_by_name(spec: dict[str, Any], field: str) -> None:
    condition = told(observing(an_observed(**spec)))
    assert condition.reason == "NotAllowed"
    assert field in condition.message


def test_a_backend_that_does_not_exist_is_named() -> None:
    condition = told(observing(backend=None, subscriptions=()))
    assert condition.reason == "BackendUnavailable"
    assert "spec.backendRef names BillingBackend main" in condition.message


def test_an_outage_keeps_the_tenant() -> None:
    world = observing(provider_problem=Unreachable("no answer."), subscriptions=(), customer=None)
    assert (decide(world).actions, told(world).reason) == ((), "BackendUnavailable")


def test_a_subscription_that_stripe_does_not_know_keeps_the_tenant() -> None:
    world = observing(subscriptions=(), missing_subscription_id="sub_1")
    assert (decide(world).actions, told(world).reason) == ((), "SubscriptionNotFound")


def test_deletion_only_lets_go() -> None:
    farewell = deletion.decide(observing(an_observed(metadata={"deletionTimestamp": NOW})))
    assert [type(each).__name__ for each in farewell.actions] == ["RemoveFinalizer"]
