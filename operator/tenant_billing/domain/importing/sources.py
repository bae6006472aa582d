"""What an import is made from."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tenant_billing.domain.identity import key_of
from tenant_billing.domain.observations import Account, Customer, Meter, Price, Product, Subscription, Tenant


@dataclass(frozen=True)
class Names:
    """What the new objects are called; the outside does not know all of it.

    Attributes:
        backend: The BillingBackend.
        cluster: The ThingsStackCluster.
        owner: ``spec.owner`` of the backend: the installation whose marks are ours.
        namespace: Where TenantSubscriptions go that the tenant does not place itself.
        api_key_secret: Secret with Stripe's key, under ``api-key``.
        admin_key_secret: Secret with the tenant admin key, under ``tenant-admin-key``.
        ca_bundle_secret: Secret with the certificates to trust, under ``ca.crt``; None: the system's are trusted.
    """

    backend: str = "main"
    cluster: str = "main"
    owner: str = "default"
    namespace: str = "tenants"
    api_key_secret: str = "stripe"  # noqa: S105 - the name of a Secret
    admin_key_secret: str = "things-stack"  # noqa: S105 - the name of a Secret
    ca_bundle_secret: str | None = None


@dataclass(frozen=True)
class Source:
    """Everything that was read of one account and one deployment of The Things Stack.

    Attributes:
        names: What the new objects are called.
        url: Address of The Things Stack.
        api_url: Address of Stripe, None for Stripe's own.
        account: Whom the key belongs to.
        products: All of the account.
        prices: All recurring ones.
        meters: All of the account.
        customers: All that were not deleted.
        subscriptions: All, ended ones too.
        tenants: All of the registry.
        plan_prices: Prices that are known to be sold, beside those that tenants name: the Tenant Billing Server's
            configured plan ids.
    """

    names: Names
    url: str
    api_url: str | None
    account: Account
    products: tuple[Product, ...] = ()
    prices: tuple[Price, ...] = ()
    meters: tuple[Meter, ...] = ()
    customers: tuple[Customer, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    tenants: tuple[Tenant, ...] = ()
    plan_prices: frozenset[str] = frozenset()

    @cached_property
    def product_by_id(self) -> Mapping[str, Product]:
        """Products by id."""
        return {each.id: each for each in self.products}

    @cached_property
    def price_by_id(self) -> Mapping[str, Price]:
        """Prices by id."""
        return {each.id: each for each in self.prices}

    @cached_property
    def customer_by_id(self) -> Mapping[str, Customer]:
        """Customers by id."""
        return {each.id: each for each in self.customers}

    @cached_property
    def subscription_by_id(self) -> Mapping[str, Subscription]:
        """Subscriptions by id."""
        return {each.id: each for each in self.subscriptions}

    @cached_property
    def subscriptions_by_customer(self) -> Mapping[str, tuple[Subscription, ...]]:
        """Subscriptions by the customer who pays them."""
        found: dict[str, tuple[Subscription, ...]] = {}
        for each in self.subscriptions:
            found[each.customer_id] = (*found.get(each.customer_id, ()), each)
        return found


def marks_in(subscriptions: Iterable[Subscription], tenants: Iterable[Tenant]) -> tuple[str, str] | None:
    """Owner and cluster that our marks name for tenants of this registry.

    Returns:
        Of several pairs the most frequent; None where nothing here is ours.
    """
    known = {each.id for each in tenants}
    keys = (key_of(each.metadata) for each in subscriptions)
    counted = Counter((key.owner, key.cluster) for key in keys if key is not None and key.tenant_id in known)
    return min(counted, key=lambda pair: (-counted[pair], pair)) if counted else None
