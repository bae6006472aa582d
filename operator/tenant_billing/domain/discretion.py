"""What an object must not tell: how somebody else's tenant is paid for and used.

Whoever may write an object in some namespace could name any tenant's id, and read in the status where the invoice lies.
"""

from dataclasses import replace

from tenant_billing.domain import access
from tenant_billing.domain.counting import Candidates
from tenant_billing.domain.decision import Verdict
from tenant_billing.domain.ownership import another_object_has_the_tenant, tenant_belongs_to_another
from tenant_billing.domain.plan_change import InForce
from tenant_billing.domain.world import World


def is_anothers(world: World) -> bool:
    """Whether the tenant that the object names is somebody else's."""
    return another_object_has_the_tenant(world) is not None or tenant_belongs_to_another(world) is not None


def veiled(world: World, verdict: Verdict) -> tuple[World, Verdict]:
    """World and verdict without the tenant that is somebody else's; what the object has on record is its own."""
    world = replace(world, tenant=None, totals=None)
    verdict = replace(verdict, limits=None)
    if world.resource.status.customer_id is not None:
        return world, verdict
    nothing = replace(
        verdict,
        standing=access.UNKNOWN,
        candidates=Candidates(None),
        current=InForce(None, None),
        sync=None,
        frozen=None,
    )
    return replace(world, customer=None, subscriptions=()), nothing
