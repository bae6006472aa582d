"""How a tenant is made, and which of its fields are kept true."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    DAY,
    LIMITS,
    NOW,
    REFERENCE,
    a_cluster,
    a_customer,
    a_foreign_tenant,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_item,
    an_unborn_world,
    overdue_for,
    own_attributes,
    told,
    with_plan,
)
from subscription_outside import Outside
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import TenantAttribute
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.actions import CreateTenant, LookAgain, StoreIntent, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import BillingReference
from tenant_billing.domain.requests import InitialUser, NewTenant
from tenant_billing.domain.world import World


def a_world_to_be_born_in(resource: Any = None, **changes: Any) -> World:
    """Paid; the tenant does not exist yet."""
    return a_world(resource, **({"tenant": None} | changes))


def the_new(world: World) -> NewTenant:
    outside = Outside()
    outside.settle(world, lambda each: decide(each).actions)
    (request,) = (each.request for each in outside.done if isinstance(each, CreateTenant))
    return request


def the_update(world: World) -> UpdateTenant:
    (action,) = decide(world).actions
    assert isinstance(action, UpdateTenant)
    return action


def test_a_tenant_is_made_after_its_intent_was_stored_and_looked_after() -> None:
    outside = Outside()
    outside.settle(a_world_to_be_born_in(), lambda each: decide(each).actions)
    assert [type(each) for each in outside.done] == [StoreIntent, LookAgain, CreateTenant]


def test_a_new_tenant_is_approved_with_limits_claim_and_what_pays() -> None:
    request = the_new(a_world_to_be_born_in())
    assert (request.id, request.name, request.state) == ("acme", "Acme Ltd", TenantState.APPROVED)
    assert request.limits == all_limits(**LIMITS)
    assert request.billing == REFERENCE
    assert request.attributes == own_attributes()
    assert request.initial_user == InitialUser("acme", "billing@acme.example")
    assert (request.billing_email, request.technical_email) == ("billing@acme.example", None)


def test_a_customer_s_address_that_is_none_is_left_out_of_the_contacts() -> None:
    """The Things Stack would refuse the tenant for it, although its administrator has an address (T-15)."""
    resource = a_tenant_subscription(tenant={"initialAdmin": {"email": "ann@acme.example"}})
    request = the_new(a_world_to_be_born_in(resource, customer=a_customer(email="see contract")))
    assert (request.billing_email, request.technical_email) == (None, "ann@acme.example")


def test_a_customer_s_address_that_is_none_does_for_no_administrator() -> None:
    world = a_world_to_be_born_in(customer=a_customer(email="ann@acme.example "))
    assert (decide(world).actions, told(world).reason) == ((), "InvalidTenant")
    assert (
        "The customer's e-mail address 'ann@acme.example ' is none; set spec.tenant.init"
        in told(world).message
    )


def test_a_password_that_the_things_stack_would_refuse_is_not_sent() -> None:
    world = an_unborn_world(admin_password="p" * 1001)
    assert (decide(world).actions, told(world).reason) == ((), "InvalidTenant")
    assert "passwordSecretRef" in told(world).message
    assert "pp" not in told(world).message


@pytest.mark.parametrize("status", ["active", "trialing"])
def test_the_tenant_follows_once_payment_or_trial_stands(status: str) -> None:
    assert the_new(a_world_to_be_born_in(subscriptions=(a_subscription(status),))).id == "acme"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"subscriptions": (a_subscription("incomplete"),)}, id="not paid yet"),
        pytest.param({"subscriptions": (overdue_for(DAY),)}, id="overdue before it was born"),
        pytest.param(
            {"subscriptions": (a_subscription("frozen_by_regulator"),)}, id="a status not known today"
        ),
        pytest.param({"tenant_missing": True}, id="it was there, and one 404 proves nothing"),
        pytest.param({"tenant_gone": True}, id="it was deleted in The Things Stack"),
    ],
)
def test_no_tenant_is_made(changes: dict[str, Any]) -> None:
    assert decide(a_world_to_be_born_in(**changes)).actions == ()


def test_collection_paused_under_a_plan_that_suspends_makes_no_tenant() -> None:
    world = with_plan(
        a_world_to_be_born_in(subscriptions=(a_subscription(collection_paused=True),)),
        collectionPausedPolicy="Suspend",
    )
    assert decide(world).actions == ()


@pytest.mark.parametrize("policy", ["KeepActive", "Suspend"])
def test_an_access_policy_makes_no_tenant_of_an_unpaid_one(policy: str) -> None:
    world = a_world_to_be_born_in(
        a_tenant_subscription(accessPolicy=policy), subscriptions=(a_subscription("incomplete"),)
    )
    assert not any(isinstance(each, StoreIntent) for each in decide(world).actions)


@pytest.mark.parametrize(
    ("asked", "metadata", "customer", "name"),
    [
        pytest.param("Asked", {"tenant-name": "T"}, a_customer(), "Asked", id="the spec goes first"),
        pytest.param(None, {"tenant-name": "T", "name": "N"}, a_customer(), "T", id="tenant-name"),
        pytest.param(None, {"name": "N", "company": "C"}, a_customer(), "N", id="then name"),
        pytest.param(None, {"company": "C"}, a_customer(), "C", id="then company"),
        pytest.param(None, {}, a_customer(), "Acme Ltd", id="then the customer's"),
        pytest.param(None, {}, a_customer(name=None), "Details", id="then the spec's details"),
        pytest.param(None, {}, a_customer(name="A" * 200), "A" * 50, id="a name of 200 characters is cut"),
    ],
)
def test_the_name_by_the_documented_fallbacks(
    asked: str | None, metadata: Any, customer: Any, name: str
) -> None:
    resource = a_tenant_subscription(
        tenant={"name": asked}, customer={"details": {"name": "Details", "email": "a@acme.example"}}
    )
    subscription = a_subscription(metadata=metadata)
    world = a_world_to_be_born_in(resource, subscriptions=(subscription,), customer=customer)
    assert the_new(world).name == name


def test_without_any_name_the_tenant_is_called_by_its_id() -> None:
    resource = a_tenant_subscription(customer={"details": {"email": "a@acme.example"}})
    assert the_new(a_world_to_be_born_in(resource, customer=a_customer(name=None))).name == "acme"


@pytest.mark.parametrize(
    ("asked", "metadata", "customer", "description"),
    [
        pytest.param("Asked", {"tenant-description": "T"}, "C", "Asked", id="the spec goes first"),
        pytest.param(None, {"tenant-description": "T"}, "C", "T", id="then the subscription's"),
        pytest.param(None, {}, "C", "C", id="then the customer's"),
        pytest.param(None, {}, None, "D", id="then the spec's details"),
    ],
)
def test_the_description_by_the_documented_fallbacks(
    asked: str | None, metadata: Any, customer: str | None, description: str
) -> None:
    resource = a_tenant_subscription(
        tenant={"description": asked}, customer={"details": {"description": "D", "email": "a@acme.example"}}
    )
    world = a_world_to_be_born_in(
        resource,
        subscriptions=(a_subscription(metadata=metadata),),
        customer=a_customer(description=customer),
    )
    assert the_new(world).description == description


def test_the_administrator_by_the_documented_metadata() -> None:
    metadata = {"admin-user": "ann", "admin-email": "ann@acme.example", "admin-full-name": "Ann Owner"}
    request = the_new(a_world_to_be_born_in(subscriptions=(a_subscription(metadata=metadata),)))
    assert request.initial_user == InitialUser("ann", "ann@acme.example", "Ann Owner")
    assert request.technical_email == "ann@acme.example"


def test_the_administrator_of_the_spec_goes_first() -> None:
    admin = {"userID": "bob", "email": "bob@acme.example", "fullName": "Bob"}
    metadata = {"admin-user": "ann", "admin-email": "ann@acme.example", "admin-full-name": "Ann Owner"}
    world = a_world_to_be_born_in(
        a_tenant_subscription(tenant={"initialAdmin": admin}),
        subscriptions=(a_subscription(metadata=metadata),),
        admin_password="word",
    )
    assert the_new(world).initial_user == InitialUser("bob", "bob@acme.example", "Bob", "word")


def test_a_template_is_applied_without_what_the_operator_owns() -> None:
    template = {
        "attributes": {"tier": "starter", TenantAttribute.MANAGED_BY: "somebody"},
        "configuration": {"default_cluster": {"ui": {}}},
    }
    request = the_new(with_plan(a_world_to_be_born_in(), tenantTemplate=template))
    assert request.attributes == own_attributes() | {"tier": "starter"}
    assert request.configuration == {"default_cluster": {"ui": {}}}


@pytest.mark.parametrize(
    ("tenant", "customer", "said"),
    [
        pytest.param({"id": "Acme"}, None, "spec.tenant.id 'Acme'", id="upper case"),
        pytest.param({"id": "ac"}, None, "spec.tenant.id 'ac'", id="too short"),
        pytest.param({"id": "a--cme"}, None, "spec.tenant.id 'a--cme'", id="two dashes"),
        pytest.param({"id": "acme\n"}, None, "spec.tenant.id", id="a line break at the end"),
        pytest.param({"id": "a" * 37}, None, "at most 36", id="too long"),
        pytest.param({"id": "admin"}, None, "reserved", id="reserved: refused before anything is sold"),
        pytest.param({"description": "d" * 2001}, None, "2000", id="a description that does not fit"),
        pytest.param({"attributes": {"Region": "eu"}}, None, "Region", id="an attribute's key in upper case"),
        pytest.param({"attributes": {"k" * 37: "eu"}}, None, "k" * 37, id="an attribute's key too long"),
        pytest.param({"attributes": {"managed-by": "me"}}, None, "managed-by", id="an attribute of ours"),
        pytest.param({"initialAdmin": {"userID": "A"}}, None, "userID 'A'", id="no user id"),
        pytest.param({"initialAdmin": {"userID": "u" * 37}}, None, "2 to 36", id="a user id too long"),
        pytest.param({"initialAdmin": {"userID": "root"}}, None, "reserved", id="a reserved user id"),
        pytest.param({}, {"details": {"name": "Acme"}}, "e-mail", id="nobody's e-mail address is known"),
        pytest.param({"initialAdmin": {"email": "ann"}}, None, "initialAdmin.email 'ann' is no", id="no @"),
        pytest.param({}, {"details": {"email": "ann@acme..example"}}, "details.email 'ann@", id="two dots"),
    ],
)
def test_what_the_things_stack_would_refuse_is_said_before_any_call(
    tenant: Any, customer: Any, said: str
) -> None:
    world = an_unborn_world(a_tenant_subscription(tenant=tenant, customer=customer))
    assert decide(world).actions == ()
    assert (told(world).reason, told(world, ConditionType.STALLED).reason) == (
        "InvalidTenant",
        "InvalidTenant",
    )
    assert said in told(world).message


def test_an_existing_tenant_is_not_measured_by_the_rules_of_creation() -> None:
    world = a_world(
        a_tenant_subscription(customer={"details": {"name": "Acme"}}), customer=a_customer(email=None)
    )
    assert told(world).reason == Reason.PROVISIONED


def test_foreign_attributes_are_kept_and_asked_ones_join() -> None:
    world = a_world(
        a_tenant_subscription(tenant={"attributes": {"region": "eu"}}),
        tenant=a_tenant(attributes=own_attributes() | {"theirs": "x"}),
    )
    assert the_update(world).change.attributes == own_attributes() | {"theirs": "x", "region": "eu"}


def test_name_and_description_are_kept_true_where_asked_for() -> None:
    world = a_world(a_tenant_subscription(tenant={"name": "New", "description": "Sensors"}))
    change = the_update(world).change
    assert (change.name, change.description, change.state) == ("New", "Sensors", None)


def test_limits_are_kept_true_one_by_one() -> None:
    world = a_world(tenant=a_tenant(limits=all_limits(end_devices=500, gateways=0, users=3)))
    assert the_update(world).change.limits == {"gateways": 10, "users": None}


def test_taking_over_what_the_tenant_billing_server_wrote_writes_nothing() -> None:
    assert decide(a_world(tenant=a_foreign_tenant(billing=REFERENCE))).actions == ()


def test_an_author_does_not_write_who_pays_for_the_tenant() -> None:
    """What the tenant says is believed once the status is lost: the author would be charged to somebody else's card."""
    over = a_subscription("canceled", items=(an_item("price_of_nobody"),), ended_at=NOW)
    world = a_world(
        a_tenant_subscription(tenant={"attributes": {"stripe-customer-id": "cus_stranger"}}),
        tenant=a_tenant(attributes=own_attributes() | {"stripe-customer-id": "cus_1"}),
        subscriptions=(over,),
    )
    written = the_update(world).change.attributes
    assert written is None or written["stripe-customer-id"] == "cus_1"


