"""Who pays for a tenant, and by which subscriptions: found by what is recorded, else by marks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.domain import counting
from tenant_billing.domain.discovery import cluster_of
from tenant_billing.domain.entitlement import may_name_payer
from tenant_billing.domain.identity import TenantKey, claim_text_of, key_of
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
    bought_for_another: tuple[Subscription, ...] = ()
    had_trial: bool = False
    missing_customer_id: str | None = None
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
    payer = await _payer(world, account, tenant)
    if on_turn is not None and payer.bought_for_another:
        for each in payer.bought_for_another:
            await account.picture.fresh_subscription(each.id)
        payer = await _payer(world, account, tenant)
    if payer.customer_id is not None:
        return await _payments_of(payer.customer_id, world, account, tenant, on_turn, urgent=urgent)
    return Payments(
        bought_for_another=payer.bought_for_another,
        had_trial=_had_trial(account.picture, _key(world, account)),
        missing_customer_id=payer.missing,
        missing_subscription_id=next(iter(_recorded_ids(world, tenant)), None),
    )


async def _payments_of(
    customer_id: str,
    world: World,
    account: AccountConnection,
    tenant: Tenant | None,
    on_turn: OnTurn | None,
    *,
    urgent: bool,
) -> Payments:
    """What a customer pays for the tenant."""
    picture, recorded = account.picture, _recorded_ids(world, tenant)
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
    key = _key(world, account)
    plans = [each.plan for each in world.offers]
    await _see_schedules(picture, _named(picture, customer_id, key, known_ids, plans))
    found = _named(picture, customer_id, key, known_ids, plans)
    missing = next((each_id for each_id in recorded if not _has(picture, customer_id, each_id)), None)
    fresh = on_turn is not None
    rivals = await _rivals(picture, key, customer_id, fresh=fresh) if not recorded else ()
    return Payments(
        customer=picture.customer(customer_id),
        subscriptions=found,
        rivals=rivals,
        had_trial=_had_trial(picture, key),
        missing_subscription_id=missing,
    )


def _key(world: World, account: AccountConnection) -> TenantKey:
    """The tenant, as the account's marks name it."""
    spec = world.resource.spec
    return TenantKey(account.owner, spec.cluster_ref.name, spec.tenant.id)


def _had_trial(picture: AccountPicture, key: TenantKey) -> bool:
    """Whether a tenant ever had a trial, whoever paid: a sibling's customer must not begin another one."""
    return any(each.trial_start is not None for each in picture.subscriptions_of(key))


async def _see_schedules(picture: AccountPicture, found: Sequence[Subscription]) -> None:
    """Read subscriptions whose schedule was not seen: pages do not show one, nor whose it is."""
    for each in found:
        if each.schedule_id is not None and each.schedule is None and not counting.has_ended(each):
            await picture.fresh_subscription(each.id)


def _recorded_ids(world: World, tenant: Tenant | None) -> tuple[str, ...]:
    """Subscriptions that the object has: the one on record, and one that it names from a trusted namespace.

    Otherwise an author could have a tenant paid for by naming a sibling's subscription, or have another's on record.
    """
    recorded, named = world.resource.status.subscription_id, world.resource.spec.subscription_id
    trusted = is_trusted_by_backend(world)
    takes = named is not None and (trusted or (recorded is None and may_name_payer(world, tenant)))
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


@dataclass(frozen=True)
class _Payer:
    """Who pays, or why nobody is taken for it.

    Attributes:
        customer_id: Who pays.
        missing: Whom the tenant names, and the account does not know.
        bought_for_another: Live subscriptions for the tenant that are not this object's to take over.
    """

    customer_id: str | None = None
    missing: str | None = None
    bought_for_another: tuple[Subscription, ...] = ()


async def _payer(world: World, account: AccountConnection, tenant: Tenant | None) -> _Payer:
    spec, status = world.resource.spec, world.resource.status
    customer = None if world.is_observed else spec.customer
    if customer is not None and customer.id is not None:
        return _Payer(customer.id)
    if status.customer_id is not None:
        return _Payer(status.customer_id)
    if customer is not None and customer.subscription_ref is not None:
        return _Payer(world.payer.status.customer_id if world.payer is not None else None)
    picture = account.picture
    named_id = spec.subscription_id
    if named_id is not None:
        adopted = picture.subscription(named_id) or await picture.fresh_subscription(named_id)
        if adopted is not None:
            return _Payer(adopted.customer_id)
    claimed = customer_of(tenant) if tenant is not None and carries_claim(tenant, world) else None
    # A deleted customer is in no list (stripe.md 1.2), and must not be taken for none.
    if claimed is not None and (picture.customer(claimed) or await picture.fresh_customer(claimed)):
        return _Payer(claimed)
    found = _payer_by_marks(world, account)
    # A wrong key must not sell once more what the tenant says is paid for.
    return found if claimed is None else replace(found, customer_id=None, missing=claimed)


def _payer_by_marks(world: World, account: AccountConnection) -> _Payer:
    """Who pays by the marks alone; they name the tenant, and any author may name any tenant."""
    picture, key = account.picture, _key(world, account)
    marked = picture.subscriptions_of(key)
    mine = [each for each in marked if _may_adopt(world, each.metadata)]
    live = [each for each in mine if not counting.has_ended(each)]
    named = [each.customer_id for each in live]
    others = tuple(each for each in marked if each not in mine and not counting.has_ended(each))
    if others and not live:
        return _Payer(bought_for_another=others)
    named += [
        each.id for each in picture.customers_of(key) if not each.deleted and _may_adopt(world, each.metadata)
    ]
    named += [each.customer_id for each in mine]
    return _Payer(named[0] if named else None)


def _may_adopt(world: World, metadata: Mapping[str, str]) -> bool:
    """Whether what carries the tenant's mark is this object's: made for it or for nobody told, or it is trusted."""
    return claim_text_of(metadata) in (None, str(world.claim)) or is_trusted_by_backend(world)
