"""What a TenantSubscription says of itself: its whole status, computed at once from one world and one verdict."""

from typing import Final

from tenant_billing.api.conditions import (
    Conditions,
    ConditionStatus,
    ConditionType,
    find_condition,
    remove_condition,
    set_condition,
)
from tenant_billing.api.fields import ObjectReference
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.api.tenant_subscription import (
    AccessPolicy,
    BillingPeriod,
    TenantState,
    TenantSubscriptionStatus,
)
from tenant_billing.domain import counting, limits, usage_condition
from tenant_billing.domain.access import Access, Standing
from tenant_billing.domain.birth import tenant_gone_message
from tenant_billing.domain.decision import BRAKE, Verdict
from tenant_billing.domain.discretion import is_anothers, veiled
from tenant_billing.domain.findings import Finding
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.outstanding import outstanding_intent
from tenant_billing.domain.prerequisites import recorded_subscription_is_missing
from tenant_billing.domain.tenant_data import password_warning
from tenant_billing.domain.world import World

_PROBLEMS_OF_REGISTRY: Final = frozenset(
    {
        Reason.INVALID_TENANT,
        Reason.TENANT_ID_TAKEN,
        Reason.TENANT_NOT_MANAGED,
        Reason.CUSTOMER_MISMATCH,
        Reason.CONFLICT,
        Reason.SUSPENDED_BY_OTHER,
        Reason.TENANT_GONE,
        Reason.TOO_MANY_ATTRIBUTES,
        Reason.CLUSTER_UNAVAILABLE,
        Reason.CLUSTER_NOT_READY,
        Reason.CLUSTER_NOT_FOUND,
        Reason.BRAKE_ENGAGED,
    }
)
"""Findings that concern the tenant; all others concern the subscription."""


def status_of(world: World, verdict: Verdict) -> TenantSubscriptionStatus:
    """The whole status. Where the outside could not be read, what was known before stands."""
    anothers = is_anothers(world)
    if anothers:
        world, verdict = veiled(world, verdict)
    resource = world.resource
    before = resource.status
    token = world.annotation(Annotation.RECONCILE) or None
    after = before.model_copy(
        update={
            "observed_generation": resource.metadata.generation,
            "last_handled_reconcile": token,
            "pending_operation": outstanding_intent(world, verdict),
            "conditions": _conditions(world, verdict),
        }
    )
    if world.provider_problem is None and world.backend is not None and not world.rivals:
        # While several customers pay, none is recorded: what is recorded is adopted.
        after = after.model_copy(update=_of_provider(world, verdict))
    if world.registry_problem is None and world.cluster is not None:
        after = after.model_copy(update=_of_registry(world, verdict))
    return after.model_copy(update={"tenant_state": TenantState.UNKNOWN}) if anothers else after


def with_intent(world: World, intent: PendingOperation) -> TenantSubscriptionStatus:
    """The status as it is, with the ids seen so far, and what is about to be created."""
    update: dict[str, object] = {"pending_operation": intent}
    if world.customer is not None:
        update["customer_id"] = world.customer.id
    bought = counting.choose(world.subscriptions).told
    if bought is not None and world.missing_subscription_id is None:
        update["subscription_id"] = bought.id
    return world.resource.status.model_copy(update=update)


def _of_provider(world: World, verdict: Verdict) -> dict[str, object]:
    subscription = verdict.candidates.told
    offer, item = verdict.current.offer, verdict.current.item
    if verdict.candidates.awaiting is not None:
        item = next(iter(verdict.candidates.awaiting.items), None)
    lost = recorded_subscription_is_missing(world) is not None
    period = None
    if item is not None and item.current_period_start and item.current_period_end:
        period = BillingPeriod(start_time=item.current_period_start, end_time=item.current_period_end)
    standing = verdict.standing
    return {
        "plan_ref": ObjectReference(name=offer.name) if offer is not None else None,
        "customer_id": world.customer.id if world.customer is not None else world.resource.status.customer_id,
        "subscription_id": _subscription_id(world, subscription, lost=lost),
        "subscription_item_id": item.id if item is not None else None,
        "subscription_status": subscription.status if subscription is not None else None,
        "current_period": period,
        "past_due_since_time": standing.past_due_since,
        "suspension_time": standing.suspension_time,
        "hosted_invoice_url": _hosted_invoice_url(subscription, standing),
        "frozen_limits": verdict.frozen,
        "usage": usage_condition.shown(world, verdict.usage),
    }


