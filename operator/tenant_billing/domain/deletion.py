"""What deleting a TenantSubscription means outside (product.md, "Deletion")."""

from dataclasses import dataclass

from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import DeletionPolicy, ManagementPolicy, TenantState
from tenant_billing.domain import counting, prerequisites, usage
from tenant_billing.domain.actions import (
    Action,
    CancelSubscription,
    DeleteTenant,
    Disruption,
    LookAgain,
    RemoveFinalizer,
    UpdateTenant,
    disruption_of,
)
from tenant_billing.domain.findings import Finding, Hold, first
from tenant_billing.domain.ownership import (
    another_has_bought_it,
    another_object_has_the_subscription,
    another_object_has_the_tenant,
    is_claimed,
    tenant_belongs_to_another,
)
from tenant_billing.domain.permissions import (
    is_trusted_by_backend,
    is_trusted_by_cluster,
    plan_does_not_admit_namespace,
)
from tenant_billing.domain.requests import TenantChange
from tenant_billing.domain.state_descriptions import Description, keeping
from tenant_billing.domain.tenant_state import flag_of_other
from tenant_billing.domain.world import Refusal, World


@dataclass(frozen=True)
class Farewell:
    """What is still to be done before the object may go.

    Attributes:
        actions: In order; empty while something stands in the way.
        finding: What stands in the way.
        message: What is told once the object is let go.
    """

    actions: tuple[Action, ...]
    finding: Finding | None = None
    message: str = ""


_LET_GO = (RemoveFinalizer(),)

_WAY_OUT = " To let the object go without touching Stripe or the tenant, set spec.deletionPolicy: Orphan."

_HELD_BY_ANOTHER = (another_object_has_the_tenant, another_object_has_the_subscription, another_has_bought_it)
"""Another object has the tenant, or what pays for it."""

_UNSURE = (
    prerequisites.recorded_subscription_is_missing,
    prerequisites.recorded_customer_is_missing,
    prerequisites.several_customers_pay,
)
"""Who pays, or by what, is not known for sure: nothing is ended, as nothing else is done."""


def lets_go(world: World) -> str | None:
    """Why nothing outside is touched, or None where deletion ends the subscription."""
    spec = world.resource.spec
    if world.paused:
        return "The object was paused; subscription and tenant stay as they are."
    if spec.management_policy is ManagementPolicy.OBSERVE:
        return "The object was observed; subscription and tenant stay as they are."
    if spec.effective_deletion_policy is DeletionPolicy.ORPHAN:
        return "deletionPolicy: Orphan; subscription and tenant stay as they are."
    if world.namespace.going:
        return "Its namespace or definition is being deleted, so subscription and tenant stay as they are."
    return None


def _nothing_was_made(world: World) -> bool:
    status = world.resource.status
    absent = status.tenant_state in (None, TenantState.ABSENT, TenantState.UNKNOWN)
    return absent and status.customer_id is None and status.pending_operation is None


def _nothing_is_ours(world: World) -> bool:
    status = world.resource.status
    return status.customer_id is None and status.pending_operation is None and not is_claimed(world)


def decide(world: World) -> Farewell:
    """Decide about an object that is being deleted."""
    message = lets_go(world)
    if message is not None:
        return Farewell(_LET_GO, message=message)
    finding = first(prerequisites.READING, world)
    if finding is not None and finding.hold is Hold.EVERYTHING:
        if _nothing_was_made(world):
            return Farewell(_LET_GO, message="Nothing was made for it yet.")
        return Farewell((), Finding(finding.reason, finding.message + _WAY_OUT, stalled=finding.stalled))
    if _is_anothers(world):
        return Farewell(
            _LET_GO, message="Another has the tenant, or what pays for it; nothing outside is touched."
        )
    refused = _not_allowed(world)
    if refused is not None and _nothing_is_ours(world):
        return Farewell(_LET_GO, message="Nothing was made for it: its namespace was never trusted.")
    if refused is not None:
        return Farewell((), refused)
    if world.intent is not None and not world.looked:
        return Farewell((LookAgain(),))
    return _end(world)


def _is_anothers(world: World) -> bool:
    """Whether what stands outside is not this object's to end.

    Marks alone name the tenant, and every author may name any tenant: whoever was refused it must not end what it is
    paid by. An object that has something on record goes on to end that.
    """
    if first(_HELD_BY_ANOTHER, world) is not None:
        return True
    refused = tenant_belongs_to_another(world) or plan_does_not_admit_namespace(world)
    return refused is not None and _nothing_is_ours(world)


def _not_allowed(world: World) -> Finding | None:
    """The policy, or the borrowed subscription, needs a trust that the namespace does not have (any more)."""
    spec = world.resource.spec
    deletes = spec.deletion_policy is DeletionPolicy.CANCEL_AND_DELETE_TENANT
    borrowed = spec.subscription_id is not None or (
        spec.customer is not None and spec.customer.id is not None
    )
    if not (deletes and not is_trusted_by_cluster(world)) and not (
        borrowed and not is_trusted_by_backend(world)
    ):
        return None
    what = (
        "spec.deletionPolicy: CancelAndDeleteTenant" if deletes else "spec.customer.id or spec.subscriptionID"
    )
    return Finding(
        Reason.NOT_ALLOWED,
        f"{what}: namespace {world.namespace.name} is not trusted to end this.{_WAY_OUT}",
    )


def _end(world: World) -> Farewell:
    """Cancel what is live, take the tenant's access away, let go: one step at a time, each after a fresh read."""
    unsure = first(_UNSURE, world)
    if unsure is not None:
        return Farewell((), Finding(unsure.reason, unsure.message + _WAY_OUT))
    live = [each for each in world.subscriptions if not counting.has_ended(each)]
    steps: tuple[Action, ...] = tuple(
        CancelSubscription(each.id, Disruption.NONE if counting.is_incomplete(each) else Disruption.CANCEL)
        for each in live
    )
    steps += _end_of_tenant(world)
    deletes = world.resource.spec.deletion_policy is DeletionPolicy.CANCEL_AND_DELETE_TENANT
    if not steps and world.tenant_missing and not deletes:
        return Farewell(())  # one 404 is no proof: the tenant may still have access
    if world.held and any(disruption_of(step) is not Disruption.NONE for step in steps):
        return Farewell(
            (),
            Finding(
                Reason.BRAKE_ENGAGED,
                "The brake of the ThingsStackCluster holds the deletion back; an administrator approves the batch "
                "by the annotation approve-disruptions with the value of the cluster's status.brake.id.",
            ),
        )
    steps = usage.preceded(world, usage.judge_alone(world), steps)
    return Farewell(
        steps or _LET_GO, message="The subscription was ended and the tenant has no access any more."
    )


def _end_of_tenant(world: World) -> tuple[Action, ...]:
    tenant = world.tenant
    if tenant is None or tenant_belongs_to_another(world) is not None:
        return ()
    if world.resource.spec.deletion_policy is DeletionPolicy.CANCEL_AND_DELETE_TENANT and is_claimed(world):
        return (DeleteTenant(tenant.id),)
    if tenant.state not in (TenantState.APPROVED, TenantState.FLAGGED):
        return ()
    change = TenantChange(
        state=TenantState.SUSPENDED, state_description=keeping(Description.ENDED, flag_of_other(tenant))
    )
    return (UpdateTenant(tenant.id, change, Disruption.SUSPEND),)


def refused(refusal: Refusal) -> Finding:
    """The finding when the outside refuses to end something."""
    return Finding(refusal.reason, refusal.message + _WAY_OUT)
