"""Ready, Reconciling and Stalled: what tools like kstatus and GitOps conclude from."""

import pytest

from plan_builders import NOW
from tenant_billing.api.conditions import ConditionStatus
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import readiness

ROWS = [
    pytest.param(Reason.AVAILABLE, "True", set(), id="carried out: neither on the way nor stuck"),
    pytest.param(Reason.UNREACHABLE, "False", {"Reconciling"}, id="tried again by itself"),
    pytest.param(Reason.BACKEND_NOT_READY, "False", {"Reconciling"}, id="waits for what says more itself"),
    pytest.param(Reason.INVALID_PRICE, "False", {"Stalled"}, id="a person is needed"),
    pytest.param(Reason.PAUSED, "False", set(), id="a person asked for it"),
]


@pytest.mark.parametrize(("reason", "status", "others"), ROWS)
def test_ready_leads_to_the_other_two(reason: Reason, status: str, others: set[str]) -> None:
    conditions = readiness.ready((), reason, "why", 3, NOW)
    by_type = {each.type: each for each in conditions}
    assert by_type["Ready"].status == status
    assert by_type["Ready"].reason == reason
    assert set(by_type) - {"Ready"} == others
    assert {each.observed_generation for each in conditions} == {3}


def test_paused_says_how_to_go_on() -> None:
    (ready,) = readiness.paused((), 1, NOW)
    assert ready.status is ConditionStatus.FALSE
    assert "tenantbilling.dev/paused" in ready.message