def _subscription_id(world: World, subscription: Subscription | None, *, lost: bool) -> str | None:
    """The id to be known again by; while it is not found it stays, so that nothing else is judged in its place."""
    if subscription is None or (lost and world.missing_subscription_id is not None):
        return world.missing_subscription_id
    return subscription.id


def _hosted_invoice_url(subscription: Subscription | None, standing: Standing) -> str | None:
    """Where the customer pays what is due, or nothing where nothing is."""
    if subscription is None:
        return None
    invoiced = subscription.collection_method == "send_invoice"
    if standing.payment_status is ConditionStatus.TRUE and not subscription.pending_change and not invoiced:
        return None
    latest = (subscription.latest_invoice,) if subscription.latest_invoice else ()
    candidates = [each for each in (*(subscription.open_invoices or ()), *latest) if each.status == "open"]
    return next((each.hosted_url for each in candidates if each.hosted_url), None)


def _of_registry(world: World, verdict: Verdict) -> dict[str, object]:
    if world.tenant is None:
        state = world.resource.status.tenant_state if world.tenant_missing else TenantState.ABSENT
        return {"tenant_state": state, "entities": None}
    seen = verdict.limits if verdict.limits is not None else world.tenant.limits
    return {"tenant_state": world.tenant.state, "entities": limits.use_of(world.totals, seen).entities}


def _conditions(world: World, verdict: Verdict) -> Conditions:
    generation = world.resource.metadata.generation
    conditions = world.resource.status.conditions

    def put(kind: ConditionType, status: ConditionStatus, reason: Reason, message: str = "") -> None:
        nonlocal conditions
        conditions = set_condition(conditions, kind, status, reason, message, generation, world.now)

    ready = _ready(world, verdict)
    put(ConditionType.READY, *ready)
    put(ConditionType.SUBSCRIPTION_SYNCED, *_subscription_synced(world, verdict))
    put(ConditionType.TENANT_SYNCED, *_tenant_synced(world, verdict))
    standing = verdict.standing
    put(ConditionType.PAYMENT_CURRENT, standing.payment_status, standing.payment, standing.message)
    seen = verdict.limits if verdict.limits is not None else (world.tenant.limits if world.tenant else {})
    use = limits.use_of(world.totals if world.tenant is not None else None, seen)
    put(ConditionType.WITHIN_LIMITS, use.status, use.reason, use.message)
    put(ConditionType.USAGE_REPORTED, *usage_condition.said(world, verdict.usage))
    if verdict.finding is not None and verdict.finding.stalled:
        put(ConditionType.STALLED, ConditionStatus.TRUE, ready[1], ready[2])
    else:
        conditions = remove_condition(conditions, ConditionType.STALLED)
    if _passes_by_itself(ready, verdict.finding):
        put(ConditionType.RECONCILING, ConditionStatus.TRUE, Reason.PROGRESSING, ready[2])
    else:
        conditions = remove_condition(conditions, ConditionType.RECONCILING)
    return conditions


_Said = tuple[ConditionStatus, Reason, str]


def _passes_by_itself(ready: _Said, finding: Finding | None) -> bool:
    """Whether the operator is on the way to Ready; for a payment it is the customer who is waited for."""
    waits = finding is not None and not finding.stalled
    return waits and ready[0] is ConditionStatus.FALSE and ready[1] is not Reason.AWAITING_PAYMENT


