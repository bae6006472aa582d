"""What the tenant should be: its creation, and the difference to what it is."""

import re
from collections.abc import Mapping
from typing import Final

from tenant_billing.api.names import MANAGED_BY, BillingServerMetadata, TenantAttribute
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.api.things_stack_cluster import BillingFieldPolicy
from tenant_billing.domain import limits as entity_limits
from tenant_billing.domain.access import Access, Standing, is_ours_to_lift
from tenant_billing.domain.actions import Disruption, UpdateTenant
from tenant_billing.domain.counting import choose
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.observations import BillingReference, Limits, Tenant
from tenant_billing.domain.ownership import state_written_by_us
from tenant_billing.domain.requests import InitialUser, NewTenant, TenantChange
from tenant_billing.domain.world import World

LONGEST_NAME: Final = 50
LONGEST_DESCRIPTION: Final = 2000
MOST_ATTRIBUTES: Final = 10
LONGEST_ATTRIBUTE: Final = 200
TENANT_ID: Final = re.compile(r"^[a-z0-9](?:[-]?[a-z0-9]){2,}$")
USER_ID: Final = re.compile(r"^[a-z0-9](?:[-]?[a-z0-9]){1,}$")
ATTRIBUTE_KEY: Final = TENANT_ID
LONGEST_ID: Final = 36

OWNED_ATTRIBUTES: Final = frozenset(
    {
        TenantAttribute.MANAGED_BY,
        TenantAttribute.TENANT_SUBSCRIPTION,
        TenantAttribute.STRIPE_CUSTOMER_ID,
        TenantAttribute.STRIPE_PLAN_ID,
        TenantAttribute.STRIPE_SUBSCRIPTION_ID,
        TenantAttribute.STRIPE_SUBSCRIPTION_ITEM_ID,
    }
)


def _metadata_of(world: World) -> Mapping[str, str]:
    """The documented metadata of the subscription that counts, if any (things-stack.md 1.3)."""
    counting = choose(world.subscriptions).counting
    return counting.metadata if counting is not None else {}


def tenant_name(world: World) -> str:
    """The tenant's name: the spec's, else by the documented fallbacks, else its id."""
    metadata = _metadata_of(world)
    details = world.resource.spec.customer.details if world.resource.spec.customer else None
    candidates = (
        world.resource.spec.tenant.name,
        metadata.get(BillingServerMetadata.TENANT_NAME),
        metadata.get(BillingServerMetadata.NAME),
        metadata.get(BillingServerMetadata.COMPANY),
        world.customer.name if world.customer else None,
        details.name if details else None,
    )
    return next((each for each in candidates if each), world.key.tenant_id)


def tenant_description(world: World) -> str:
    """The tenant's description: the spec's, else by the documented fallbacks."""
    details = world.resource.spec.customer.details if world.resource.spec.customer else None
    candidates = (
        world.resource.spec.tenant.description,
        _metadata_of(world).get(BillingServerMetadata.TENANT_DESCRIPTION),
        world.customer.description if world.customer else None,
        details.description if details else None,
    )
    return next((each for each in candidates if each), "")


def initial_user(world: World) -> InitialUser:
    """The tenant's administrator: the spec's, else by the documented fallbacks (things-stack.md 1.3)."""
    admin = world.resource.spec.tenant.initial_admin
    metadata = _metadata_of(world)
    details = world.resource.spec.customer.details if world.resource.spec.customer else None
    emails = (
        admin.email if admin else None,
        metadata.get(BillingServerMetadata.ADMIN_EMAIL),
        world.customer.email if world.customer else None,
        details.email if details else None,
    )
    return InitialUser(
        user_id=(admin.user_id if admin else None)
        or metadata.get(BillingServerMetadata.ADMIN_USER)
        or world.key.tenant_id,
        email=next((each for each in emails if each), ""),
        full_name=(admin.full_name if admin else None)
        or metadata.get(BillingServerMetadata.ADMIN_FULL_NAME)
        or "",
        password=world.admin_password,
    )


