"""What the watched objects say, as gauges."""

from datetime import timedelta

import pytest

import plan_builders
from metrics_builders import OVERDUE, PAID, UNPAID, a_condition, a_payer, a_snapshot, shown
from subscription_builders import NOW, a_backend, a_cluster, a_plan
from tenant_billing.api.conditions import Condition, ConditionStatus
from tenant_billing.api.things_stack_cluster import BrakeStatus
from tenant_billing.ports import AccountSeen


def test_tenants_are_counted_by_cluster_and_state_and_payments_by_plan() -> None:
    seen = shown(
        a_snapshot(a_payer("a"), a_payer("b"), a_payer("c", UNPAID, tenantState="Suspended", planRef=None))
    )
    assert seen.of("tenants", things_stack_cluster="eu1", state="Approved") == 2
    assert seen.of("tenants", things_stack_cluster="eu1", state="Suspended") == 1
    assert seen.of("subscriptions", plan="starter", payment="Paid") == 2
    assert seen.of("subscriptions", plan="starter", payment="Unpaid") == 1, "the plan that was asked for"


def test_an_object_that_nobody_has_looked_at_is_counted_too() -> None:
    seen = shown(a_snapshot(a_payer(tenantState=None, conditions=())))
    assert seen.of("tenants", things_stack_cluster="eu1", state="None") == 1
    assert seen.of("subscriptions", plan="starter", payment="None") == 1


def test_conditions_are_counted_by_reason_and_named_for_the_few_kinds() -> None:
    ready = a_condition("Ready", "InvalidCredentials", ConditionStatus.FALSE)
    backend = a_backend()
    broken = backend.model_copy(update={"status": backend.status.model_copy(update={"conditions": (ready,)})})
    seen = shown(a_snapshot(a_payer("a"), a_payer("b"), backends=(broken,)))
    told = {"type": "Ready", "status": "False", "reason": "InvalidCredentials"}
    assert seen.of("conditions", kind="BillingBackend", **told) == 1
    assert seen.of("condition_info", kind="BillingBackend", name="main", **told) == 1
    paid = {"type": "PaymentCurrent", "status": "True", "reason": "Paid"}
    assert seen.of("conditions", kind="TenantSubscription", **paid) == 2
    assert [each["kind"] for each, _ in seen.all("condition_info")] == ["BillingBackend"]


@pytest.mark.parametrize(
    ("payment", "state", "policy", "gap"),
    [
        (PAID, "Approved", "FollowBilling", None),
        (PAID, "Flagged", "FollowBilling", None),
        (PAID, "Suspended", "FollowBilling", "PayerLockedOut"),
        (PAID, "Rejected", "FollowBilling", "PayerLockedOut"),
        (PAID, "Suspended", "Suspend", None),
        (UNPAID, "Suspended", "FollowBilling", None),
        (UNPAID, "Approved", "FollowBilling", "UnpaidButOpen"),
        (UNPAID, "Approved", "KeepActive", None),
        (OVERDUE, "Flagged", "FollowBilling", None),
    ],
)
def test_access_that_is_not_what_the_payments_ask_for_is_a_gap(
    payment: Condition, state: str, policy: str, gap: str | None
) -> None:
    payer = a_payer("a", payment, tenantState=state, spec={"accessPolicy": policy})
    seen = shown(a_snapshot(payer, clusters=(a_cluster(),)))
    found = {each["gap"] for each, value in seen.all("access_gaps") if value}
    assert found == ({gap} if gap else set())
    assert len(seen.all("access_gaps")) == 2, "no gap is a zero and not an absence"


def test_what_a_person_has_paused_is_no_gap() -> None:
    paused = {"annotations": {"tenantbilling.dev/paused": "true"}}
    seen = shown(a_snapshot(a_payer("a", UNPAID, metadata=paused)))
    assert seen.all("access_gaps") == []


def test_the_brake_tells_its_state_and_its_limit() -> None:
    state = BrakeStatus(id="b-1", engaged=True, window_start_time=NOW, count=10, held=4, tenants=("a",))
    cluster = a_cluster(status={"brake": state})
    seen = shown(a_snapshot(a_payer(), clusters=(cluster,)))
    told = [
        seen.of(f"brake_{each}", things_stack_cluster="eu1")
        for each in ("engaged", "held_tenants", "disruptions", "limit")
    ]
    assert told == [1, 4, 10, 10]
    calm = shown(a_snapshot(clusters=(a_cluster(brake={"maxDisruptionsPerHour": 3}),)))
    assert [
        calm.of("brake_engaged", things_stack_cluster="eu1"),
        calm.of("brake_limit", things_stack_cluster="eu1"),
    ] == [0, 3]


def test_a_plan_tells_how_many_wait_for_a_tenant_id() -> None:
    waiting = plan_builders.a_plan(status={"waiting": {"count": 2, "subscriptionIDs": ["sub_1", "sub_2"]}})
    seen = shown(a_snapshot(plans=(waiting, a_plan("pro"))))
    assert seen.of("plan_waiting_subscriptions", plan="starter") == 2
    assert seen.of("plan_waiting_subscriptions", plan="pro") == 0


def test_budgets_and_the_registered_endpoint_are_told() -> None:
    backend = a_backend()
    endpoint = {"id": "we_1", "apiVersion": "2026-10-28.endive", "status": "disabled"}
    told = type(backend).model_validate(
        backend.model_dump(by_alias=True) | {"status": {"webhookEndpoint": endpoint}}
    )
    seen = shown(a_snapshot(backends=(told,), clusters=(a_cluster(),)))
    assert seen.of("budget_limit", system="Stripe", account="main") == 10
    assert seen.of("budget_limit", system="TheThingsStack", account="eu1") == 20
    version = {"status": "disabled", "api_version": "2026-10-28.endive"}
    assert seen.of("webhook_endpoint_info", backend="main", **version) == 1


@pytest.mark.parametrize(
    ("reason", "age"), [("Stale", 7200), ("Rejected", 7200), ("Mismatch", 0), ("Reported", 0)]
)
def test_unsent_usage_is_as_old_as_what_says_so_in_the_accounts_time(reason: str, age: float) -> None:
    status = ConditionStatus.TRUE if reason == "Reported" else ConditionStatus.FALSE
    usage = {"lastReported": 5, "lastReportTime": NOW}
    older = {"lastReported": 5, "lastReportTime": NOW + timedelta(hours=1)}
    condition = a_condition("UsageReported", reason, status)
    seen = shown(
        a_snapshot(
            a_payer("a", condition, usage=older),
            a_payer("b", condition, usage=usage),
            accounts=(AccountSeen("main", NOW + timedelta(hours=2)),),
            plans=(a_plan(),),
            clusters=(a_cluster(),),
        )
    )
    assert seen.of("usage_unsent_age_seconds", things_stack_cluster="eu1") == age


def test_usage_that_was_never_reported_is_as_old_as_the_condition_that_says_so() -> None:
    stale = a_condition("UsageReported", "Stale", ConditionStatus.FALSE)
    condition = stale.model_copy(update={"last_transition_time": NOW - timedelta(seconds=90)})
    seen = shown(a_snapshot(a_payer("a", condition), clusters=(a_cluster(),)))
    assert seen.of("usage_unsent_age_seconds", things_stack_cluster="eu1") == 90


def test_objects_that_cannot_be_read_are_counted() -> None:
    seen = shown(a_snapshot(unreadable={"BillingPlan": 1}))
    assert seen.of("unreadable_objects", kind="BillingPlan") == 1