def _ready(world: World, verdict: Verdict) -> _Said:
    """``Ready`` means that the spec is carried out, not that the customer paid (api.md, rule 7)."""
    finding = verdict.finding
    if finding is not None:
        status = ConditionStatus.UNKNOWN if finding.reason is Reason.PAUSED else ConditionStatus.FALSE
        return status, finding.reason, finding.message
    if _is_suspended_as_told(world, verdict):
        return ConditionStatus.TRUE, Reason.SUSPENDED, verdict.standing.message
    before = find_condition(world.resource.status.conditions, ConditionType.READY)
    if world.tenant_missing and before is not None and before.status is ConditionStatus.TRUE:
        return before.status, Reason(before.reason), before.message  # once not found is no news
    if world.tenant is None:
        message = verdict.standing.message or "The tenant is being created."
        return ConditionStatus.FALSE, Reason.AWAITING_PAYMENT, message
    if verdict.standing.access is Access.KEEP:
        return ConditionStatus.FALSE, Reason.AWAITING_PAYMENT, verdict.standing.message
    return ConditionStatus.TRUE, Reason.PROVISIONED, password_warning(world)


def _is_suspended_as_told(world: World, verdict: Verdict) -> bool:
    told = world.resource.spec.access_policy is AccessPolicy.SUSPEND
    return told and verdict.standing.access is Access.SUSPENDED


def _subscription_synced(world: World, verdict: Verdict) -> _Said:
    if world.provider_problem is not None or world.backend is None:
        return ConditionStatus.UNKNOWN, Reason.UNAVAILABLE, "The account could not be read."
    if world.refusal is not None and not world.refusal.by_registry:
        return ConditionStatus.FALSE, Reason.REJECTED, world.refusal.message
    if verdict.sync is not None:
        return ConditionStatus.FALSE, verdict.sync.reason, verdict.sync.message
    finding = verdict.finding
    if finding is not None and finding.reason not in _PROBLEMS_OF_REGISTRY:
        return ConditionStatus.FALSE, Reason.PENDING, finding.message
    if verdict.candidates.counting is None:
        return ConditionStatus.FALSE, Reason.PENDING, "There is no subscription yet."
    return ConditionStatus.TRUE, Reason.SYNCED, ""


def _tenant_synced(world: World, verdict: Verdict) -> _Said:
    if world.tenant_gone:
        return ConditionStatus.FALSE, Reason.PENDING, tenant_gone_message(world.key.tenant_id)
    if world.registry_problem is not None or world.cluster is None:
        return ConditionStatus.UNKNOWN, Reason.UNAVAILABLE, "The tenant could not be read."
    if world.refusal is not None and world.refusal.by_registry:
        return ConditionStatus.FALSE, Reason.REJECTED, world.refusal.message
    if world.held:
        return ConditionStatus.FALSE, Reason.BRAKE_ENGAGED, BRAKE.message
    finding = verdict.finding
    if finding is not None and finding.reason in _PROBLEMS_OF_REGISTRY:
        return ConditionStatus.FALSE, Reason.PENDING, finding.message
    if world.tenant is None:
        return _about_absence(world, verdict)
    if verdict.standing.access is Access.KEEP:
        return ConditionStatus.UNKNOWN, Reason.PENDING, "The tenant is kept as it is."
    return ConditionStatus.TRUE, Reason.SYNCED, ""


def _about_absence(world: World, verdict: Verdict) -> _Said:
    if world.tenant_missing:
        message = "The tenant was not found once; it is looked for again."
        return ConditionStatus.UNKNOWN, Reason.PENDING, message
    if _is_suspended_as_told(world, verdict):
        return ConditionStatus.FALSE, Reason.PENDING, "No tenant is made while spec.accessPolicy is Suspend."
    message = "The tenant follows once the first payment, or the trial, stands."
    return ConditionStatus.FALSE, Reason.PENDING, message


def stalled_status(world: World, finding: Finding) -> TenantSubscriptionStatus:
    """The status of an object whose deletion something stands in the way of."""
    generation = world.resource.metadata.generation
    conditions = world.resource.status.conditions
    for kind, status, reason in (
        (ConditionType.READY, ConditionStatus.FALSE, finding.reason),
        (ConditionType.STALLED, _true_if(finding.stalled), finding.reason),
        (ConditionType.RECONCILING, _true_if(not finding.stalled), Reason.PROGRESSING),
    ):
        conditions = set_condition(conditions, kind, status, reason, finding.message, generation, world.now)
    return world.resource.status.model_copy(
        update={"conditions": conditions, "observed_generation": generation}
    )


def _true_if(value: bool) -> ConditionStatus:  # noqa: FBT001 - converts the one to the other
    return ConditionStatus.TRUE if value else ConditionStatus.FALSE