def tenant_cannot_be_created(world: World) -> Finding | None:
    """The tenant, or its administrator, would be refused: said before any call to the provider."""
    if world.tenant is not None:
        return None
    problem = _tenant_problem(world) or _user_problem(initial_user(world))
    return None if problem is None else Finding(Reason.INVALID_TENANT, problem, Hold.EVERYTHING)


def _tenant_problem(world: World) -> str | None:
    tenant_id = world.key.tenant_id
    if not TENANT_ID.match(tenant_id) or len(tenant_id) > LONGEST_ID:
        return (
            f"spec.tenant.id {tenant_id!r}: at least three letters or digits, single dashes between them, "
            "at most 36 characters."
        )
    name = tenant_name(world)
    if len(name) > LONGEST_NAME:
        return (
            f"The tenant's name would be {len(name)} characters long and The Things Stack allows {LONGEST_NAME}; "
            "set a shorter spec.tenant.name."
        )
    if len(tenant_description(world)) > LONGEST_DESCRIPTION:
        return f"The tenant's description is longer than {LONGEST_DESCRIPTION} characters; set spec.tenant.description."
    attributes = world.resource.spec.tenant.attributes
    wrong = sorted(
        key
        for key in attributes
        if not ATTRIBUTE_KEY.match(key) or len(key) > LONGEST_ID or key in OWNED_ATTRIBUTES
    )
    if wrong:
        return (
            f"spec.tenant.attributes: {', '.join(wrong)}: not a key that a tenant may carry, or one of ours."
        )
    return None


def _user_problem(user: InitialUser) -> str | None:
    if not USER_ID.match(user.user_id) or len(user.user_id) > LONGEST_ID:
        return (
            f"spec.tenant.initialAdmin.userID {user.user_id!r}: letters, digits and single dashes, 2 to 36."
        )
    if "@" not in user.email:
        return (
            "The tenant's administrator has no e-mail address; set spec.tenant.initialAdmin.email "
            "or spec.customer.details.email."
        )
    return None


def _owned_attributes(world: World, reference: BillingReference | None) -> dict[str, str]:
    owned = {
        TenantAttribute.MANAGED_BY: MANAGED_BY,
        TenantAttribute.TENANT_SUBSCRIPTION: str(world.claim),
    }
    if reference is not None:
        owned |= {
            TenantAttribute.STRIPE_CUSTOMER_ID: reference.customer_id,
            TenantAttribute.STRIPE_PLAN_ID: reference.plan_id,
            TenantAttribute.STRIPE_SUBSCRIPTION_ID: reference.subscription_id,
            TenantAttribute.STRIPE_SUBSCRIPTION_ITEM_ID: reference.subscription_item_id,
        }
    return owned


def wanted_attributes(world: World, reference: BillingReference | None) -> tuple[dict[str, str], bool]:
    """The whole map of attributes, foreign ones kept (T-11), and whether there is room for ours.

    Where there is none, the map holds what is there, and ``billing`` alone names what pays (``TooManyAttributes``).
    """
    present = dict(world.tenant.attributes) if world.tenant is not None else {}
    template = _template_attributes(world) if world.tenant is None else {}
    wanted = (
        template | present | dict(world.resource.spec.tenant.attributes) | _owned_attributes(world, reference)
    )
    fits = len(wanted) <= MOST_ATTRIBUTES and all(
        len(value) <= LONGEST_ATTRIBUTE for value in wanted.values()
    )
    return (wanted, True) if fits else (present, False)


def _template_attributes(world: World) -> dict[str, str]:
    template = world.offer.plan.spec.tenant_template if world.offer else None
    given = template.attributes if template else {}
    return {key: value for key, value in given.items() if key not in OWNED_ATTRIBUTES}


def manages_billing_field(world: World) -> bool:
    """Whether the structured ``billing`` field is ours to write (``billingFieldPolicy``, T-19)."""
    return world.cluster is not None and world.cluster.spec.billing_field_policy is BillingFieldPolicy.MANAGE