def test_attributes_join_the_next_write_that_is_needed_anyway() -> None:
    world = a_world(tenant=a_foreign_tenant(billing=REFERENCE, limits=all_limits()))
    change = the_update(world).change
    assert change.attributes == own_attributes()
    assert change.limits == LIMITS


def test_billing_is_written_where_it_names_an_earlier_subscription() -> None:
    earlier = BillingReference("cus_1", "price_starter", "sub_0", "si_0")
    assert the_update(a_world(tenant=a_tenant(billing=earlier))).change.billing == REFERENCE


def test_beside_a_running_tenant_billing_server_billing_is_never_written() -> None:
    beside = a_cluster(billingFieldPolicy="Ignore")
    assert the_new(a_world_to_be_born_in(cluster=beside)).billing is None
    assert decide(a_world(cluster=beside, tenant=a_tenant(billing=None))).actions == ()


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({f"key-{number}": "x" for number in range(5)}, id="more than ten"),
        pytest.param({"note": "x" * 201}, id="a value that is too long"),
    ],
)
def test_without_room_for_attributes_only_billing_names_what_pays(attributes: dict[str, str]) -> None:
    world = a_world(tenant=a_tenant(attributes=attributes))
    assert decide(world).actions == ()
    assert (told(world).status, told(world).reason) == ("False", Reason.TOO_MANY_ATTRIBUTES)
    unpaid = replace(world, subscriptions=(a_subscription("unpaid"),))
    assert the_update(unpaid).change.attributes is None


def test_what_ended_leaves_the_ids_that_the_tenant_has() -> None:
    """Its price belongs to no plan any more: there is nothing true to write in their place."""
    ended = a_subscription("canceled", items=(), ended_at=NOW)
    change = the_update(a_world(subscriptions=(ended,))).change
    assert (change.state, change.billing, change.attributes) == (TenantState.SUSPENDED, None, None)
