"""A subscription that is born at the provider: the whole rule of access and the limits, and never a write there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from subscription_builders import (
    DAY,
    NOW,
    PRICES,
    TRUSTING,
    a_backend,
    a_customer,
    a_foreign_tenant,
    a_plan,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_item,
    an_offer,
    an_unborn_world,
    is_told,
    overdue_for,
    told,
    with_offers,
    with_status,
)
from subscription_outside import Outside
from subscription_worlds import worlds
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.fields import ObjectReference
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.domain import deletion, news
from tenant_billing.domain.actions import (
    CancelSubscription,
    ChangeItem,
    ChangeSubscription,
    CreateCustomer,
    CreateSubscription,
    CreateTenant,
    UpdateTenant,
)
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.observations import BillingReference, Subscription
from tenant_billing.domain.remembered import remembered_refusal, waits_for_corrected_data
from tenant_billing.domain.report import status_of
from tenant_billing.domain.requests import NewTenant
from tenant_billing.domain.world import Refusal, World

AT_THE_PROVIDER = (CreateCustomer, CreateSubscription, ChangeItem, ChangeSubscription, CancelSubscription)
METADATA = {"tenant-id": "acme"}


def an_observed(**changes: Any) -> TenantSubscription:
    """An object that observes ``sub_1`` for tenant acme."""
    return a_tenant_subscription(**({"managementPolicy": "Observe"} | changes))


def born_in_stripe(status: str = "active", **changes: Any) -> Subscription:
    """``sub_1`` as Checkout makes it, with the metadata that the Tenant Billing Server documents."""
    return replace(a_subscription(status, metadata=METADATA), **changes)


def observing(resource: TenantSubscription | None = None, **changes: Any) -> World:
    """A paid and approved tenant of an observed subscription, in a namespace that the backend trusts."""
    known = {"subscriptions": (born_in_stripe(),), "backend": a_backend(trusts=TRUSTING)}
    return a_world(resource or an_observed(), **(known | changes))


def to_be_born(*subscriptions: Subscription, **changes: Any) -> World:
    """The same before the tenant exists."""
    known = {"subscriptions": subscriptions or (born_in_stripe(),), "customer": a_customer(metadata={})}
    return replace(an_unborn_world(an_observed(), backend=a_backend(trusts=TRUSTING)), **(known | changes))


def tenant_made_of(world: World) -> NewTenant:
    """The tenant that is made in the end."""
    outside = Outside()
    outside.settle(world, lambda each: decide(each).actions)
    (made,) = [each for each in outside.done if isinstance(each, CreateTenant)]
    return made.request


def one_update(world: World) -> UpdateTenant:
    (update,) = decide(world).actions
    assert isinstance(update, UpdateTenant)
    return update


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


# Never another's


def test_tbs_14_a_tenant_of_another_customer_is_never_touched() -> None:
    another = BillingReference("cus_other", "price_starter", "sub_other", "si_other")
    world = observing(tenant=a_foreign_tenant(billing=another))
    assert (decide(world).actions, told(world).reason) == ((), "CustomerMismatch")


def test_tbs_14_a_tenant_that_nobody_manages_is_never_touched() -> None:
    world = observing(tenant=a_foreign_tenant())
    assert (decide(world).actions, told(world).reason) == ((), "TenantNotManaged")


def test_a_tenant_of_the_billing_server_with_the_same_customer_is_taken_over_without_a_write() -> None:
    reference = BillingReference("cus_1", "price_starter", "sub_1", "si_price_starter")
    world = observing(tenant=a_foreign_tenant(billing=reference))
    assert (decide(world).actions, told(world).reason) == ((), "Provisioned")


@pytest.mark.parametrize(("older_by", "reason"), [(1, "Conflict"), (-1, "AwaitingPayment")])
def test_of_two_objects_for_one_tenant_the_older_wins(older_by: int, reason: str) -> None:
    born = {"creationTimestamp": NOW - (90 + older_by) * DAY}
    world = to_be_born(siblings=(a_tenant_subscription("managed", metadata=born),))
    assert told(world).reason == reason


def another_object(*, older_by: int = 0, **changes: Any) -> TenantSubscription:
    """An object for tenant beta that names the same subscription."""
    born = {"creationTimestamp": NOW - (90 + older_by) * DAY}
    return a_tenant_subscription("beta", tenant={"id": "beta"}, metadata=born, **changes)


def test_one_subscription_does_not_pay_for_two_tenants() -> None:
    """The metadata says for which; an older object that names it beside that is in conflict."""
    beta = another_object(older_by=5)
    assert told(observing(claimants=(beta,))).reason == "Provisioned"

    of_beta = observing(beta, claimants=(an_observed(),), tenant=None)
    assert (decide(of_beta).actions, told(of_beta).reason) == ((), "Conflict")
    assert "tenants/acme stands for subscription" in told(of_beta).message


def test_who_may_not_name_a_subscription_does_not_learn_whose_it_is() -> None:
    beta = another_object(subscriptionID="sub_1")
    stranger = observing(beta, backend=a_backend(), claimants=(an_observed(),), tenant=None)
    assert told(stranger).reason == "NotAllowed"
    assert "acme" not in told(stranger).message


def test_without_metadata_the_older_object_has_the_subscription() -> None:
    silent = (born_in_stripe(metadata={}),)
    assert told(observing(subscriptions=silent, claimants=(another_object(older_by=1),))).reason == "Conflict"
    assert (
        told(observing(subscriptions=silent, claimants=(another_object(older_by=-1),))).reason
        == "Provisioned"
    )


# The tenant's data (TBS-09)


@pytest.mark.parametrize(
    ("metadata", "customer", "name"),
    [
        ({"tenant-name": "Acme", "name": "N", "company": "C"}, "Acme Ltd", "Acme"),
        ({"name": "N", "company": "C"}, "Acme Ltd", "N"),
        ({"company": "C" * 60}, "Acme Ltd", "C" * 50),
        ({}, "A" * 60, "A" * 50),
        ({}, None, "acme"),
        ({"tenant-name": ""}, "Acme Ltd", ""),
        ({"name": "", "company": "C"}, "Acme Ltd", ""),
    ],
)
def test_tbs_09_the_name_by_the_documented_fallbacks(
    metadata: dict[str, str], customer: str | None, name: str
) -> None:
    """A key that is present but empty counts as present."""
    world = to_be_born(born_in_stripe(metadata=METADATA | metadata))
    world = replace(world, customer=a_customer(name=customer))
    assert tenant_made_of(world).name == name


def test_tbs_09_the_administrator_is_as_the_metadata_says() -> None:
    metadata = {"admin-user": "ann", "admin-email": "ann@acme.example", "admin-full-name": "Ann Owner"}
    user = tenant_made_of(to_be_born(born_in_stripe(metadata=METADATA | metadata))).initial_user
    assert (user.user_id, user.email, user.full_name) == ("ann", "ann@acme.example", "Ann Owner")


def test_tbs_09_the_administrator_falls_back_to_tenant_id_and_the_customer_s_address() -> None:
    user = tenant_made_of(to_be_born()).initial_user
    assert (user.user_id, user.email, user.full_name, user.password) == (
        "acme",
        "billing@acme.example",
        "",
        "",
    )


def test_tbs_09_an_edited_name_and_description_reach_the_tenant() -> None:
    metadata = METADATA | {"tenant-name": "Acme Two", "tenant-description": "More"}
    change = one_update(observing(subscriptions=(born_in_stripe(metadata=metadata),))).change
    assert (change.name, change.description) == ("Acme Two", "More")


def test_the_name_of_the_spec_goes_before_that_of_the_metadata() -> None:
    metadata = METADATA | {"tenant-name": "Acme Two"}
    resource = an_observed(tenant={"name": "Acme Ltd"})
    assert decide(observing(resource, subscriptions=(born_in_stripe(metadata=metadata),))).actions == ()


def test_a_fallback_that_changes_later_leaves_the_name() -> None:
    assert decide(observing(customer=a_customer(name="Acme Holding"))).actions == ()


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        (
            {"tenant-name": "A" * 51},
            "metadata tenant-name of subscription sub_1 is longer than 50 characters",
        ),
        ({"admin-full-name": "A" * 51}, "metadata admin-full-name of subscription sub_1 is longer than 50"),
        ({"admin-user": "Ann Owner"}, "metadata admin-user of subscription sub_1 'Ann Owner'"),
        ({"admin-user": "admin"}, "metadata admin-user of subscription sub_1 'admin' is reserved"),
        ({"admin-user": ""}, "metadata admin-user of subscription sub_1 ''"),
        ({"admin-email": ""}, "metadata admin-email of subscription sub_1 is ''"),
        ({"admin-email": "ann"}, "metadata admin-email of subscription sub_1 is 'ann'"),
        ({"tenant-id": "other"}, "metadata tenant-id of subscription sub_1 names tenant 'other'"),
    ],
)
def test_metadata_that_makes_no_tenant_is_said_with_its_key(metadata: dict[str, str], said: str) -> None:
    world = to_be_born(born_in_stripe(metadata=METADATA | metadata))
    assert (decide(world).actions, told(world).reason) == ((), "InvalidTenant")
    assert said in told(world).message
    assert is_told(world, ConditionType.STALLED)


def test_a_customer_without_an_address_is_said_with_the_remedies() -> None:
    world = to_be_born(customer=a_customer(email=None))
    assert (decide(world).actions, told(world).reason) == ((), "InvalidTenant")
    assert "give the customer one in Stripe, or set metadata admin-email" in told(world).message


def test_a_reserved_tenant_id_is_said_with_the_way_out() -> None:
    resource = an_observed(tenant={"id": "admin"})
    world = replace(to_be_born(born_in_stripe(metadata={"tenant-id": "admin"})), resource=resource)
    assert told(world).reason == "InvalidTenant"
    assert "then delete this object" in told(world).message


def test_a_name_that_grew_too_long_is_said_and_access_goes_on() -> None:
    metadata = METADATA | {"tenant-name": "A" * 51}
    overdue = replace(overdue_for(timedelta(days=22)), metadata=metadata)
    world = observing(subscriptions=(overdue,))
    assert told(world).reason == "InvalidTenant"
    change = one_update(world).change
    assert (change.state, change.name) == (TenantState.SUSPENDED, None)


def test_a_tenant_id_that_was_changed_later_is_said_and_the_tenant_stays() -> None:
    world = observing(subscriptions=(born_in_stripe(metadata={"tenant-id": "other"}),))
    assert (decide(world).actions, told(world).reason) == ((), "InvalidTenant")
    assert "delete this object so that one for 'other' is made" in told(world).message


def test_a_customer_that_was_deleted_is_said_without_a_field_that_is_not_there() -> None:
    ended = born_in_stripe("canceled", ended_at=NOW)
    world = observing(customer=a_customer(deleted=True), subscriptions=(ended,))
    assert told(world).reason == "CustomerDeleted"
    assert "spec.customer" not in told(world).message
    assert one_update(world).change.state is TenantState.SUSPENDED


# A password in metadata (T-17)


PASSWORD = "Correct-Horse-1"


def test_a_password_in_metadata_is_honoured_once_and_warned_about() -> None:
    subscription = born_in_stripe(admin_password=PASSWORD)
    assert tenant_made_of(to_be_born(subscription)).initial_user.password == PASSWORD
    born = observing(subscriptions=(subscription,))
    condition = told(born)
    assert (condition.reason, condition.status) == ("Provisioned", "True")
    assert "admin-password in plain text" in condition.message


def test_a_password_in_metadata_is_never_seen() -> None:
    subscription = born_in_stripe(admin_password=PASSWORD)
    world = to_be_born(subscription)
    outside = Outside()
    settled = outside.settle(world, lambda each: decide(each).actions)
    shown = (world, settled, decide(world), outside.done, status_of(settled, decide(settled)).to_kubernetes())
    assert PASSWORD not in repr(shown)


def test_the_warning_is_told_once_as_an_event() -> None:
    world = observing(subscriptions=(born_in_stripe(admin_password=PASSWORD),))
    after = status_of(world, decide(world))
    (told_first,) = news.between(world.resource.status, after)
    assert (told_first.type, told_first.reason) == ("Warning", "PasswordInMetadata")
    assert news.between(after, after) == ()


# What is remembered of a refusal


def test_a_refusal_is_asked_again_once_something_is_heard_of_the_subscription() -> None:
    world = to_be_born()
    refused = replace(world, refusal=Refusal(Reason.INVALID_TENANT, "no", by_registry=True), fresh=False)
    written = with_status(refused)
    assert remembered_refusal(written) is not None
    assert remembered_refusal(replace(written, fresh=True)) is None
    assert not waits_for_corrected_data(written.resource)


def test_data_of_the_customer_is_looked_for_again_while_it_makes_no_tenant() -> None:
    assert waits_for_corrected_data(with_status(to_be_born(customer=a_customer(email=None))).resource)
    assert not waits_for_corrected_data(with_status(to_be_born()).resource)
    assert not waits_for_corrected_data(an_observed())
    managed = with_status(an_unborn_world(a_tenant_subscription(tenant={"id": "admin"})))
    assert not waits_for_corrected_data(managed.resource)
