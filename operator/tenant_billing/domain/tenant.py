"""What the tenant should be: its creation, and the difference to what it is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tenant_billing.api.names import MANAGED_BY, TenantAttribute
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.api.things_stack_cluster import BillingFieldPolicy
from tenant_billing.domain import limits as entity_limits
from tenant_billing.domain import tenant_state
from tenant_billing.domain.access import Standing
from tenant_billing.domain.actions import Disruption, UpdateTenant
from tenant_billing.domain.email_address import is_email_address
from tenant_billing.domain.observations import BillingReference, Limits, Tenant
from tenant_billing.domain.ownership import state_written_by_us
from tenant_billing.domain.requests import NewTenant, TenantChange
from tenant_billing.domain.tenant_counting import counting_change, counts_only_activated
from tenant_billing.domain.tenant_data import (
    LONGEST_NAME,
    customer_email,
    explicit_description,
    explicit_name,
    initial_user,
    tenant_description,
    tenant_name,
)
from tenant_billing.domain.world import Refusal, World

MOST_ATTRIBUTES: Final = 10
LONGEST_ATTRIBUTE: Final = 200

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
    template = world.offer.plan.spec.tenant_template if world.offer and world.tenant is None else None
    given = _without_owned(template.attributes) if template else {}
    asked = _without_owned(world.resource.spec.tenant.attributes)
    wanted = given | present | asked | _owned_attributes(world, reference)
    fits = len(wanted) <= MOST_ATTRIBUTES and all(
        len(value) <= LONGEST_ATTRIBUTE for value in wanted.values()
    )
    return (wanted, True) if fits else (present, False)


def _without_owned(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes without those that say who pays: what an author wrote there would be believed later."""
    return {key: value for key, value in attributes.items() if key not in OWNED_ATTRIBUTES}


def manages_billing_field(world: World) -> bool:
    """Whether the structured ``billing`` field is ours to write (``billingFieldPolicy``, T-19)."""
    return world.cluster is not None and world.cluster.spec.billing_field_policy is BillingFieldPolicy.MANAGE


def new_tenant(world: World, reference: BillingReference | None, limits: Limits) -> NewTenant:
    """The tenant to be created, approved, with its administrator and its limits."""
    attributes, _ = wanted_attributes(world, reference)
    user = initial_user(world)
    template = world.offer.plan.spec.tenant_template if world.offer else None
    email = _contact(customer_email(world))
    return NewTenant(
        id=world.key.tenant_id,
        name=tenant_name(world),
        description=tenant_description(world),
        state=TenantState.APPROVED,
        attributes=attributes,
        limits=limits,
        billing=reference if manages_billing_field(world) else None,
        counts_only_activated=manages_billing_field(world)
        and counts_only_activated(world, reference) is True,
        initial_user=user,
        billing_email=email,
        technical_email=user.email if user.email != email else None,
        configuration=dict(template.configuration) if template and template.configuration else None,
    )


def _contact(address: str | None) -> str | None:
    """An address as a contact, None where it is none: a contact must not keep a tenant from being made (T-15)."""
    return address if address and is_email_address(address) else None


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
    change_of_state = tenant_state.state_change(tenant, standing)
    different = entity_limits.difference(limits, tenant.limits) if limits is not None else {}
    billing = (
        reference
        if reference is not None and manages_billing_field(world) and tenant.billing != reference
        else None
    )
    counting = counting_change(world, tenant, reference) if manages_billing_field(world) else None
    attributes, fits = wanted_attributes(world, reference)
    named = reference is not None and tenant.billing == reference and not state_written_by_us(tenant)
    relabel = fits and attributes != dict(tenant.attributes)
    name, text = _wanted_texts(world, tenant)
    needed = (change_of_state, billing, counting, name, text)
    if not different and (not relabel or named) and all(each is None for each in needed):
        return None
    if relabel:
        change_of_state = change_of_state or tenant_state.adopted_state(tenant, standing)
    state, description = change_of_state or (None, "")
    change = TenantChange(
        state=state,
        state_description=description,
        name=name,
        description=text,
        attributes=attributes if relabel else None,
        limits=different,
        billing=billing,
        counts_only_activated=counting,
    )
    takes_away = state is TenantState.SUSPENDED and tenant.state is not TenantState.SUSPENDED
    return UpdateTenant(tenant.id, change, Disruption.SUSPEND if takes_away else Disruption.NONE)


def _wanted_texts(world: World, tenant: Tenant) -> tuple[str | None, str | None]:
    """Name and description to write, None where the tenant's own stays.

    The spec's are kept true; of an observed subscription those that its metadata gives, as the Tenant Billing Server
    kept them (TBS-09). Fallbacks count at creation only.
    """
    asked = world.resource.spec.tenant
    name, text = asked.name, asked.description
    if world.is_observed:
        name, text = explicit_name(world), explicit_description(world)
    fits = name is not None and len(name) <= LONGEST_NAME
    return (
        name if fits and name != tenant.name else None,
        text if text is not None and text != tenant.description else None,
    )


def state_alone(update: UpdateTenant | None, refusal: Refusal | None) -> tuple[UpdateTenant, ...]:
    """The change of state of an update whose other fields are refused; nothing where the state itself was."""
    if update is None or update.change.state is None or (refusal is not None and refusal.of_state):
        return ()
    change = TenantChange(state=update.change.state, state_description=update.change.state_description)
    return (UpdateTenant(update.tenant_id, change, update.disruption),)


def without_state(update: UpdateTenant) -> UpdateTenant | None:
    """What an update writes beside taking access away, or None where that is nothing."""
    if update.disruption is Disruption.NONE:
        return update
    change = replace(update.change, state=None, state_description="")
    return UpdateTenant(update.tenant_id, change) if change != TenantChange() else None
