"""What should happen to one TenantSubscription: a pure function from what was read to what is written."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenant_billing.api.entities import EntityLimits
from tenant_billing.api.names import FINALIZER
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import (
    access,
    allowance,
    birth,
    counting,
    enrolment,
    limits,
    observed,
    plan_change,
    prerequisites,
    tenant_state,
    usage,
)
from tenant_billing.domain import tenant as tenants
from tenant_billing.domain.access import Access, Standing
from tenant_billing.domain.actions import (
    Action,
    AddFinalizer,
    Disruption,
    UpdateTenant,
    disruption_of,
)
from tenant_billing.domain.counting import Candidates
from tenant_billing.domain.findings import Finding, Hold, first
from tenant_billing.domain.observations import BillingReference, Limits, Subscription, Tenant
from tenant_billing.domain.ownership import is_claimed
from tenant_billing.domain.plan_change import InForce
from tenant_billing.domain.standing import standing_of
from tenant_billing.domain.usage import UNJUDGED, UsageVerdict
from tenant_billing.domain.world import World


@dataclass(frozen=True)
class Verdict:
    """All that follows from one world.

    Attributes:
        actions: What to do next, in order; empty when in sync or when nothing may be done.
        finding: Why the object is not wholly carried out.
        sync: Why plan and subscription differ from the spec although the object is carried out.
        standing: What the payments say.
        candidates: The subscriptions of the tenant.
        current: The plan in force.
        limits: What the tenant should be allowed, None where that is not known.
        frozen: What existed when it was frozen, while it is.
        look_again_at: When this verdict changes by itself, in the account's time.
        usage: What follows for what is reported.
    """

    actions: tuple[Action, ...]
    finding: Finding | None
    sync: Finding | None
    standing: Standing
    candidates: Candidates
    current: InForce
    limits: Limits | None = None
    frozen: EntityLimits | None = None
    look_again_at: datetime | None = None
    usage: UsageVerdict = UNJUDGED


def decide(world: World) -> Verdict:
    """Decide about an object that is not being deleted."""
    world = observed.as_sold(world)
    finding = first(prerequisites.CHAIN, world)
    if finding is not None and finding.hold is Hold.EVERYTHING:
        return _held(world, finding)
    if FINALIZER not in world.resource.metadata.finalizers:
        verdict = _held(world, None)
        return _with_actions(verdict, (AddFinalizer(),))
    candidates = counting.choose(world.subscriptions)
    current = _current(world, candidates.counting)
    finding = finding or _refused(world) or _about_subscription(world, candidates, current)
    standing = standing_of(world, candidates.counting, current)
    wanted, frozen = allowance.judge(world, current, standing)
    provider = () if finding is not None and finding.hold else _provider(world, candidates, current)
    registry, problem = _registry(world, candidates.counting, current, standing, wanted, finding)
    actions = _unless_held((*provider, *registry), world)
    if problem is None and actions != (*provider, *registry):
        problem = BRAKE
    reported = usage.judge(world, candidates.counting, current)
    return Verdict(
        actions=usage.preceded(world, reported, actions),
        finding=finding or problem,
        sync=_sync(world, candidates.counting, current, finding),
        standing=standing,
        candidates=candidates,
        current=current,
        limits=wanted,
        frozen=frozen,
        look_again_at=_look_again_at(world, standing),
        usage=reported,
    )


BRAKE = Finding(
    Reason.BRAKE_ENGAGED,
    "The brake of the ThingsStackCluster holds this back; an administrator approves the batch by the annotation "
    "approve-disruptions with the value of the cluster's status.brake.id.",
    Hold.NOTHING,
)


def _held(world: World, finding: Finding | None) -> Verdict:
    """Nothing is written outside; what is known is still told."""
    candidates = counting.choose(world.subscriptions)
    current = _current(world, candidates.counting)
    lost = prerequisites.recorded_subscription_is_missing(world) is not None
    known = world.provider_problem is None and world.backend is not None and not lost
    standing = standing_of(world, candidates.counting, current) if known else access.UNKNOWN
    wanted, _ = allowance.judge(world, current, standing)
    return Verdict(
        (), finding, None, standing, candidates, current, wanted, world.resource.status.frozen_limits
    )


def _with_actions(verdict: Verdict, actions: tuple[Action, ...]) -> Verdict:
    return Verdict(
        actions,
        verdict.finding,
        verdict.sync,
        verdict.standing,
        verdict.candidates,
        verdict.current,
        verdict.limits,
        verdict.frozen,
    )


def _current(world: World, subscription: Subscription | None) -> InForce:
    if subscription is None:
        return InForce(None, None)
    return plan_change.in_force(world, subscription)


def _refused(world: World) -> Finding | None:
    """Something was refused for good in this generation: it is not asked again."""
    refusal = world.refusal
    return None if refusal is None else Finding(refusal.reason, refusal.message, Hold.PROVIDER)


def _about_subscription(world: World, candidates: Candidates, current: InForce) -> Finding | None:
    subscription = candidates.counting
    if subscription is None:
        return (
            birth.tenant_is_gone(world)
            or enrolment.plan_is_closed(world)
            or enrolment.plan_is_not_ready(world)
            or enrolment.customer_lacks_details(world)
        )
    if candidates.duplicates:
        others = ", ".join(sorted(each.id for each in candidates.duplicates))
        return Finding(
            Reason.DUPLICATE_SUBSCRIPTION,
            f"The tenant is billed more than once: {subscription.id} counts, and so do {others} bill; "
            "cancel all but one in Stripe.",
            Hold.PROVIDER,
        )
    if counting.has_ended(subscription):
        return (
            enrolment.successor_awaits_payment(candidates)
            or (observed.ended(world, subscription) if world.is_observed else None)
            or enrolment.ended_without_leave(world, subscription)
            or birth.tenant_is_gone(world)
            or enrolment.plan_is_closed(world)
            or enrolment.plan_is_not_ready(world)
            or enrolment.customer_lacks_details(world)
        )
    if subscription.status not in access.KNOWN:
        return Finding(
            Reason.UNKNOWN_STATUS,
            f"Subscription {subscription.id} has the status {subscription.status!r}, which this version does not "
            "know; the tenant is kept as it is. Upgrade the operator.",
            Hold.PROVIDER,
        )
    return (
        current.finding
        or plan_change.plans_do_not_fit(world, subscription, current)
        or _limits_are_unknown(current)
    )


def _limits_are_unknown(current: InForce) -> Finding | None:
    """The plan in force does not say what it allows (unreadable price metadata): the tenant's limits stay."""
    if current.offer is None or allowance.of_plan(current) is not None:
        return None
    return Finding(
        Reason.PLAN_NOT_READY,
        f"BillingPlan {current.offer.name} does not say its limits; see its conditions.",
        Hold.NOTHING,
        stalled=False,
    )


