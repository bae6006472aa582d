"""The data of a tenant that is born at the provider: the subscription's metadata, its fallbacks, its mistakes."""

from dataclasses import replace
from datetime import timedelta

import pytest

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
    NOW,
    a_customer,
    a_tenant_subscription,
    an_unborn_world,
    is_told,
    overdue_for,
    told,
    with_status,
)
from subscription_outside import Outside
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain import news
from tenant_billing.domain.decision import decide
from tenant_billing.domain.remembered import remembered_refusal, waits_for_corrected_data
from tenant_billing.domain.report import status_of
from tenant_billing.domain.world import Fresh, Refusal


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


def test_a_customer_s_address_that_is_none_is_to_be_corrected_where_it_stands() -> None:
    world = to_be_born(customer=a_customer(email="see contract"))
    assert (decide(world).actions, told(world).reason) == ((), "InvalidTenant")
    assert "'see contract' is none; correct it in Stripe, or set spec.tenant.init" in told(world).message


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
    refused = replace(
        world, refusal=Refusal(Reason.INVALID_TENANT, "no", by_registry=True), fresh=Fresh.NOTHING
    )
    written = with_status(refused)
    assert remembered_refusal(written) is not None
    assert remembered_refusal(replace(written, fresh=Fresh.EVERYTHING)) is None
    assert not waits_for_corrected_data(written.resource)


def test_data_of_the_customer_is_looked_for_again_while_it_makes_no_tenant() -> None:
    assert waits_for_corrected_data(with_status(to_be_born(customer=a_customer(email=None))).resource)
    assert not waits_for_corrected_data(with_status(to_be_born()).resource)
    assert not waits_for_corrected_data(an_observed())
    managed = with_status(an_unborn_world(a_tenant_subscription(tenant={"id": "admin"})))
    assert not waits_for_corrected_data(managed.resource)
