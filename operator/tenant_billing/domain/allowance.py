"""What a tenant should be allowed: by the price in force, by overrides that its namespace may ask for, by a freeze."""

from tenant_billing.api.entities import EntityLimits
from tenant_billing.domain import limits
from tenant_billing.domain.access import Access, Standing
from tenant_billing.domain.observations import Limits
from tenant_billing.domain.ownership import price_of
from tenant_billing.domain.permissions import is_trusted_by_backend
from tenant_billing.domain.plan_change import InForce
from tenant_billing.domain.world import World


def of_plan(current: InForce) -> Limits | None:
    """What the price in force allows; None where that is not known."""
    if current.offer is None or current.item is None:
        return None
    return current.offer.limits_on(current.item.price_id)


def judge(world: World, current: InForce, standing: Standing) -> tuple[Limits | None, EntityLimits | None]:
    """What the tenant should be allowed, None where its limits stay as they are, and what froze it."""
    allowed = of_plan(current)
    remembered = world.resource.status.frozen_limits
    if allowed is None or standing.access is Access.KEEP:
        return None, remembered
    wanted = _overridden(world, current, standing, allowed)
    if wanted is None:
        return None, remembered
    if not standing.frozen:
        return wanted, None
    frozen = remembered or limits.frozen_at(wanted, world.totals)
    return limits.lowered(wanted, frozen), frozen


def _overridden(world: World, current: InForce, standing: Standing, allowed: Limits) -> Limits | None:
    """The plan's limits with the object's overrides.

    Without trust those count for nothing new. It may have been lost, so what the tenant has by them stays, but neither
    through a freeze nor when another price is in force: whoever never had it would keep the limits of a dearer plan.
    """
    overrides, tenant = world.resource.spec.limit_overrides, world.tenant
    if overrides is None or is_trusted_by_backend(world):
        return limits.overridden(allowed, overrides, world.now)
    if tenant is None or current.item is None:
        return None
    if price_of(tenant) not in (None, current.item.price_id):
        return allowed
    if standing.frozen:
        return tenant.limits
    return allowed if world.resource.status.frozen_limits is not None else None
