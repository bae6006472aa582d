"""Drift: what somebody else has changed, told apart from what an edit, a payment or a deadline asks for."""

from dataclasses import replace

import pytest

from plan_builders import a_plan as a_whole_plan
from subscription_builders import (
    DAY,
    NOW,
    PRICES,
    a_plan,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_item,
    an_offer,
    overdue_for,
    own_attributes,
    with_offers,
    with_plan,
    with_status,
)
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import TenantAttribute
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.domain.actions import ChangeItem, ChangeSubscription, CreateTenant, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.drift import corrects_drift, was_in_sync
from tenant_billing.domain.observations import Tenant, Totals
from tenant_billing.domain.world import World

PATIENT = {"flagAfter": "48h", "suspendAfter": "504h"}
COUNTED = Totals(end_devices=12, gateways=1)


def in_sync(resource: TenantSubscription | None = None) -> World:
    """A tenant in good order whose status says so, and how much it may have."""
    return with_status(a_world(resource, totals=COUNTED))


def first_is_drift(world: World, kind: type) -> bool:
    """Whether what is done first, which is of a kind, corrects drift."""
    action = decide(world).actions[0]
    assert isinstance(action, kind), f"{type(action).__name__} comes first"
    return corrects_drift(action, world)


@pytest.mark.parametrize(
    "changed",
    [
        a_tenant(limits=all_limits(end_devices=9999, gateways=10)),
        a_tenant(attributes={**own_attributes(), TenantAttribute.STRIPE_PLAN_ID: "price_other"}),
        a_tenant(billing=None),
    ],
    ids=["limits", "attributes", "billing"],
)
def test_what_an_administrator_changed_in_the_things_stack_is_drift(changed: Tenant) -> None:
    assert first_is_drift(replace(in_sync(), tenant=changed), UpdateTenant)


def test_a_suspension_that_somebody_lifted_is_drift() -> None:
    suspended = a_tenant(TenantState.SUSPENDED, "Billing: payment overdue")
    unpaid = with_status(a_world(subscriptions=(a_subscription("unpaid"),), tenant=suspended))
    assert first_is_drift(replace(unpaid, tenant=a_tenant()), UpdateTenant)


def test_a_missed_payment_is_no_drift() -> None:
    world = replace(in_sync(), subscriptions=(overdue_for(1 * DAY),))
    assert not first_is_drift(world, UpdateTenant)


def test_a_grace_that_is_over_is_no_drift() -> None:
    flagged = a_tenant(TenantState.FLAGGED, "Stripe subscription past due")
    world = with_status(a_world(subscriptions=(overdue_for(20 * DAY),), tenant=flagged, totals=COUNTED))
    assert not first_is_drift(replace(world, now=NOW + 2 * DAY), UpdateTenant)


def test_a_stage_that_is_reached_by_time_is_no_drift() -> None:
    """The payment was overdue before, and is now; only the plan's time to flag the tenant has come."""
    patient = with_plan(a_world(subscriptions=(overdue_for(1 * DAY),), totals=COUNTED), pastDue=PATIENT)
    assert not first_is_drift(replace(with_status(patient), now=NOW + 2 * DAY), UpdateTenant)


def test_a_successor_that_pays_for_the_tenant_is_no_drift() -> None:
    ended = a_subscription("canceled", ended_at=NOW)
    successor = a_subscription(id="sub_2", items=(an_item(id="si_2"),))
    assert not first_is_drift(replace(in_sync(), subscriptions=(ended, successor)), UpdateTenant)


def test_another_plan_in_force_is_no_drift() -> None:
    bought = a_subscription(items=(an_item(PRICES["pro"]),))
    assert not first_is_drift(replace(in_sync(), subscriptions=(bought,)), UpdateTenant)


def test_limits_of_the_plan_that_were_edited_are_no_drift() -> None:
    edited = with_offers(in_sync(), an_offer(limits={"end_devices": 700, "gateways": 10}))
    assert not first_is_drift(edited, UpdateTenant)


def test_limits_whose_use_is_not_known_count_as_none() -> None:
    world = replace(with_status(a_world()), tenant=a_tenant(limits=all_limits(end_devices=9999, gateways=10)))
    assert not first_is_drift(world, UpdateTenant)


def test_an_edit_is_no_drift() -> None:
    resource = a_tenant_subscription(tenant={"name": "Another"}, metadata={"generation": 2})
    before = in_sync()
    edited = resource.model_copy(update={"status": before.resource.status})
    assert not first_is_drift(replace(before, resource=edited), UpdateTenant)


def test_what_was_never_in_sync_is_no_drift() -> None:
    assert not first_is_drift(a_world(tenant=a_tenant(billing=None)), UpdateTenant)


def test_an_end_that_somebody_planned_in_the_dashboard_is_drift_where_the_spec_renews() -> None:
    ending = a_subscription(cancel_at_period_end=True)
    world = replace(in_sync(a_tenant_subscription(renewal="Renew")), subscriptions=(ending,))
    assert first_is_drift(world, ChangeSubscription)


def test_a_plan_that_somebody_changed_in_the_dashboard_is_drift_where_the_spec_wins() -> None:
    changed = a_subscription(items=(an_item(PRICES["pro"]),))
    world = replace(
        in_sync(a_tenant_subscription(planConflictPolicy="EnforceSpec")), subscriptions=(changed,)
    )
    assert first_is_drift(world, ChangeItem)


def test_a_move_to_the_plans_new_price_is_no_drift() -> None:
    offer = an_offer(price_id="price_new", price_ids=frozenset({PRICES["starter"], "price_new"}))
    item = ChangeItem(change=None, key="")  # type: ignore[arg-type]  # what is changed does not matter
    assert not corrects_drift(item, with_offers(in_sync(), offer))


def test_what_is_made_is_no_drift() -> None:
    assert not corrects_drift(CreateTenant(request=None), in_sync())  # type: ignore[arg-type]  # what is made does not matter


def test_what_goes_was_not_in_sync() -> None:
    ready = {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Available",
                "message": "",
                "lastTransitionTime": NOW,
            }
        ]
    }
    status = ready | {"observedGeneration": 1}
    going = {"deletionTimestamp": "2026-11-20T10:00:00Z", "finalizers": ["tenantbilling.dev/finalizer"]}
    assert was_in_sync(a_whole_plan(status=status), ConditionType.READY)
    assert not was_in_sync(a_whole_plan(status=status, metadata=going), ConditionType.READY)
    assert not was_in_sync(a_plan(), ConditionType.READY)
