"""Which devices of a tenant are counted: its ``billing.counting`` follows its metered plan (things-stack.md 6)."""

from tenant_billing.api.prices import DeviceCounting
from tenant_billing.domain.observations import BillingReference, Tenant
from tenant_billing.domain.world import World


def counts_only_activated(world: World, reference: BillingReference | None) -> bool | None:
    """Whether the plan in force counts activated devices only; None where it counts none at all.

    Args:
        world: What was read.
        reference: What pays for the tenant: its price belongs to the plan in force.
    """
    offer = world.offer_of_price(reference.plan_id) if reference is not None else None
    if offer is None or not offer.metered:
        return None
    return offer.counting is DeviceCounting.ONLY_ACTIVATED


def counting_change(world: World, tenant: Tenant, reference: BillingReference | None) -> bool | None:
    """The way of counting to write, or None where the tenant's stays. On a plan that counts nothing it is nobody's."""
    wanted = counts_only_activated(world, reference)
    return None if wanted == tenant.counts_only_activated else wanted
