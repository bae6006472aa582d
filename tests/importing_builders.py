"""What the Tenant Billing Server, or a lost installation of the operator, has left outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hand_clock import NOW
from tenant_billing.api.names import MANAGED_BY, StripeMetadata, TenantAttribute
from tenant_billing.domain.importing.result import Import, imported
from tenant_billing.domain.importing.sources import Names, Source
from tenant_billing.domain.observations import (
    Account,
    BillingReference,
    Customer,
    Meter,
    Price,
    Product,
    Subscription,
    SubscriptionItem,
    Tenant,
    TenantState,
)

NAMES = Names(backend="main", cluster="eu1", owner="default", namespace="tenants")
LIMITS: Mapping[str, int | None] = {
    "applications": None,
    "clients": None,
    "end_devices": 500,
    "gateways": None,
    "organizations": None,
    "users": None,
}
LIMIT_METADATA = {"max-end-devices": "500"}
EARLIER = datetime(2026, 1, 1, tzinfo=UTC)


def marks(
    tenant: str, *, plan: str | None = None, owner: str = "default", cluster: str = "eu1"
) -> dict[str, str]:
    """The metadata by which the operator knows a customer or a subscription."""
    known = {
        StripeMetadata.OWNER: owner,
        StripeMetadata.CLUSTER: cluster,
        StripeMetadata.TENANT_ID: tenant,
    }
    return known if plan is None else known | {StripeMetadata.PLAN: plan}


@dataclass
class Left:
    """What stands outside, piece by piece."""

    products: list[Product] = field(default_factory=list)
    prices: list[Price] = field(default_factory=list)
    meters: list[Meter] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)
    tenants: list[Tenant] = field(default_factory=list)
    plan_prices: frozenset[str] = frozenset()
    names: Names = NAMES

    def price(self, identity: str = "price_A", *, product: str = "Starter", **other: Any) -> Price:
        """A price of a product that is called so."""
        product_id = f"prod_{product}"
        if all(each.id != product_id for each in self.products):
            self.products.append(Product(product_id, product, active=True))
        known = {
            "active": True,
            "currency": "EUR",
            "unit_amount": 4900,
            "interval": "month",
            "created": EARLIER,
            "metadata": LIMIT_METADATA,
        }
        made = Price(**{"id": identity, "product_id": product_id, **known, **other})
        self.prices.append(made)
        return made

    def own_price(self, plan: str = "starter", **other: Any) -> Price:
        """A price that the operator made for a plan."""
        metadata = {StripeMetadata.OWNER: "default", StripeMetadata.PLAN: plan}
        key = f"tenantbilling.dev/default/{plan}"
        given = {"lookup_key": key, "metadata": metadata, **other}
        return self.price(given.pop("identity", f"price_{plan}"), product=plan, **given)

    def sold(
        self,
        tenant: str = "acme",
        price: str = "price_A",
        *,
        status: str = "active",
        customer: str | None = None,
        metadata: Mapping[str, str] | None = None,
        **other: Any,
    ) -> Subscription:
        """A subscription for a tenant, as the documented flow leaves it, and its customer."""
        customer_id = customer or f"cus_{tenant}"
        if all(each.id != customer_id for each in self.customers):
            self.customers.append(Customer(customer_id, name=tenant.title(), email=f"b@{tenant}.example"))
        known = next((each for each in self.prices if each.id == price), None)
        item = SubscriptionItem(
            id=f"si_{tenant}",
            price_id=price,
            quantity=1,
            current_period_start=NOW - timedelta(days=3),
            current_period_end=NOW + timedelta(days=27),
            metered=known.metered if known else False,
            currency="EUR",
            interval="month",
        )
        made = Subscription(
            id=f"sub_{tenant}",
            customer_id=customer_id,
            status=status,
            created=EARLIER,
            items=(item,),
            metadata={"tenant-id": tenant} if metadata is None else metadata,
            ended_at=NOW if status == "canceled" else None,
        )
        made = replace(made, **other)
        self.subscriptions.append(made)
        return made

    def tenant(self, paid_by: Subscription, **other: Any) -> Tenant:
        """The tenant that a subscription pays for, as the Tenant Billing Server writes it."""
        item = paid_by.items[0]
        known = {
            "id": paid_by.id.removeprefix("sub_"),
            "state": TenantState.APPROVED,
            "name": paid_by.id.removeprefix("sub_").title(),
            "limits": LIMITS,
            "billing": BillingReference(paid_by.customer_id, item.price_id, paid_by.id, item.id),
        }
        made = Tenant(**{**known, **other})
        self.tenants.append(made)
        return made

    def tenant_of_ours(self, paid_by: Subscription, claim: str = "", **other: Any) -> Tenant:
        """The same as the operator leaves it."""
        tenant = paid_by.id.removeprefix("sub_")
        item = paid_by.items[0]
        attributes = {
            TenantAttribute.MANAGED_BY: MANAGED_BY,
            TenantAttribute.TENANT_SUBSCRIPTION: claim or f"default/tenants/{tenant}",
            TenantAttribute.STRIPE_CUSTOMER_ID: paid_by.customer_id,
            TenantAttribute.STRIPE_PLAN_ID: item.price_id,
            TenantAttribute.STRIPE_SUBSCRIPTION_ID: paid_by.id,
            TenantAttribute.STRIPE_SUBSCRIPTION_ITEM_ID: item.id,
        }
        return self.tenant(paid_by, **{"attributes": attributes, **other})

    def source(self) -> Source:
        """All of it, as it was read."""
        return Source(
            names=self.names,
            url="https://lns.example.com",
            api_url=None,
            account=Account("acct_1", livemode=False),
            products=tuple(self.products),
            prices=tuple(self.prices),
            meters=tuple(self.meters),
            customers=tuple(self.customers),
            subscriptions=tuple(self.subscriptions),
            tenants=tuple(self.tenants),
            plan_prices=self.plan_prices,
        )

    def imported(self) -> Import:
        """What an import makes of it."""
        return imported(self.source())
