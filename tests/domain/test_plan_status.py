"""How a plan says what stands, and whether it is carried out."""

from typing import Any

import pytest

from plan_builders import NOW, a_plan, a_price
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import plan_status
from tenant_billing.domain.plan_decision import PlanDecision
from tenant_billing.domain.readiness import Finding


def test_status_counts_subscriptions_by_revision() -> None:
    old, new = a_price("price_1", age=2, unit_amount=3900), a_price("price_2")
    decision = PlanDecision(product_id="prod_1", price=new, revisions=(old, new))
    status = plan_status.standing(a_plan(), decision, {"price_1": 40, "price_2": 2, "price_X": 7})
    assert status.to_kubernetes()["prices"] == [
        {"id": "price_1", "unitAmount": 3900, "subscriptions": 40},
        {"id": "price_2", "unitAmount": 4900, "subscriptions": 2},
    ]
    assert (status.subscriptions, status.display_price, status.price_id) == (
        42,
        "EUR 49.00 / month",
        "price_2",
    )


def test_status_of_nothing_is_empty() -> None:
    status = plan_status.standing(a_plan(), PlanDecision(), {})
    assert (status.display_price, status.price_id, status.prices) == (None, None, ())


def test_carried_out_plan_is_ready() -> None:
    plan = a_plan(metadata={"generation": 4, "annotations": {"tenantbilling.dev/reconcile": "7"}})
    status = plan_status.judged(plan, NOW, plan.status, None)
    assert plan_status.ready_reason(status) == Reason.AVAILABLE
    assert (status.observed_generation, status.last_handled_reconcile) == (4, "7")


def test_finding_is_what_the_plan_says() -> None:
    plan = a_plan()
    status = plan_status.judged(plan, NOW, plan.status, Finding(Reason.IN_USE, "used"))
    assert plan_status.ready_reason(status) == Reason.IN_USE
    assert plan_status.ready_reason(plan.status) == ""


REFUSALS = [
    pytest.param({}, "the provider refused it: no", True, id="in the same generation it is not asked again"),
    pytest.param({"generation": 2}, "the provider refused it: no", False, id="a changed spec is asked"),
    pytest.param(
        {"annotations": {"tenantbilling.dev/reconcile": "again"}},
        "the provider refused it: no",
        False,
        id="a person asks to look again",
    ),
    pytest.param({}, "something else", False, id="another message was no refusal"),
]


@pytest.mark.parametrize(("metadata", "message", "remembered"), REFUSALS)
def test_refusal_is_remembered_in_the_condition(
    metadata: dict[str, Any], message: str, remembered: bool
) -> None:
    plan = a_plan()
    status = plan_status.judged(plan, NOW, plan.status, Finding(Reason.INVALID_PRICE, message))
    later = a_plan(metadata=metadata).model_copy(update={"status": status})
    assert plan_status.refusal_of(later) == (message if remembered else "")
    assert plan_status.refusal_of(plan) == ""
