"""What a rehearsal tells about a few plain cases, by name."""

import json
from typing import Any

import pytest

import kubernetes_bodies as bodies
from hand_clock import NOW
from rehearsal_worlds import Manifest, Worked
from tenant_billing.api.names import Annotation
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.forecast import Call, System
from tenant_billing.domain.observations import Customer, Subscription, SubscriptionItem, Tenant, TenantState
from tenant_billing.rehearsal.manifests import LAST_APPLIED


def applied(body: dict[str, Any]) -> Manifest:
    return {name: value for name, value in body.items() if name != "status"}


BACKEND, CLUSTER, PLAN = (applied(each) for each in (bodies.a_backend(), bodies.a_cluster(), bodies.a_plan()))
ACME = applied(bodies.a_subscription())


def told(calls: tuple[Call, ...]) -> list[tuple[str, str, str]]:
    return [(each.system.value, each.operation, each.subject) for each in calls]


async def paid_for(*manifests: Manifest) -> Worked:
    """A world in which manifests were applied and every first invoice is paid."""
    worked = Worked()
    worked.apply(*manifests)
    await worked.settle()
    worked.pay_everything()
    worked.restart()
    await worked.settle()
    return worked


async def test_one_file_with_everything_ends_where_the_customer_has_to_pay() -> None:
    worked = Worked()
    forecast = await worked.rehearse(ACME, PLAN, CLUSTER, BACKEND)
    assert told(forecast.calls) == [
        ("Stripe", "CreateProduct", "BillingPlan starter"),
        ("Stripe", "CreatePrice", "BillingPlan starter"),
        ("Stripe", "CreateCustomer", "TenantSubscription tenants/acme"),
        ("Stripe", "CreateSubscription", "TenantSubscription tenants/acme"),
    ]
    assert [(each.subject, each.is_new, each.reason) for each in forecast.outlooks] == [
        ("BillingBackend main", True, "Available"),
        ("ThingsStackCluster eu1", True, "Available"),
        ("BillingPlan starter", True, "Available"),
        ("TenantSubscription tenants/acme", True, "AwaitingPayment"),
    ]


async def test_what_was_made_is_named_in_the_calls_that_follow() -> None:
    forecast = await Worked().rehearse(BACKEND, CLUSTER, PLAN, ACME)
    product, price, customer, subscription = forecast.calls
    assert price.parameters["product_id"] == product.target == "product-1"
    assert subscription.parameters["customer_id"] == customer.target == "customer-1"
    assert subscription.parameters["price_id"] == price.target


async def test_what_is_settled_already_needs_no_call() -> None:
    worked = Worked()
    worked.apply(BACKEND, CLUSTER, PLAN, ACME)
    await worked.settle()
    forecast = await worked.rehearse(BACKEND, CLUSTER, PLAN, ACME)
    assert forecast.calls == ()


async def test_a_change_shows_what_stands_there_now_beside_what_would_be_written() -> None:
    worked = await paid_for(BACKEND, CLUSTER, PLAN, ACME)
    limited = {**PLAN, "spec": {**PLAN["spec"], "entityLimits": {"endDevices": 500}}}
    (call,) = (await worked.rehearse(limited)).calls
    assert (call.system, call.operation, call.target) == (System.THINGS_STACK, "UpdateTenant", "acme")
    assert call.parameters == {"limits": {"end_devices": 500}}
    assert call.before == {"limits": {"end_devices": None}}
    assert call.why == "the limits differ from the plan's"


def annotated(body: Manifest, **annotations: str) -> Manifest:
    return {**body, "metadata": {**body["metadata"], "annotations": annotations}}


@pytest.mark.parametrize(("by_kubectl", "calls"), [(True, 2), (False, 0)])
async def test_a_pause_that_was_taken_out_of_the_file_is_over_where_the_file_had_set_it(
    by_kubectl: bool, calls: int
) -> None:
    worked = Worked()
    worked.apply(BACKEND, CLUSTER, PLAN)
    await worked.settle()
    paused = annotated(ACME, **{Annotation.PAUSED: "true"})
    applied_last = {LAST_APPLIED: json.dumps(paused)} if by_kubectl else {}
    worked.apply(annotated(ACME, **{Annotation.PAUSED: "true"}, **applied_last))
    await worked.settle()
    assert len((await worked.rehearse(ACME)).calls) == calls


async def test_a_changed_plan_is_told_for_each_of_its_tenants_and_for_nobody_else() -> None:
    other = applied(bodies.a_subscription("beta", plan="other"))
    worked = await paid_for(BACKEND, CLUSTER, PLAN, applied(bodies.a_plan("other")), ACME, other)
    limited = {**PLAN, "spec": {**PLAN["spec"], "entityLimits": {"gateways": 1}}}
    calls = (await worked.rehearse(limited)).calls
    assert {each.subject for each in calls} == {"TenantSubscription tenants/acme"}


async def test_an_account_that_cannot_be_reached_is_told_and_nothing_is_guessed() -> None:
    worked = Worked()
    worked.account.fail("account", Unreachable("no answer"), times=9)
    forecast = await worked.rehearse(BACKEND, CLUSTER, PLAN, ACME)
    assert forecast.calls == ()
    assert {each.subject: each.reason for each in forecast.outlooks}["BillingBackend main"] == "Unreachable"


async def test_a_tenant_of_somebody_else_is_refused_as_it_would_be() -> None:
    worked = Worked()
    worked.apply(BACKEND, CLUSTER, PLAN)
    await worked.settle()
    worked.registry.tenants["acme"] = Tenant("acme", TenantState.APPROVED, name="Somebody's")
    worked.restart()
    forecast = await worked.rehearse(ACME)
    assert forecast.calls == ()
    assert {each.reason for each in forecast.outlooks if "acme" in each.subject} == {"TenantNotManaged"}


async def test_a_plan_that_begins_to_discover_tells_of_the_tenants_that_would_be_born() -> None:
    worked = Worked()
    worked.apply(BACKEND, CLUSTER, PLAN)
    await worked.settle()
    item = SubscriptionItem("si_1", "price_1", 1, NOW, NOW, currency="EUR", interval="month")
    bought = Subscription("sub_1", "cus_1", "active", NOW, items=(item,), metadata={"tenant-id": "acme"})
    worked.account.customers["cus_1"] = Customer("cus_1", name="Acme Ltd", email="ann@acme.example")
    worked.account.subscriptions["sub_1"] = bought
    discovery = {"namespace": "tenants", "clusterRef": {"name": "eu1"}}
    discovering = {**PLAN, "spec": {**PLAN["spec"], "discovery": discovery}}

    forecast = await worked.rehearse(discovering)

    assert told(forecast.calls) == [("The Things Stack", "CreateTenant", "TenantSubscription tenants/acme")]
    assert ("TenantSubscription tenants/acme", True, "Provisioned") in [
        (each.subject, each.is_new, each.reason) for each in forecast.outlooks
    ]


async def test_an_object_that_is_being_deleted_is_gone_before_the_same_is_applied_again() -> None:
    worked = await paid_for(BACKEND, CLUSTER, PLAN, ACME)
    worked.delete([("TenantSubscription", "acme")])
    forecast = await worked.rehearse(ACME)
    assert told(forecast.calls)[:2] == [
        ("Stripe", "CancelSubscription", "TenantSubscription tenants/acme"),
        ("The Things Stack", "UpdateTenant", "TenantSubscription tenants/acme"),
    ]
    assert {each.subject: each.reason for each in forecast.outlooks}[
        "TenantSubscription tenants/acme"
    ] == "SubscriptionEnded"
