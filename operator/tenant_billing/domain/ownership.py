"""Whose tenant it is: never another's (product.md, "Never another's tenant"; T-18)."""

import enum
from datetime import UTC, datetime

from tenant_billing.api.names import MANAGED_BY, TenantAttribute
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import AdoptionPolicy, TenantSubscription
from tenant_billing.domain.counting import has_ended
from tenant_billing.domain.findings import Finding
from tenant_billing.domain.identity import Claim, claim_text_of, parse_claim, tenant_id_of
from tenant_billing.domain.observations import Tenant
from tenant_billing.domain.permissions import is_trusted_by_cluster
from tenant_billing.domain.world import World


def state_written_by_us(tenant: Tenant) -> bool:
    """Whether the operator ever wrote this tenant: its attributes join the first write."""
    return tenant.attributes.get(TenantAttribute.MANAGED_BY) == MANAGED_BY


def customer_of(tenant: Tenant) -> str | None:
    """The customer that a tenant says it belongs to: by ``billing``, else by attribute."""
    if tenant.billing is not None:
        return tenant.billing.customer_id
    return tenant.attributes.get(TenantAttribute.STRIPE_CUSTOMER_ID) or None


def subscription_of(tenant: Tenant) -> str | None:
    """The subscription that a tenant says it belongs to: by ``billing``, else by attribute."""
    if tenant.billing is not None:
        return tenant.billing.subscription_id
    return tenant.attributes.get(TenantAttribute.STRIPE_SUBSCRIPTION_ID) or None


def price_of(tenant: Tenant) -> str | None:
    """The price that a tenant says it is on: by ``billing``, else by attribute."""
    if tenant.billing is not None:
        return tenant.billing.plan_id
    return tenant.attributes.get(TenantAttribute.STRIPE_PLAN_ID) or None


def claims(tenant: Tenant, owner: str, resource: TenantSubscription) -> bool:
    """Whether a tenant carries the claim of an object under an installation's name."""
    return _claim_text(tenant) == f"{owner}/{resource.metadata.namespace or ''}/{resource.metadata.name}"


def carries_claim(tenant: Tenant, world: World) -> bool:
    """Whether a tenant carries this very object's claim."""
    return claims(tenant, world.owner, world.resource)


def is_claimed(world: World) -> bool:
    """Whether the tenant that was read carries this very object's claim."""
    return world.tenant is not None and carries_claim(world.tenant, world)


def _claim_text(tenant: Tenant) -> str | None:
    return tenant.attributes.get(TenantAttribute.TENANT_SUBSCRIPTION)


def another_object_has_the_tenant(world: World) -> Finding | None:
    """Of two objects for one tenant the claim written on it wins, then who pays for it, then age, then name."""
    if not world.siblings:
        return None
    rivals = (world.resource, *world.siblings)
    winner = min(rivals, key=lambda each: _precedence(each, world))
    if winner is world.resource:
        return None
    name = f"{winner.metadata.namespace}/{winner.metadata.name}"
    return Finding(
        Reason.CONFLICT,
        f"TenantSubscription {name} stands for tenant {world.key.tenant_id} already; delete one of the two.",
    )


def another_object_has_the_subscription(world: World) -> Finding | None:
    """One subscription pays for one tenant: the one that its metadata names, else the older object's."""
    winner = min((world.resource, *world.claimants), key=lambda each: _seniority(each, world))
    if winner is world.resource:
        return None
    status, spec = world.resource.status, world.resource.spec
    name = f"{winner.metadata.namespace}/{winner.metadata.name}"
    return Finding(
        Reason.CONFLICT,
        f"TenantSubscription {name} stands for subscription {status.subscription_id or spec.subscription_id} already, "
        f"which pays for tenant {winner.spec.tenant.id}; delete one of the two.",
    )


def another_has_bought_it(world: World) -> Finding | None:
    """A live subscription for the tenant was made for another object, whose tenant may not exist yet, or any more."""
    if not world.bought_for_another:
        return None
    whose = claim_text_of(world.bought_for_another[0].metadata)
    return Finding(
        Reason.CONFLICT,
        f"A subscription for tenant {world.key.tenant_id} was bought for {whose}; it is taken over only by "
        "an object of that name, or from a namespace that the BillingBackend trusts.",
    )


