"""What goes before what can wait in the budgets."""

import pytest

from tenant_billing.domain.actions import (
    Action,
    AttachSchedule,
    CancelSubscription,
    ChangeItem,
    PlanMove,
    is_urgent,
)
from tenant_billing.domain.requests import ItemChange, PeriodEndMove

CHANGE = ItemChange("sub_1", "si_1", "price_2", 1, "none", only_when_paid=False, metadata={})
MOVE = PeriodEndMove("sub_1", "sub_sched_1", "price_1", "price_2", 1, ("month", 1), {}, {})


@pytest.mark.parametrize(
    ("action", "urgent"),
    [
        pytest.param(ChangeItem(CHANGE, "key"), True, id="somebody wants another plan now"),
        pytest.param(ChangeItem(CHANGE, "key", urgent=False), False, id="a plan's amount has changed"),
        pytest.param(AttachSchedule("sub_1", "key"), False, id="it takes place at the period's end anyway"),
        pytest.param(PlanMove(MOVE), False, id="what takes place then is not for now either"),
        pytest.param(CancelSubscription("sub_1"), True, id="somebody leaves"),
    ],
)
def test_what_lets_payments_pass(action: Action, urgent: bool) -> None:
    assert is_urgent(action) is urgent
