"""The status of a TenantSubscription: ids, periods, intents, and what it must not tell."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    DAY,
    NOT_READY,
    NOW,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_invoice,
    an_unborn_world,
    overdue_for,
    told,
    with_status,
)
from tenant_billing.api.conditions import ConditionType, find_condition
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain import report
from tenant_billing.domain.actions import StoreIntent
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import (
    Unreachable,
)
from tenant_billing.domain.findings import Finding
from tenant_billing.domain.observations import Totals
from tenant_billing.domain.remembered import is_remembered_gone
from tenant_billing.domain.report import status_of
from tenant_billing.domain.world import Refusal, World

READY, STALLED = ConditionType.READY, ConditionType.STALLED


def changed(world: World, **changes: Any) -> World:
    return replace(world, **changes)


def test_the_status_records_ids_period_and_payment() -> None:
    status = with_status(a_world(subscriptions=(overdue_for(2 * DAY),))).resource.status
    assert (status.customer_id, status.subscription_id) == ("cus_1", "sub_1")
    assert (status.subscription_item_id, status.subscription_status) == ("si_price_starter", "past_due")
    assert status.plan_ref is not None
    assert status.plan_ref.name == "starter"
    assert status.current_period is not None
    assert status.current_period.end_time == NOW + 28 * DAY
    assert (status.past_due_since_time, status.suspension_time) == (NOW - 2 * DAY, NOW + 19 * DAY)
    assert status.hosted_invoice_url == "https://invoice.example/in_1"
    assert status.tenant_state is TenantState.APPROVED


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        pytest.param({"latest_invoice": an_invoice()}, "https://invoice.example/in_1", id="the latest, open"),
        pytest.param({"latest_invoice": an_invoice("paid")}, None, id="nothing is to be paid"),
        pytest.param({"latest_invoice": an_invoice(hosted_url=None)}, None, id="not payable on a page"),
        pytest.param({}, None, id="no invoice"),
    ],
)
def test_where_the_customer_pays_what_is_due(changes: Any, url: str | None) -> None:
    world = a_world(subscriptions=(a_subscription("unpaid", **changes),))
    assert with_status(world).resource.status.hosted_invoice_url == url


@pytest.mark.parametrize(
    ("pending", "url"),
    [
        pytest.param(False, None, id="what is paid has no address"),
        pytest.param(True, "https://invoice.example/in_1", id="an upgrade waits for its payment"),
    ],
)
def test_in_good_standing_only_a_change_is_to_be_paid(pending: bool, url: str | None) -> None:
    subscription = a_subscription(pending_change=pending, latest_invoice=an_invoice())
    assert with_status(a_world(subscriptions=(subscription,))).resource.status.hosted_invoice_url == url


def test_the_reconcile_token_and_the_generation_are_echoed() -> None:
    resource = a_tenant_subscription(metadata={"generation": 7, "annotations": {Annotation.RECONCILE: "t"}})
    status = with_status(a_world(resource)).resource.status
    assert (status.observed_generation, status.last_handled_reconcile) == (7, "t")


def test_an_outage_erases_nothing_that_was_known() -> None:
    before = with_status(a_world(totals=Totals(end_devices=3)))
    down = replace(
        before,
        provider_problem=Unreachable("No."),
        registry_problem=Unreachable("No."),
        customer=None,
        subscriptions=(),
        tenant=None,
        totals=None,
    )
    after, was = with_status(down).resource.status, before.resource.status
    assert after.model_dump(exclude={"conditions"}) == was.model_dump(exclude={"conditions"})
    assert told(down, ConditionType.PAYMENT_CURRENT).reason == "Unknown"
    assert told(down, ConditionType.SUBSCRIPTION_SYNCED).reason == "Unavailable"
    assert told(down, ConditionType.TENANT_SYNCED).reason == "Unavailable"


@pytest.mark.parametrize("problem", ["provider_problem", "registry_problem"])
def test_an_outage_forgets_no_intent(problem: str) -> None:
    world = an_unborn_world()
    (store,) = decide(world).actions
    assert isinstance(store, StoreIntent)
    pending = replace(world, resource=a_tenant_subscription(status={"pendingOperation": store.intent}))
    down = changed(pending, **{problem: Unreachable("No.")})
    assert with_status(down).resource.status.pending_operation == store.intent
    assert with_status(pending).resource.status.pending_operation == store.intent


def test_the_intent_of_a_tenant_goes_when_the_tenant_stands_or_is_gone() -> None:
    (store,) = decide(a_world(tenant=None)).actions
    assert isinstance(store, StoreIntent)
    resource = a_tenant_subscription(status={"pendingOperation": store.intent})
    assert with_status(a_world(resource, tenant=None)).resource.status.pending_operation == store.intent
    assert with_status(a_world(resource)).resource.status.pending_operation is None
    gone = a_world(resource, tenant=None, tenant_gone=True)
    assert with_status(gone).resource.status.pending_operation is None


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        pytest.param({}, TenantState.ABSENT, id="not there"),
        pytest.param({"tenant_missing": True}, TenantState.APPROVED, id="one 404 proves nothing"),
        pytest.param({"tenant_gone": True}, TenantState.ABSENT, id="gone for sure"),
    ],
)
def test_the_tenant_s_state_when_it_is_not_found(changes: Any, state: TenantState) -> None:
    resource = a_tenant_subscription(status={"tenantState": "Approved"})
    assert with_status(a_world(resource, tenant=None, **changes)).resource.status.tenant_state is state


def test_a_tenant_that_is_gone_is_told_and_billing_goes_on() -> None:
    world = a_world(tenant=None, tenant_gone=True)
    assert told(world).reason == "TenantGone"
    assert "billing goes on" in told(world).message


def test_a_tenant_that_is_gone_is_remembered_through_an_outage_and_another_is_not() -> None:
    """Nobody who paid for a tenant that was deleted gets an empty one instead."""
    gone = with_status(a_world(tenant=None, tenant_gone=True))
    assert is_remembered_gone(gone.resource)
    down = with_status(replace(gone, provider_problem=Unreachable("No.")))
    assert told(down).reason != "TenantGone"
    assert is_remembered_gone(down.resource)
    assert not is_remembered_gone(with_status(a_world()).resource)
    assert not is_remembered_gone(with_status(a_world(tenant=None, tenant_missing=True)).resource)
    assert not is_remembered_gone(a_tenant_subscription())


def refused(
    *, by_registry: bool = False, reason: Reason = Reason.BACKEND_UNAVAILABLE, **changes: Any
) -> World:
    """The object asked for another plan, and was refused."""
    resource = a_tenant_subscription(plan="pro")
    return a_world(resource, refusal=Refusal(reason, "No, because.", by_registry), **changes)


@pytest.mark.parametrize("stalled", [True, False])
def test_what_holds_a_deletion_up_is_told(stalled: bool) -> None:
    before = with_status(refused())
    status = report.stalled_status(before, Finding(Reason.BRAKE_ENGAGED, "Held.", stalled=stalled))
    ready = find_condition(status.conditions, READY)
    assert ready is not None
    assert (ready.status, ready.reason, ready.message) == ("False", "BrakeEngaged", "Held.")
    assert (find_condition(status.conditions, STALLED) is not None) is stalled
    assert (find_condition(status.conditions, ConditionType.RECONCILING) is None) is stalled


def _reason(world: World, condition_type: ConditionType) -> str:
    found = find_condition(status_of(world, decide(world)).conditions, condition_type)
    return found.reason if found is not None else ""


def test_a_tenant_that_is_not_found_once_is_no_news() -> None:
    settled = with_status(a_world())
    missing = replace(settled, tenant=None, tenant_missing=True)
    assert told(missing).reason == Reason.PROVISIONED
    assert _reason(missing, ConditionType.TENANT_SYNCED) == Reason.PENDING
    unready = replace(missing, resource=a_tenant_subscription(status=NOT_READY))
    assert told(unready).reason == Reason.AWAITING_PAYMENT


def test_nothing_is_told_of_how_somebody_else_s_tenant_is_paid_for() -> None:
    claimed = a_tenant(attributes={"tenant-subscription": "default/elsewhere/acme"})
    overdue = overdue_for(DAY)
    world = a_world(a_tenant_subscription(), tenant=claimed, subscriptions=(overdue,))
    status = status_of(world, decide(world))
    assert status.to_kubernetes().keys() == {"conditions", "observedGeneration", "tenantState"}
    assert _reason(world, ConditionType.PAYMENT_CURRENT) == Reason.UNKNOWN
    assert _reason(world, ConditionType.WITHIN_LIMITS) == Reason.UNKNOWN


def test_what_an_object_has_on_record_it_goes_on_telling_though_the_tenant_is_somebody_else_s() -> None:
    claimed = a_tenant(attributes={"tenant-subscription": "default/elsewhere/acme"})
    world = replace(with_status(a_world()), tenant=claimed)
    status = status_of(world, decide(world))
    assert (status.customer_id, status.subscription_id) == ("cus_1", "sub_1")
    assert status.tenant_state is TenantState.UNKNOWN


def test_a_tenant_that_the_brake_holds_says_so_beside_why_it_should_lose_access() -> None:
    world = replace(a_world(subscriptions=(a_subscription("canceled", ended_at=NOW),)), held=True)
    assert told(world).reason == Reason.SUBSCRIPTION_ENDED
    assert _reason(world, ConditionType.TENANT_SYNCED) == Reason.BRAKE_ENGAGED
