"""What a permanent no means, and what the user must change."""

from tenant_billing.api.reasons import Reason
from tenant_billing.domain.actions import Action, CreateTenant, DeleteTenant, UpdateTenant
from tenant_billing.domain.errors import AlreadyExists, OutsideError
from tenant_billing.domain.requests import TenantChange
from tenant_billing.domain.world import Refusal


def refusal_of(action: Action, error: OutsideError) -> Refusal:
    """The refusal that an action met; it is remembered until the spec, or the reconcile token, changes."""
    match action:
        case CreateTenant(request) if isinstance(error, AlreadyExists):
            return Refusal(
                Reason.TENANT_ID_TAKEN,
                f"The Things Stack does not give out the tenant id {request.id} any more: a tenant of that id was "
                "deleted, or a user has it. The subscription goes on; delete this object to end it and choose "
                "another spec.tenant.id.",
                by_registry=True,
            )
        case CreateTenant() | UpdateTenant() | DeleteTenant():
            return Refusal(
                Reason.INVALID_TENANT,
                f"The Things Stack refuses the tenant: {_said(error)}. Change spec.tenant accordingly.",
                by_registry=True,
                of_state=isinstance(action, UpdateTenant) and _is_of_state(action.change),
            )
        case _:
            where = f" ({error.field})" if error.field else ""
            return Refusal(
                Reason.BACKEND_UNAVAILABLE,
                f"Stripe refuses {type(action).__name__}{where}: {_said(error)}. Change the spec accordingly, or "
                "set the annotation tenantbilling.dev/reconcile to have it tried again.",
                by_registry=False,
            )


def _is_of_state(change: TenantChange) -> bool:
    return change == TenantChange(state=change.state, state_description=change.state_description)


def _said(error: OutsideError) -> str:
    return str(error).rstrip(".")