def _seniority(resource: TenantSubscription, world: World) -> tuple[bool, datetime, str, str]:
    metadata = resource.metadata
    named = {tenant_id_of(each) for each in world.subscriptions}
    born = metadata.creation_timestamp or datetime.max.replace(tzinfo=UTC)
    return resource.spec.tenant.id not in named, born, metadata.namespace or "", metadata.name


class _Title(enum.IntEnum):
    """What entitles an object to its tenant before another; mere age does where neither has anything."""

    CLAIM = 0
    """The tenant carries its claim."""
    PURCHASE = 1
    """A live subscription for the tenant was made for it."""
    PAYER_ON_RECORD = 2
    """The tenant names the customer that it has on record: ``billing`` is as good as a claim (product.md)."""
    PAYER = 3
    """The tenant names the customer that was found for it; of another object only what is on record is known."""
    NONE = 4


def _precedence(resource: TenantSubscription, world: World) -> tuple[_Title, datetime, str, str]:
    metadata = resource.metadata
    born = metadata.creation_timestamp or datetime.max.replace(tzinfo=UTC)
    return _title(resource, world), born, metadata.namespace or "", metadata.name


def _title(resource: TenantSubscription, world: World) -> _Title:
    metadata, tenant = resource.metadata, world.tenant
    if tenant is not None and claims(tenant, world.owner, resource):
        return _Title.CLAIM
    if str(Claim(world.owner, metadata.namespace or "", metadata.name)) in _bought_for(world):
        return _Title.PURCHASE
    payer = customer_of(tenant) if tenant is not None else None
    if payer is None:
        return _Title.NONE
    if payer == resource.status.customer_id:
        return _Title.PAYER_ON_RECORD
    return _Title.PAYER if resource is world.resource and payer == _customer_id(world) else _Title.NONE


def _bought_for(world: World) -> set[str | None]:
    """The claims that live subscriptions for the tenant were made for."""
    found = (*world.subscriptions, *world.bought_for_another)
    return {claim_text_of(each.metadata) for each in found if not has_ended(each)}


def tenant_belongs_to_another(world: World) -> Finding | None:
    """The tenant exists, and nothing entitles this object to it."""
    tenant = world.tenant
    if tenant is None or is_claimed(world):
        return None
    return _foreign_claim(tenant, world) or _foreign_billing(tenant, world)


def _foreign_claim(tenant: Tenant, world: World) -> Finding | None:
    text = _claim_text(tenant)
    if not text:
        return None
    claim = parse_claim(text)
    if claim is not None and claim.owner == world.owner and is_trusted_by_cluster(world):
        return None
    return Finding(
        Reason.CONFLICT,
        f"Tenant {tenant.id} is claimed by {text}; it is taken over only by an object of that name, "
        "or from a namespace that the ThingsStackCluster trusts.",
    )


def _foreign_billing(tenant: Tenant, world: World) -> Finding | None:
    owner = customer_of(tenant)
    ours = {each for each in (world.resource.status.customer_id, _customer_id(world)) if each}
    if owner is not None:
        if owner in ours:
            return None
        return Finding(
            Reason.CUSTOMER_MISMATCH,
            f"Tenant {tenant.id} is billed to customer {owner}, not to this object's customer.",
        )
    manager = tenant.attributes.get(TenantAttribute.MANAGED_BY)
    unmanaged = not tenant.billed_by_other and manager in (None, "", MANAGED_BY)
    adopts = world.resource.spec.tenant.adoption_policy is AdoptionPolicy.IF_UNMANAGED
    if unmanaged and adopts and is_trusted_by_cluster(world):
        return None
    return Finding(
        Reason.TENANT_NOT_MANAGED,
        f"Tenant {tenant.id} exists and is not managed by this operator; choose another spec.tenant.id, or set "
        "spec.tenant.adoptionPolicy: IfUnmanaged from a trusted namespace"
        + ("." if unmanaged else f" once its manager {manager or 'of another provider'!r} has let go."),
    )


def _customer_id(world: World) -> str | None:
    return world.customer.id if world.customer is not None else None
