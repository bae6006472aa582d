"""Who pays for a tenant, and by which subscriptions: found by what is recorded, else by marks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.domain import counting
from tenant_billing.domain.discovery import cluster_of
from tenant_billing.domain.identity import TenantKey, key_of
from tenant_billing.domain.observations import Customer, Subscription, Tenant
from tenant_billing.domain.ownership import carries_claim, customer_of, subscription_of
from tenant_billing.domain.permissions import is_trusted_by_backend
from tenant_billing.domain.world import World
from tenant_billing.ports import OnTurn
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.accounts import AccountConnection


@dataclass(frozen=True)
class Payments:
    """What one reading of an account gave; see the attributes of the same names of ``World``."""

    customer: Customer | None = None
    subscriptions: tuple[Subscription, ...] = ()
    rivals: tuple[str, ...] = ()
    missing_subscription_id: str | None = None


async def read_payments(
    world: World,
    account: AccountConnection,
    tenant: Tenant | None,
    on_turn: OnTurn | None,
    *,
    urgent: bool = True,
) -> Payments:
    """Find customer and subscriptions by ids in status, then the tenant, then the account's picture.

    Args:
        world: What the watches know.
        account: Who is paid.
        tenant: The tenant as it was read, None where there is none.
        on_turn: Told when the account is asked again; None: what was seen of it does.
        urgent: Whether that goes before what can wait in the account's budget.

    Raises:
        tenant_billing.domain.errors.OutsideError: The account could not be read.
    """
    picture = account.picture
    customer_id = await _customer_id(world, account, tenant)
    recorded = _recorded_ids(world)
    if customer_id is None:
        return Payments(missing_subscription_id=next(iter(recorded), None))
    if on_turn is not None:
        # A tenant that is born of it takes its name and address from the customer, whose edits no event tells.
        born = world.is_observed and tenant is None
        await picture.fresh_payer(customer_id, on_turn, with_customer=born, urgent=urgent)
    elif picture.customer(customer_id) is None:
        await picture.fresh_customer(customer_id)
    for each_id in recorded:
        if picture.subscription(each_id) is None:
            await picture.fresh_subscription(each_id)
    of_tenant = subscription_of(tenant) if tenant is not None else None
    known_ids = {*recorded, *((of_tenant,) if of_tenant else ())}
    key = TenantKey(account.owner, world.resource.spec.cluster_ref.name, world.resource.spec.tenant.id)
    plans = [each.plan for each in world.offers]
    await _see_schedules(picture, _named(picture, customer_id, key, known_ids, plans))
    found = _named(picture, customer_id, key, known_ids, plans)
    missing = next((each_id for each_id in recorded if not _has(picture, customer_id, each_id)), None)
    fresh = on_turn is not None
    rivals = await _rivals(picture, key, customer_id, fresh=fresh) if not recorded else ()
    return Payments(picture.customer(customer_id), found, rivals, missing)


async def _see_schedules(picture: AccountPicture, found: Sequence[Subscription]) -> None:
    """Read subscriptions whose schedule was not seen: pages do not show one, nor whose it is."""
    for each in found:
        if each.schedule_id is not None and each.schedule is None and not counting.has_ended(each):
            await picture.fresh_subscription(each.id)


def _recorded_ids(world: World) -> tuple[str, ...]:
    """Subscriptions that the object has: the one on record, and one that it names from a trusted namespace.

    Otherwise an author could have a tenant paid for by naming a sibling's subscription.
    """
    recorded, named = world.resource.status.subscription_id, world.resource.spec.subscription_id
    takes = named is not None and (recorded is None or is_trusted_by_backend(world))
    return tuple(dict.fromkeys(each for each in (recorded, named if takes else None) if each is not None))


def _named(
    picture: AccountPicture,
    customer_id: str,
    key: TenantKey,
    known_ids: Collection[str],
    plans: Sequence[BillingPlan],
) -> tuple[Subscription, ...]:
    """The customer's subscriptions that are for this very tenant."""
    return tuple(
        each
        for each in picture.subscriptions_of_customer(customer_id)
        if counting.names_tenant(each, key, known_ids)
        and (each.id in known_ids or _is_of_cluster(each, key, plans))
    )


def _is_of_cluster(subscription: Subscription, key: TenantKey, plans: Sequence[BillingPlan]) -> bool:
    """Whether a subscription can be for a tenant of this cluster: ``tenant-id`` alone does not say of which."""
    return key_of(subscription.metadata) is not None or cluster_of(subscription, plans) in (None, key.cluster)


def _has(picture: AccountPicture, customer_id: str, subscription_id: str) -> bool:
    """Whether a subscription is the customer's own: another one's must not be bought once more for this one."""
    known = picture.subscription(subscription_id)
    return known is not None and known.customer_id == customer_id


async def _rivals(
    picture: AccountPicture, key: TenantKey, customer_id: str, *, fresh: bool
) -> tuple[str, ...]:
    """Live subscriptions of other customers that carry the tenant's mark."""
    marked = (each for each in picture.subscriptions_of(key) if each.customer_id != customer_id)
    live = [each.id for each in marked if not counting.has_ended(each)]
    if fresh:
        read = [await picture.fresh_subscription(each) for each in live]
        live = [each.id for each in read if each is not None and not counting.has_ended(each)]
    return tuple(live)


async def _customer_id(world: World, account: AccountConnection, tenant: Tenant | None) -> str | None:
    spec, status = world.resource.spec, world.resource.status
    customer = None if world.is_observed else spec.customer
    if customer is not None and customer.id is not None:
        return customer.id
    if status.customer_id is not None:
        return status.customer_id
    if customer is not None and customer.subscription_ref is not None:
        return world.payer.status.customer_id if world.payer is not None else None
    picture = account.picture
    named_id = spec.subscription_id
    if named_id is not None:
        adopted = picture.subscription(named_id) or await picture.fresh_subscription(named_id)
        if adopted is not None:
            return adopted.customer_id
    key = TenantKey(account.owner, spec.cluster_ref.name, spec.tenant.id)
    claimed = customer_of(tenant) if tenant is not None and carries_claim(tenant, world) else None
    # A deleted customer is in no list (stripe.md 1.2), and must not be taken for none.
    if claimed is not None and (picture.customer(claimed) or await picture.fresh_customer(claimed)):
        return claimed
    live = [each for each in picture.subscriptions_of(key) if not counting.has_ended(each)]
    named = [each.customer_id for each in live]
    named += [each.id for each in picture.customers_of(key) if not each.deleted]
    named += [each.customer_id for each in picture.subscriptions_of(key)]
    return named[0] if named else None
