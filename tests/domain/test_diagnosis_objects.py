"""What ``doctor`` makes of The Things Stack, and of what the objects say of themselves."""

import pytest

from diagnosis_builders import (
    a_backend,
    a_cluster,
    a_plan,
    a_subscription,
    condition,
    only,
    status,
    statuses,
)
from tenant_billing.domain.diagnosis import objects, registry
from tenant_billing.domain.diagnosis.registry import Connection, Reach
from tenant_billing.domain.diagnosis.results import Status, Unreadable
from tenant_billing.domain.errors import Forbidden, OutsideError, Unauthorized, Unreachable, Unsupported

URL = "https://lns.example.com"
SUBJECT = "ThingsStackCluster eu1"


# -- The Things Stack


@pytest.mark.parametrize(
    ("connection", "expected", "told"),
    [
        (Connection(Reach.REACHED, tls="TLSv1.3"), Status.OK, "is reached by TLSv1.3"),
        (Connection(Reach.REACHED), Status.OK, "without TLS"),
        (Connection(Reach.NO_ADDRESS, "Name unknown"), Status.ERROR, "has no address: Name unknown"),
        (Connection(Reach.NO_CONNECTION, "refused"), Status.ERROR, "nobody answers"),
        (Connection(Reach.NOT_TRUSTED, "self-signed certificate"), Status.ERROR, "self-signed certificate"),
    ],
)
def test_a_connection_is_judged_before_a_key_is_sent(
    connection: Connection, expected: Status, told: str
) -> None:
    found = only(registry.judge_connection(SUBJECT, URL, connection))
    assert found.status is expected
    assert told in found.finding


@pytest.mark.parametrize(
    ("problem", "expected", "told"),
    [
        (None, Status.OK, "takes the tenant admin key"),
        (Unauthorized("tenant_admin_key"), Status.ERROR, "InvalidCredentials"),
        (Forbidden("no rights"), Status.ERROR, "InvalidCredentials"),
        (Unsupported("not licensed"), Status.ERROR, "MultiTenancyUnavailable"),
        (Unreachable("no answer"), Status.ERROR, "Unreachable"),
    ],
)
def test_one_listed_tenant_proves_key_and_licence(
    problem: OutsideError | None, expected: Status, told: str
) -> None:
    found = only(registry.judge_key(SUBJECT, problem))
    assert found.status is expected
    assert told in found.finding


@pytest.mark.parametrize(
    ("counted", "activated", "expected"),
    [
        (None, True, Status.OK),
        (Unsupported("unknown field"), True, Status.ERROR),
        (Unsupported("unknown field"), False, Status.OK),
        (Unreachable("no answer"), True, Status.WARNING),
        (Unreadable("no tenant"), True, Status.SKIPPED),
    ],
)
def test_an_old_release_is_wrong_only_where_activated_devices_are_sold(
    counted: OutsideError | Unreadable | None, activated: bool, expected: Status
) -> None:
    found = only(registry.judge_release(SUBJECT, counted, counts_activated=activated))
    assert found.status is expected


# -- conditions

READY = condition("Ready", True, "Available")


def test_objects_that_are_well_are_one_finding() -> None:
    well: list[objects.Object] = [
        a_backend(status(READY)),
        a_cluster(status(READY)),
        a_subscription("a", status(READY)),
    ]
    found = only(objects.judge_conditions(well))
    assert (found.status, found.finding) == (Status.OK, "none of 3 needs anybody")


def test_objects_with_one_reason_are_one_finding_with_the_message_as_remedy() -> None:
    refused = [
        condition("Ready", False, "NotAllowed", "have the namespace trusted"),
        condition("Stalled", True, "NotAllowed", "have the namespace trusted"),
    ]
    found = only(objects.judge_conditions(a_subscription(f"t{n}", status(*refused)) for n in range(7)))
    assert (found.status, found.subject) == (Status.ERROR, "TenantSubscription Stalled=NotAllowed")
    assert found.finding == (
        "7 TenantSubscription tenants/t0, tenants/t1, tenants/t2, tenants/t3, tenants/t4 and 2 more: "
        "Stalled NotAllowed"
    )
    assert found.remedy == "have the namespace trusted"


