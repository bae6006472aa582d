"""Whose payments an object may know: its status would tell how a customer pays, and where the invoice lies."""

from tenant_billing.domain.observations import Tenant
from tenant_billing.domain.ownership import carries_claim, customer_of, subscription_of
from tenant_billing.domain.permissions import is_trusted_by_backend
from tenant_billing.domain.world import World


def may_read_payer(world: World, tenant: Tenant | None) -> bool:
    """Whether the object may know what it names of an account.

    Not where it names somebody's and never was trusted. One that was trusted before has the customer on record, in its
    status or on its tenant: losing the permission stops new writes and never suspends a payer (api.md, rule 1).

    Args:
        world: What the watches know.
        tenant: As it was read, None where there is none.
    """
    spec = world.resource.spec
    names_customer = spec.customer is not None and spec.customer.id is not None
    if not names_customer and spec.subscription_id is None:
        return True
    on_record = world.resource.status.customer_id is not None
    return on_record or may_name_payer(world, tenant)


def may_name_payer(world: World, tenant: Tenant | None) -> bool:
    """Whether what the object names of an account counts: its namespace is trusted, or its tenant says the same."""
    return is_trusted_by_backend(world) or _is_told_by_tenant(world, tenant)


def _is_told_by_tenant(world: World, tenant: Tenant | None) -> bool:
    """Whether the tenant carries the object's claim, and names the very payer that the object names."""
    if tenant is None or not carries_claim(tenant, world):
        return False
    spec = world.resource.spec
    customer_id = spec.customer.id if spec.customer is not None else None
    return customer_id in (None, customer_of(tenant)) and spec.subscription_id in (
        None,
        subscription_of(tenant),
    )
