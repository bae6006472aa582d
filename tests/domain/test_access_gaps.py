"""Whose access is not what the payments ask for."""

import pytest

from metrics_builders import PAID, UNPAID, a_condition, a_payer
from subscription_builders import a_tenant_subscription
from tenant_billing.api.conditions import Condition, ConditionStatus
from tenant_billing.domain.access_gaps import AccessGap, access_gap

UNKNOWN = a_condition("PaymentCurrent", "Unknown", ConditionStatus.UNKNOWN)
WAITING = a_condition("PaymentCurrent", "AwaitingPayment", ConditionStatus.FALSE)
COLLECTION_PAUSED = a_condition("PaymentCurrent", "CollectionPaused")
PAUSED = {"annotations": {"tenantbilling.dev/paused": "true"}}


@pytest.mark.parametrize("state", ["Suspended", "Rejected", "Requested"])
def test_a_payer_without_access_is_locked_out(state: str) -> None:
    assert access_gap(a_payer("acme", PAID, tenantState=state)) is AccessGap.PAYER_LOCKED_OUT


@pytest.mark.parametrize("state", ["Approved", "Flagged"])
@pytest.mark.parametrize("reason", ["GraceExpired", "Unpaid", "Paused", "Ended", "CollectionPaused"])
def test_access_after_it_should_have_been_taken_away_is_a_gap(state: str, reason: str) -> None:
    payment = a_condition("PaymentCurrent", reason, ConditionStatus.FALSE)
    assert access_gap(a_payer("acme", payment, tenantState=state)) is AccessGap.UNPAID_BUT_OPEN


@pytest.mark.parametrize(
    ("payment", "state"),
    [
        (UNKNOWN, "Suspended"),
        (UNKNOWN, "Approved"),
        (WAITING, "Approved"),
        (PAID, "Absent"),
        (PAID, "Unknown"),
        (COLLECTION_PAUSED, "Approved"),
    ],
)
def test_what_is_not_known_or_not_due_is_no_gap(payment: Condition, state: str) -> None:
    assert access_gap(a_payer("acme", payment, tenantState=state)) is None


def test_what_a_person_asked_for_is_no_gap() -> None:
    told = a_payer("acme", PAID, tenantState="Suspended", spec={"accessPolicy": "Suspend"})
    kept = a_payer("acme", UNPAID, tenantState="Approved", spec={"accessPolicy": "KeepActive"})
    alone = a_payer("acme", PAID, tenantState="Suspended", metadata=PAUSED)
    assert [access_gap(each) for each in (told, kept, alone)] == [None, None, None]


def test_an_object_that_nobody_has_looked_at_has_no_gap() -> None:
    assert access_gap(a_tenant_subscription()) is None
