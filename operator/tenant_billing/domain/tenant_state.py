"""The state that a tenant should have, and whose doing the present one is: only what we did is undone."""

from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.access import Access, Standing, is_ours_to_lift
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.observations import Tenant
from tenant_billing.domain.ownership import state_written_by_us
from tenant_billing.domain.state_descriptions import Description, keeping, kept_flag, own_words


def state_change(tenant: Tenant, standing: Standing) -> tuple[TenantState, str] | None:
    """The state to write with its description, or None where the tenant's own stays.

    A flag or suspension of somebody else's stays, and so do a rejection and a request. A flag of theirs that a
    suspension of ours has taken the place of is set again.
    """
    lifts, flag = _is_liftable(tenant), flag_of_other(tenant)
    match standing.access, tenant.state:
        case Access.SUSPENDED, TenantState.APPROVED | TenantState.FLAGGED:
            return TenantState.SUSPENDED, keeping(standing.description, flag)
        case Access.FLAGGED, TenantState.APPROVED:
            return TenantState.FLAGGED, standing.description
        case Access.FLAGGED | Access.APPROVED, TenantState.SUSPENDED if lifts and flag is not None:
            return TenantState.FLAGGED, flag
        case Access.FLAGGED, TenantState.SUSPENDED if lifts:
            return TenantState.FLAGGED, standing.description
        case Access.APPROVED, TenantState.FLAGGED | TenantState.SUSPENDED if lifts:
            return TenantState.APPROVED, ""
        case Access.SUSPENDED, TenantState.SUSPENDED if lifts and _says_another_reason(tenant, standing):
            return TenantState.SUSPENDED, keeping(standing.description, flag)
        case _:
            return None


def flag_of_other(tenant: Tenant) -> str | None:
    """The words of a flag that somebody else has set, or that a suspension of ours keeps; None where there is none."""
    if tenant.state is TenantState.FLAGGED and not _is_liftable(tenant):
        return tenant.state_description
    own = own_words(tenant.state_description)
    return kept_flag(tenant.state_description, own) if own is not None else None


def adopted_state(tenant: Tenant, standing: Standing) -> tuple[TenantState, str] | None:
    """The state of the Tenant Billing Server in our words, for a write that marks the tenant as ours.

    A state without a word counts as that server's on a tenant we have never written, and could not be lifted after.
    """
    same = tenant.state.value == standing.access.value
    unsaid = _is_liftable(tenant) and same and not tenant.state_description
    return (tenant.state, standing.description) if unsaid else None


def suspended_by_other(tenant: Tenant, standing: Standing) -> Finding | None:
    """Access should be given, and somebody else has taken it away: that stays."""
    if standing.access not in (Access.APPROVED, Access.FLAGGED):
        return None
    if tenant.state not in (TenantState.SUSPENDED, TenantState.REJECTED, TenantState.REQUESTED):
        return None
    if _is_liftable(tenant):
        return None
    return Finding(
        Reason.SUSPENDED_BY_OTHER,
        f"Tenant {tenant.id} is {tenant.state.value.lower()} in The Things Stack by somebody else "
        f"({tenant.state_description or 'no description'}); billing goes on. Approve it there.",
        Hold.NOTHING,
    )


def _is_liftable(tenant: Tenant) -> bool:
    return is_ours_to_lift(tenant, state_written_by_us=state_written_by_us(tenant))


def _says_another_reason(tenant: Tenant, standing: Standing) -> bool:
    """Whether a suspension of ours gives another reason than today's; the Tenant Billing Server's words stay."""
    return own_words(tenant.state_description) not in (None, Description.FLAGGED, standing.description)
