"""How a BillingPlan says what stands at the provider, and whether it is carried out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tenant_billing.api.billing_plan import BillingPlan, BillingPlanStatus, PriceRevision
from tenant_billing.api.conditions import ConditionType, find_condition
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import readiness
from tenant_billing.domain.plan_decision import PlanDecision
from tenant_billing.domain.price_display import display_price_of
from tenant_billing.domain.readiness import Finding

MOST_REVISIONS: Final = 100
"""Revisions kept in the status: the newest."""
REFUSED: Final = "the provider refused it: "
"""Begins the message of what is not asked again before the spec changes."""


def standing(
    resource: BillingPlan, decision: PlanDecision, subscriptions: Mapping[str, int]
) -> BillingPlanStatus:
    """The status of what stands, conditions as they were.

    Args:
        resource: The plan.
        decision: What was decided about it.
        subscriptions: Live subscriptions by price id.
    """
    revisions = tuple(
        PriceRevision(id=each.id, unit_amount=each.unit_amount, subscriptions=subscriptions.get(each.id, 0))
        for each in decision.revisions[-MOST_REVISIONS:]
    )
    return resource.status.model_copy(
        update={
            "display_price": display_price_of(decision.price) if decision.price is not None else None,
            "product_id": decision.product_id,
            "meter_id": decision.meter_id,
            "price_id": decision.price.id if decision.price is not None else None,
            "prices": revisions,
            "subscriptions": sum(subscriptions.get(each.id, 0) for each in decision.revisions),
        }
    )


def judged(
    resource: BillingPlan, now: datetime, status: BillingPlanStatus, finding: Finding | None
) -> BillingPlanStatus:
    """The status with the conditions that a finding, or none, leads to, and with what it acknowledges."""
    generation = resource.metadata.generation
    reason, message = (finding.reason, finding.message) if finding is not None else (Reason.AVAILABLE, "")
    conditions = readiness.ready(status.conditions, reason, message, generation, now)
    return status.model_copy(
        update={
            "conditions": conditions,
            "observed_generation": generation,
            "last_handled_reconcile": resource.metadata.annotations.get(Annotation.RECONCILE),
        }
    )


def ready_reason(status: BillingPlanStatus) -> str:
    """Ready's reason as it stands, empty before the first pass."""
    condition = find_condition(status.conditions, ConditionType.READY)
    return condition.reason if condition is not None else ""


def refusal_of(resource: BillingPlan) -> str:
    """What was refused for good in this very generation, unless a person asks to look again; else empty."""
    condition = find_condition(resource.status.conditions, ConditionType.READY)
    token = resource.metadata.annotations.get(Annotation.RECONCILE)
    if condition is None or token != resource.status.last_handled_reconcile:
        return ""
    if condition.observed_generation != resource.metadata.generation:
        return ""
    return condition.message if condition.message.startswith(REFUSED) else ""
