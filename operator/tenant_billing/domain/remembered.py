"""What the conditions of a TenantSubscription remember of former passes, so that a restart asks nothing twice."""

from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import ManagementPolicy, TenantSubscription
from tenant_billing.domain.birth import tenant_gone_message
from tenant_billing.domain.world import Refusal, World


def remembered_refusal(world: World) -> Refusal | None:
    """What was refused for good in this very generation, read back from the conditions.

    A change of the spec, or a new reconcile token, asks again; of what is observed, news of the subscription too,
    because that is where its data is corrected.
    """
    status = world.resource.status
    if world.is_observed and world.fresh:
        return None
    if status.observed_generation != world.resource.metadata.generation:
        return None
    if (world.annotation(Annotation.RECONCILE) or None) != status.last_handled_reconcile:
        return None
    ready = find_condition(status.conditions, ConditionType.READY)
    if ready is None or ready.status is ConditionStatus.TRUE:
        return None
    for kind in (ConditionType.SUBSCRIPTION_SYNCED, ConditionType.TENANT_SYNCED):
        condition = find_condition(status.conditions, kind)
        if condition is not None and condition.reason == Reason.REJECTED:
            by_registry = kind is ConditionType.TENANT_SYNCED
            # Ready may say something else meanwhile, for example that the other system is down.
            reason = Reason.INVALID_TENANT if by_registry else Reason.BACKEND_UNAVAILABLE
            if ready.message == condition.message:
                reason = Reason(ready.reason)
            return Refusal(reason, condition.message, by_registry)
    return None


def waits_for_corrected_data(resource: TenantSubscription) -> bool:
    """Whether its tenant cannot be made of what the customer is called: no event tells when that is corrected."""
    ready = find_condition(resource.status.conditions, ConditionType.READY)
    refused = find_condition(resource.status.conditions, ConditionType.TENANT_SYNCED)
    return (
        resource.spec.management_policy is ManagementPolicy.OBSERVE
        and ready is not None
        and ready.reason == Reason.INVALID_TENANT
        and (refused is None or refused.reason != Reason.REJECTED)
    )


def is_remembered_gone(resource: TenantSubscription) -> bool:
    """Whether the tenant was found to be deleted, whatever ``Ready`` has said since.

    ``TenantSynced`` keeps saying so through outages, pauses and edits: what is gone is not made again.
    """
    synced = find_condition(resource.status.conditions, ConditionType.TENANT_SYNCED)
    return synced is not None and synced.message == tenant_gone_message(resource.spec.tenant.id)
