"""Drift: what was in sync, and was changed by somebody else outside of Kubernetes, so that it is put back.

Told apart from what follows from an edit, a payment or a deadline by what the status says: it remembers what was.
Where it does not remember enough, a write counts as none.
"""

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.tenant_subscription import TenantSubscription, TenantSubscriptionStatus
from tenant_billing.domain.actions import Action, ChangeItem, ChangeSubscription, UpdateTenant
from tenant_billing.domain.decision import Verdict, decide
from tenant_billing.domain.requests import TenantChange
from tenant_billing.domain.world import World


def was_in_sync(
    resource: BillingBackend | BillingPlan | TenantSubscription, condition: ConditionType
) -> bool:
    """Whether the present spec was carried out when the object was looked at last; never of one that goes."""
    found = find_condition(resource.status.conditions, condition)
    metadata = resource.metadata
    is_current = resource.status.observed_generation == metadata.generation and not metadata.is_being_deleted
    return is_current and found is not None and found.status is ConditionStatus.TRUE


def corrects_drift(action: Action, world: World) -> bool:
    """Whether an action for a tenant puts back what somebody else has changed."""
    resource, status = world.resource, world.resource.status
    match action:
        case UpdateTenant(_, change) if was_in_sync(resource, ConditionType.TENANT_SYNCED):
            return _had_been(status, change) and _is_paid_by_the_same(status, decide(world))
        case ChangeSubscription() if was_in_sync(resource, ConditionType.SUBSCRIPTION_SYNCED):
            return _is_paid_by_the_same(status, decide(world))
        case ChangeItem() if was_in_sync(resource, ConditionType.SUBSCRIPTION_SYNCED):
            return _leaves_plan(world)
        case _:
            return False


def _had_been(status: TenantSubscriptionStatus, change: TenantChange) -> bool:
    """Whether state and limits that are written are those that the status remembers."""
    if change.state is not None and change.state is not status.tenant_state:
        return False
    return all(_had_limit(status, name, limit) for name, limit in change.limits.items())


def _had_limit(status: TenantSubscriptionStatus, name: str, limit: int | None) -> bool:
    use = getattr(status.entities, name, None)
    return use is not None and use.limit == limit


def _is_paid_by_the_same(status: TenantSubscriptionStatus, verdict: Verdict) -> bool:
    """Whether subscription and plan are those that the status remembers."""
    told, offer = verdict.candidates.told, verdict.current.offer
    return status.subscription_id == (told.id if told is not None else None) and (
        status.plan_ref.name if status.plan_ref else None
    ) == (offer.name if offer is not None else None)


def _leaves_plan(world: World) -> bool:
    """Whether the plan in force was the one asked for until somebody changed it."""
    asked, known = world.resource.spec.plan_ref, world.resource.status.plan_ref
    offer = decide(world).current.offer
    return asked is not None and asked == known and (offer is None or offer.name != asked.name)
