"""What a BillingBackend says of itself, from what was seen."""

from collections.abc import Sequence
from datetime import datetime

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.conditions import Conditions, ConditionStatus, ConditionType, set_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import readiness
from tenant_billing.domain.health import Health
from tenant_billing.ports import Resources
from tenant_billing.reconcilers.event_reader import EventsSeen
from tenant_billing.reconcilers.reporting import named
from tenant_billing.reconcilers.webhook_registration import WebhookSeen


def conditions_of(
    resource: BillingBackend,
    seen: Health,
    events: EventsSeen | None,
    webhook: WebhookSeen | None,
    users: Sequence[str],
    now: datetime,
) -> Conditions:
    """All conditions; what was not looked at yet stays as it was told.

    Args:
        resource: The object.
        seen: Health of the account.
        events: What the last reading of the event list has shown.
        webhook: What the last look at the webhook has shown.
        users: Names of those who keep the object from going.
        now: The local time.
    """
    generation, message = resource.metadata.generation, seen.message
    if resource.metadata.is_being_deleted:
        message = f"kept while it is used by {named(users)}; {message}".removesuffix("; ")
    conditions = readiness.ready(resource.status.conditions, seen.reason, message, generation, now)
    if events is not None:
        kind = ConditionType.EVENTS_CURRENT
        conditions = set_condition(
            conditions, kind, events.status, events.reason, events.message, generation, now
        )
    if webhook is not None:
        kind, receives = ConditionType.WEBHOOK_READY, webhook.reason is Reason.RECEIVING
        status = ConditionStatus.TRUE if receives else ConditionStatus.FALSE
        conditions = set_condition(conditions, kind, status, webhook.reason, webhook.message, generation, now)
    return conditions


def users_of(backend: str, resources: Resources) -> list[str]:
    """Who needs it: its plans, and what follows a subscription of its account, whose price may be no plan's."""
    observed = [each for each in resources.subscriptions_of_backend(backend) if each.status.subscription_id]
    return [
        *(f"BillingPlan {each.metadata.name}" for each in resources.plans_of(backend)),
        *(f"TenantSubscription {each.metadata.namespace}/{each.metadata.name}" for each in observed),
    ]
