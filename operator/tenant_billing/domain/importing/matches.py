"""Which subscription pays for which tenant, by what the tenant says and by our marks."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from tenant_billing.api.names import MANAGED_BY, BillingServerMetadata, TenantAttribute
from tenant_billing.domain import counting
from tenant_billing.domain.identity import TenantKey, key_of
from tenant_billing.domain.importing.groups import group_of, plan_of_metadata
from tenant_billing.domain.importing.remarks import Remark, not_mapped, note
from tenant_billing.domain.importing.sources import Source
from tenant_billing.domain.observations import Subscription, SubscriptionItem, Tenant
from tenant_billing.domain.ownership import customer_of, subscription_of

BILLING_SERVER: Final = "stripe"
"""Value of the attribute ``managed-by`` that the Tenant Billing Server wrote (things-stack.md 1.5)."""

_RUN_AGAIN: Final = "then run the import again"


@dataclass(frozen=True)
class Match:
    """One tenant and what pays for it.

    Attributes:
        tenant_id: Its id.
        tenant: The tenant, None where it is still to be made.
        subscription: The one that counts.
        item: The item whose price a plan sells.
        is_ours: Whether the operator made the subscription; otherwise it was born in Stripe.
    """

    tenant_id: str
    tenant: Tenant | None
    subscription: Subscription
    item: SubscriptionItem
    is_ours: bool


@dataclass
class Matches:
    """All matches of a source, and what could not be matched."""

    found: list[Match] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def add(self, result: Match | Remark | None) -> None:
        """Take in one result; None is a tenant that nobody bills."""
        if isinstance(result, Match):
            self.found.append(result)
        elif result is not None:
            self.remarks.append(result)


def match_all(source: Source) -> Matches:
    """Match every tenant that somebody bills, and every subscription of ours that has no tenant yet."""
    result = Matches()
    sold = sold_prices(source)
    known = {each.id for each in source.tenants}
    for tenant in sorted(source.tenants, key=lambda each: each.id):
        result.add(_of_tenant(tenant, source, sold))
    for tenant_id, subscriptions in sorted(_marked(source).items()):
        if tenant_id not in known:
            subscription = counting.choose(subscriptions).counting
            assert subscription is not None, "there is at least one"
            if not counting.has_ended(subscription):
                result.add(_on_its_plan(tenant_id, None, subscription, source, sold))
    result.remarks += _unborn(source, sold, known)
    result.remarks += _of_other_installations(source)
    return result


def sold_prices(source: Source) -> frozenset[str]:
    """The prices that plans are made of: named by a tenant, by the configuration, or made by us."""
    named = {price_id for each in source.tenants if (price_id := _plan_id(each))}
    own = {each.id for each in source.prices if plan_of_metadata(each.metadata, source)}
    return frozenset(named | own | source.plan_prices)


def key_in(source: Source, tenant_id: str) -> TenantKey:
    """How the operator marks a tenant of the imported cluster."""
    return TenantKey(source.names.owner, source.names.cluster, tenant_id)


def _plan_id(tenant: Tenant) -> str | None:
    if tenant.billing is not None:
        return tenant.billing.plan_id or None
    return tenant.attributes.get(TenantAttribute.STRIPE_PLAN_ID)


def _marked(source: Source) -> Mapping[str, list[Subscription]]:
    """The subscriptions that carry our mark of a tenant of the imported cluster, by tenant."""
    found: dict[str, list[Subscription]] = {}
    for each in source.subscriptions:
        key = key_of(each.metadata)
        if key is not None and key == key_in(source, key.tenant_id):
            found.setdefault(key.tenant_id, []).append(each)
    return found


def _of_tenant(tenant: Tenant, source: Source, sold: Collection[str]) -> Match | Remark | None:
    subject = f"tenant {tenant.id}"
    if tenant.billed_by_other:
        return not_mapped(
            subject,
            "it is billed by another provider than Stripe",
            "leave it with that provider; this operator bills through Stripe only",
        )
    customer_id, subscription_id = customer_of(tenant), subscription_of(tenant)
    if not subscription_id:
        return _unnamed(tenant, subject)
    subscription = source.subscription_by_id.get(subscription_id)
    if subscription is None:
        return not_mapped(
            subject,
            f"account {source.account.id} has no subscription {subscription_id}",
            "use the key of the account and the mode (live or test) in which the Tenant Billing Server sells; "
            "if it was another account, import that one under another --backend-name",
        )
    if subscription.customer_id != customer_id:
        return not_mapped(
            subject,
            f"it names customer {customer_id or '(none)'}, and subscription {subscription_id} is paid by "
            f"{subscription.customer_id}",
            f"correct the tenant's billing field in The Things Stack, {_RUN_AGAIN}",
        )
    known = source.subscriptions_by_customer[subscription.customer_id]
    key = key_in(source, tenant.id)
    candidates = [each for each in known if counting.names_tenant(each, key, {subscription_id})]
    chosen = counting.choose(candidates)
    assert chosen.counting is not None, "the named subscription is among them"
    if chosen.duplicates:
        others = ", ".join(sorted(each.id for each in chosen.duplicates))
        return not_mapped(
            subject,
            f"it is billed more than once: by {chosen.counting.id} and by {others}",
            f"cancel all but one in Stripe, {_RUN_AGAIN}",
        )
    return _on_its_plan(tenant.id, tenant, chosen.counting, source, sold)


def _unnamed(tenant: Tenant, subject: str) -> Remark | None:
    """A tenant that names no subscription: nobody's, unless somebody says that it manages it."""
    manager = tenant.attributes.get(TenantAttribute.MANAGED_BY)
    if manager not in (BILLING_SERVER, MANAGED_BY) and tenant.billing is None:
        return None
    return not_mapped(
        subject,
        "it names no subscription that pays for it",
        "if somebody pays, complete the tenant's billing field in The Things Stack "
        f"(billing.stripe: four ids), {_RUN_AGAIN}; else leave it",
    )