def new_tenant(world: World, reference: BillingReference | None, limits: Limits) -> NewTenant:
    """The tenant to be created, approved, with its administrator and its limits."""
    attributes, _ = wanted_attributes(world, reference)
    user = initial_user(world)
    template = world.offer.plan.spec.tenant_template if world.offer else None
    details = world.resource.spec.customer.details if world.resource.spec.customer else None
    email = (world.customer.email if world.customer else None) or (details.email if details else None)
    return NewTenant(
        id=world.key.tenant_id,
        name=tenant_name(world),
        description=tenant_description(world),
        state=TenantState.APPROVED,
        attributes=attributes,
        limits=limits,
        billing=reference if manages_billing_field(world) else None,
        initial_user=user,
        billing_email=email,
        technical_email=user.email if user.email != email else None,
        configuration=dict(template.configuration) if template and template.configuration else None,
    )


def state_change(tenant: Tenant, standing: Standing) -> tuple[TenantState, str] | None:
    """The state to write with its description, or None where the tenant's own stays.

    Only what we did is undone: a flag or suspension of somebody else's stays, and so do a rejection and a request.
    """
    lifts = is_ours_to_lift(tenant, state_written_by_us=state_written_by_us(tenant))
    match standing.access, tenant.state:
        case Access.SUSPENDED, TenantState.APPROVED | TenantState.FLAGGED:
            return TenantState.SUSPENDED, standing.description
        case Access.FLAGGED, TenantState.APPROVED:
            return TenantState.FLAGGED, standing.description
        case Access.FLAGGED, TenantState.SUSPENDED if lifts:
            return TenantState.FLAGGED, standing.description
        case Access.APPROVED, TenantState.FLAGGED | TenantState.SUSPENDED if lifts:
            return TenantState.APPROVED, ""
        case _:
            return None


def suspended_by_other(tenant: Tenant, standing: Standing) -> Finding | None:
    """Access should be given, and somebody else has taken it away: that stays."""
    if standing.access not in (Access.APPROVED, Access.FLAGGED):
        return None
    if tenant.state not in (TenantState.SUSPENDED, TenantState.REJECTED, TenantState.REQUESTED):
        return None
    if is_ours_to_lift(tenant, state_written_by_us=state_written_by_us(tenant)):
        return None
    return Finding(
        Reason.SUSPENDED_BY_OTHER,
        f"Tenant {tenant.id} is {tenant.state.value.lower()} in The Things Stack by somebody else "
        f"({tenant.state_description or 'no description'}); billing goes on. Approve it there.",
        Hold.NOTHING,
    )


def tenant_update(
    world: World,
    tenant: Tenant,
    reference: BillingReference | None,
    standing: Standing,
    limits: Limits | None,
) -> UpdateTenant | None:
    """The difference to write, or None.

    A mere lack of our attributes is no reason to write where ``billing`` names the subscription already: they join
    the next write that is needed anyway (product.md, "Take-over").
    """
    change_of_state = state_change(tenant, standing)
    different = entity_limits.difference(limits, tenant.limits) if limits is not None else {}
    billing = (
        reference
        if reference is not None and manages_billing_field(world) and tenant.billing != reference
        else None
    )
    attributes, fits = wanted_attributes(world, reference)
    named = reference is not None and tenant.billing == reference and not state_written_by_us(tenant)
    relabel = fits and attributes != dict(tenant.attributes)
    asked = world.resource.spec.tenant
    name = asked.name if asked.name not in (None, tenant.name) else None
    text = asked.description if asked.description not in (None, tenant.description) else None
    needed = (change_of_state, billing, name, text)
    if not different and (not relabel or named) and all(each is None for each in needed):
        return None
    state, description = change_of_state or (None, "")
    change = TenantChange(
        state=state,
        state_description=description,
        name=name,
        description=text,
        attributes=attributes if relabel else None,
        limits=different,
        billing=billing,
    )
    takes_away = state is TenantState.SUSPENDED
    return UpdateTenant(tenant.id, change, Disruption.SUSPEND if takes_away else Disruption.NONE)
