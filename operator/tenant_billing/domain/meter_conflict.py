"""Two metered tenants of one customer on one meter: each would be billed for both, so the second is refused.

A report names a customer and a meter, nothing else (stripe.md 4.4).
"""

from datetime import UTC, datetime
from typing import Final

from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.access import ENDED
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.world import World

_OLDEST: Final = datetime.min.replace(tzinfo=UTC)


def meter_is_anothers(world: World) -> Finding | None:
    """Another tenant of the same customer is billed by the same meter."""
    other = _winner(world)
    if other is None:
        return None
    where = f"{other.metadata.namespace}/{other.metadata.name}"
    customer = world.customer.id if world.customer is not None else "the customer"
    return Finding(
        Reason.METER_CONFLICT,
        f"Tenant {other.spec.tenant.id} ({where}) of the same customer {customer} is billed by the same meter, and "
        "each of both tenants would be billed for the devices of both: the usage of this one is not reported. Give it "
        "a customer of its own, or a plan with another meter.",
        Hold.PROVIDER,
    )


def loses_its_meter(world: World) -> bool:
    """Whether another tenant has the meter."""
    return _winner(world) is not None


def _winner(world: World) -> TenantSubscription | None:
    """The object that goes before this one: who is billed by the meter already, then who is older."""
    mine = _meters(world, world.resource)
    rivals = [each for each in world.sharing if mine & _meters(world, each)]
    first = min(rivals, key=lambda each: _rank(world, each, mine), default=None)
    if first is None or _rank(world, world.resource, mine) < _rank(world, first, mine):
        return None
    return first


def _meters(world: World, resource: TenantSubscription) -> frozenset[str]:
    """The meters that an object is billed by, and those of the plan that it asks for."""
    wanted, current = resource.spec.plan_ref, resource.status.plan_ref
    ended = resource.status.subscription_status in ENDED and resource is not world.resource
    names = set() if ended else {each.name for each in (wanted, current) if each is not None}
    return frozenset(meter for name in names for meter in _meters_of_plan(world, name))


def _meters_of_plan(world: World, name: str) -> frozenset[str]:
    offer = next((each for each in world.offers if each.name == name), None)
    return frozenset(meter.id for meter in offer.meters.values()) if offer is not None else frozenset()


def _rank(
    world: World, resource: TenantSubscription, meters: frozenset[str]
) -> tuple[bool, datetime, str, str]:
    metadata, status = resource.metadata, resource.status
    current = status.plan_ref.name if status.plan_ref is not None else ""
    live = status.subscription_id is not None and status.subscription_status not in ENDED
    billed = live and bool(meters & _meters_of_plan(world, current))
    return not billed, metadata.creation_timestamp or _OLDEST, metadata.namespace or "", metadata.name