def _on_its_plan(
    tenant_id: str,
    tenant: Tenant | None,
    subscription: Subscription,
    source: Source,
    sold: Collection[str],
) -> Match | Remark:
    """The match, if exactly one item is on a price that is sold as a plan."""
    subject = f"tenant {tenant_id}"
    items = [each for each in subscription.items if each.price_id in sold]
    on = ", ".join(each.price_id for each in subscription.items) or "no price"
    if not items:
        return not_mapped(
            subject,
            f"subscription {subscription.id} is on {on}, which no tenant and no --plan-price names as a plan",
            f"name the plan's price with --plan-price, or move the subscription in Stripe, {_RUN_AGAIN}",
        )
    if len({group_of(each.price_id, source) for each in items}) > 1:
        return not_mapped(
            subject,
            f"subscription {subscription.id} has items of several plans ({on})",
            f"remove all but one in Stripe, {_RUN_AGAIN}",
        )
    item = items[0]
    if item.price_id not in source.price_by_id:
        return not_mapped(
            subject,
            f"the account lists no recurring price {item.price_id}",
            "use the key of the account and the mode in which the Tenant Billing Server sells",
        )
    is_ours = key_of(subscription.metadata) == key_in(source, tenant_id)
    return Match(tenant_id, tenant, subscription, item, is_ours)


def _unborn(source: Source, sold: Collection[str], known: Collection[str]) -> list[Remark]:
    """Subscriptions of a plan that name a tenant that does not exist, or none: nothing stands for them yet."""
    remarks = []
    for each in source.subscriptions:
        is_sold = any(item.price_id in sold for item in each.items)
        if counting.has_ended(each) or key_of(each.metadata) is not None or not is_sold:
            continue
        tenant_id = each.metadata.get(BillingServerMetadata.TENANT_ID)
        if not tenant_id:
            remarks.append(
                not_mapped(
                    f"subscription {each.id}",
                    "it is on a plan and names no tenant (metadata tenant-id)",
                    "add tenant-id to its metadata in Stripe; with spec.discovery on the plan the operator "
                    "then makes object and tenant",
                )
            )
        elif tenant_id not in known:
            remarks.append(
                not_mapped(
                    f"subscription {each.id}",
                    f"it names tenant {tenant_id}, which does not exist",
                    "with spec.discovery on the plan the operator makes object and tenant",
                )
            )
    return remarks


def _of_other_installations(source: Source) -> list[Remark]:
    """What carries the marks of another installation, or of another cluster, is that one's."""
    others: dict[tuple[str, str], int] = {}
    for each in source.subscriptions:
        key = key_of(each.metadata)
        if key is not None and key != key_in(source, key.tenant_id) and not counting.has_ended(each):
            others[key.owner, key.cluster] = others.get((key.owner, key.cluster), 0) + 1
    return [
        note(
            f"owner {owner}, cluster {cluster}",
            f"{number} subscriptions carry the marks of this owner and cluster",
            f"to import them too, run with --owner {owner} --cluster-name {cluster}",
        )
        for (owner, cluster), number in sorted(others.items())
    ]