def _provider(world: World, candidates: Candidates, current: InForce) -> tuple[Action, ...]:
    subscription = candidates.counting
    if world.is_observed:
        return ()
    if subscription is None or counting.has_ended(subscription):
        return enrolment.actions(world, candidates)
    return plan_change.actions(world, subscription, current)


_BEGINS_NOTHING: Final = frozenset({Reason.NOT_ALLOWED, Reason.PLAN_NOT_FOUND})
"""Findings with which no tenant is made, or taken that lacks the object's claim: who may not have one, and where the
plan is missing, whose template counts at the creation only. One that is the object's follows its payments."""


def _registry(
    world: World,
    subscription: Subscription | None,
    current: InForce,
    standing: Standing,
    wanted: Limits | None,
    finding: Finding | None,
) -> tuple[tuple[Action, ...], Finding | None]:
    """What to do in The Things Stack, and what stands in the way there."""
    reference = plan_change.reference_of(subscription, current) if subscription is not None else None
    refused = world.refusal is not None and world.refusal.by_registry
    begins_nothing = finding is not None and finding.reason in _BEGINS_NOTHING
    if world.tenant is None:
        may_be_made = not refused and not begins_nothing
        return birth.actions(world, subscription, reference, standing, wanted if may_be_made else None)
    if standing.access is Access.KEEP:
        return (), None
    if begins_nothing and not is_claimed(world):
        return (), None
    update = tenants.tenant_update(world, world.tenant, reference, standing, wanted)
    if refused:
        # Whatever was refused, a payer is let in and a non-payer is not: the state goes alone.
        return tenants.state_alone(update, world.refusal), None
    return (update,) if update is not None else (), _about_tenant(world, world.tenant, reference, standing)


def _about_tenant(
    world: World, tenant: Tenant, reference: BillingReference | None, standing: Standing
) -> Finding | None:
    foreign = tenant_state.suspended_by_other(tenant, standing)
    if foreign is not None:
        return foreign
    _, fits = tenants.wanted_attributes(world, reference)
    if fits:
        return None
    return Finding(
        Reason.TOO_MANY_ATTRIBUTES,
        f"Tenant {tenant.id} has no room for the operator's attributes (at most {tenants.MOST_ATTRIBUTES} of "
        f"{tenants.LONGEST_ATTRIBUTE} characters); only its billing field names what pays. Remove some.",
        Hold.NOTHING,
    )


def _unless_held(actions: tuple[Action, ...], world: World) -> tuple[Action, ...]:
    """Without what takes access away, while the brake holds it back; the rest of an update goes on."""
    if not world.held:
        return actions
    kept = (tenants.without_state(each) if isinstance(each, UpdateTenant) else each for each in actions)
    return tuple(each for each in kept if each is not None and disruption_of(each) is Disruption.NONE)


def _sync(
    world: World, subscription: Subscription | None, current: InForce, finding: Finding | None
) -> Finding | None:
    if subscription is None or counting.has_ended(subscription) or world.is_observed:
        return None
    if finding is not None and finding.reason in (Reason.INCOMPATIBLE_PLAN, Reason.PLAN_CLOSED):
        return None  # what keeps the plan away is said already
    return plan_change.difference(world, subscription, current)


def _look_again_at(world: World, standing: Standing) -> datetime | None:
    overrides = world.resource.spec.limit_overrides
    times = [standing.next_change]
    if overrides is not None and limits.is_in_force(overrides, world.now):
        times.append(overrides.expiration_time)
    return min((time for time in times if time is not None), default=None)