def test_what_is_tried_again_by_itself_is_a_warning() -> None:
    trying = [condition("Ready", False, "Unreachable"), condition("Reconciling", True, "Progressing")]
    found = only(objects.judge_conditions([a_cluster(status(*trying))]))
    assert found.status is Status.WARNING
    assert found.remedy == "kubectl describe thingsstackcluster eu1"


def test_an_object_without_a_message_is_led_to_by_its_namespace() -> None:
    stalled = [condition("Ready", False, "Conflict"), condition("Stalled", True, "Conflict")]
    found = only(objects.judge_conditions([a_subscription("a", status(*stalled))]))
    assert found.remedy == "kubectl describe tenantsubscription a --namespace tenants"


@pytest.mark.parametrize(
    "conditions",
    [
        [condition("Ready", False, "AwaitingPayment", "The customer pays at …")],
        [condition("Ready", None, "Paused"), condition("Stalled", True, "Paused")],
    ],
)
def test_what_a_person_meant_to_happen_is_told_and_wakes_nobody(conditions: list[dict[str, str]]) -> None:
    found = list(objects.judge_conditions([a_subscription("a", status(*conditions))]))
    assert statuses(found) == [("conditions", Status.OK), ("conditions", Status.OK)]
    assert found[0].remedy == ""


def test_a_spec_that_the_operator_has_not_looked_at_is_a_warning() -> None:
    edited = a_plan(status(READY) | {"metadata.generation": 2})
    never = a_backend()
    found = list(objects.judge_conditions([edited, never]))
    assert {each.subject for each in found} == {
        "BillingBackend Ready=NotObserved",
        "BillingPlan Ready=NotObserved",
    }
    assert {each.status for each in found} == {Status.WARNING}


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("WebhookReady", "EndpointDisabled"),
        ("EventsCurrent", "Lagging"),
        ("PricesMigrated", "Failed"),
        ("SubscriptionSynced", "Rejected"),
        ("TenantSynced", "Unavailable"),
        ("UsageReported", "Stale"),
    ],
)
def test_a_fault_beside_ready_is_a_warning(type_: str, reason: str) -> None:
    faulty = status(READY, condition(type_, False, reason, "do this"))
    found = only(objects.judge_conditions([a_subscription("a", faulty)]))
    assert (found.status, found.remedy) == (Status.WARNING, "do this")


@pytest.mark.parametrize(
    ("type_", "reason"),
    [("PaymentCurrent", "PastDue"), ("WithinLimits", "LimitReached"), ("UsageReported", "NotMetered")],
)
def test_payments_and_limits_are_business_as_usual(type_: str, reason: str) -> None:
    usual = status(READY, condition(type_, False, reason))
    assert only(objects.judge_conditions([a_subscription("a", usual)])).status is Status.OK


# -- the brake, and who waits


def test_what_the_brake_holds_is_told_with_the_line_that_approves_it() -> None:
    moment = "2026-11-20T10:00:00Z"
    tenants = [f"t{number}" for number in range(6)]
    brake = {"id": "b-1", "engaged": True, "windowStartTime": moment, "count": 10, "held": 6}
    held = a_cluster({"status": {"brake": brake | {"tenants": tenants}}})
    few = a_cluster({"status": {"brake": brake | {"held": 1, "tenants": ["t1"]}}})
    free = a_cluster({"status": {"brake": brake | {"held": 0}}})
    many, one, nothing, unknown = objects.judge_brakes([held, few, free, a_cluster()])
    assert many.remedy.endswith(
        "kubectl annotate thingsstackcluster eu1 tenantbilling.dev/approve-disruptions=b-1 --overwrite"
    )
    assert "(of t0, t1, t2, t3, t4 …)" in many.finding
    assert "(of t1)" in one.finding
    assert statuses([many, one]) == [("brake", Status.ERROR), ("brake", Status.ERROR)]
    assert statuses([nothing, unknown]) == [("brake", Status.OK), ("brake", Status.OK)]


def test_a_subscription_without_a_tenant_is_named() -> None:
    waiting = a_plan({"status": {"waiting": {"count": 2, "subscriptionIDs": ["sub_1", "sub_2"]}}})
    nobody = a_plan({"status": {"waiting": {"count": 0, "subscriptionIDs": []}}})
    found = only(objects.judge_waiting([waiting, nobody, a_plan()]))
    assert (found.status, found.finding) == (
        Status.WARNING,
        "2 subscriptions of customers have no tenant: sub_1, sub_2",
    )
    assert "tenant-id" in found.remedy
