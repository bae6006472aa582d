"""How a tenant is made in The Things Stack, once, and never again after it was deleted there."""

from typing import Final

from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain import access
from tenant_billing.domain import tenant as tenants
from tenant_billing.domain.access import Access, Standing
from tenant_billing.domain.actions import Action, CreateTenant, LookAgain, StoreIntent
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.observations import BillingReference, Limits, Subscription
from tenant_billing.domain.world import World

CREATE_TENANT: Final = "CreateTenant"
"""The step of the intent."""


def actions(
    world: World,
    subscription: Subscription | None,
    reference: BillingReference | None,
    standing: Standing,
    wanted: Limits | None,
) -> tuple[tuple[Action, ...], Finding | None]:
    """The tenant follows once the first payment, or the trial, stands."""
    gone = tenant_is_gone(world)
    if gone is not None:
        return (), gone
    paid = subscription is not None and subscription.status in access.IN_GOOD_STANDING
    approved = paid and standing.access is Access.APPROVED
    if not approved or wanted is None or world.tenant_missing:
        return (), None
    intent = world.intent
    if intent is None or intent.step != CREATE_TENANT:
        return (StoreIntent(_tenant_intent(world)),), None
    if not world.looked:
        return (LookAgain(),), None
    return (CreateTenant(tenants.new_tenant(world, reference, wanted)),), None


def tenant_is_gone(world: World) -> Finding | None:
    """The tenant was deleted in The Things Stack: neither is it made again, nor anything bought for it."""
    if not world.tenant_gone:
        return None
    return Finding(
        Reason.TENANT_GONE,
        tenant_gone_message(world.key.tenant_id),
        Hold.PROVIDER,
    )


def tenant_gone_message(tenant_id: str) -> str:
    """What is said of a tenant that was deleted; also how it is remembered (``remembered.is_remembered_gone``)."""
    return (
        f"Tenant {tenant_id} was deleted in The Things Stack and is not made again; billing goes on. "
        "Delete this object to end it."
    )


def _tenant_intent(world: World) -> PendingOperation:
    return PendingOperation(
        step=CREATE_TENANT,
        attempt=1,
        idempotency_key=idempotency_key(world.resource.metadata.uid, CREATE_TENANT, 1),
        parameters={"tenantID": world.key.tenant_id},
        start_time=world.now,
    )
