"""What was seen of one payment account, with the indexes that the loop asks by."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from tenant_billing.domain.identity import TenantKey, key_of
from tenant_billing.domain.observations import Customer, Invoice, Meter, Price, Product, Subscription

OPEN: Final = "open"
"""The invoice status that waits for payment: a word of the list of open invoices, not a decision."""

Seen = Customer | Subscription | Product | Price | Meter


class SeenObjects:
    """Objects of one account by id, by the tenant that our metadata names, and by customer. They may be old.

    Attributes:
        catalogue_version: Another number whenever a price or a meter was seen: what is made from them is made anew.
    """

    def __init__(self) -> None:
        self._customers: dict[str, Customer] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._products: dict[str, Product] = {}
        self._prices: dict[str, Price] = {}
        self._meters: dict[str, Meter] = {}
        self._invoices: dict[str, dict[str, Invoice]] = {}
        self._by_tenant: dict[TenantKey, set[str]] = {}
        self._by_customer: dict[str, set[str]] = {}
        self.catalogue_version = 0

    def customer(self, customer_id: str) -> Customer | None:
        """A customer as last seen."""
        return self._customers.get(customer_id)

    def subscription(self, subscription_id: str) -> Subscription | None:
        """A subscription as last seen, with its open invoices as last seen."""
        seen = self._subscriptions.get(subscription_id)
        return None if seen is None else replace(seen, open_invoices=self.open_invoices_of(subscription_id))

    def price(self, price_id: str) -> Price | None:
        """A price as last seen."""
        return self._prices.get(price_id)

    def product(self, product_id: str) -> Product | None:
        """A product as last seen."""
        return self._products.get(product_id)

    def products(self) -> tuple[Product, ...]:
        """All products as last seen, archived ones too."""
        return tuple(self._products.values())

    def prices(self) -> tuple[Price, ...]:
        """All recurring prices as last seen, archived ones too."""
        return tuple(self._prices.values())

    def prices_by_id(self) -> Mapping[str, Price]:
        """All recurring prices as last seen, by id."""
        return MappingProxyType(self._prices)

    def meter(self, meter_id: str) -> Meter | None:
        """A meter as last seen."""
        return self._meters.get(meter_id)

    def meters_by_id(self) -> Mapping[str, Meter]:
        """All meters as last seen, inactive ones too, by id."""
        return MappingProxyType(self._meters)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All subscriptions as last seen, ended ones too, without their invoices."""
        return tuple(self._subscriptions.values())

    def customers_of(self, key: TenantKey) -> tuple[Customer, ...]:
        """The customers that our metadata marks as a tenant's, deleted ones too, by id."""
        found = (self.customer(each) for each in sorted(self._by_tenant.get(key, ())))
        return tuple(each for each in found if each is not None)

    def subscriptions_of(self, key: TenantKey) -> tuple[Subscription, ...]:
        """The subscriptions that our metadata marks as a tenant's, ended ones too, by id."""
        found = (self.subscription(each) for each in sorted(self._by_tenant.get(key, ())))
        return tuple(each for each in found if each is not None)

    def subscriptions_of_customer(self, customer_id: str) -> tuple[Subscription, ...]:
        """The subscriptions of a customer, ended ones too, by id."""
        found = (self.subscription(each) for each in sorted(self._by_customer.get(customer_id, ())))
        return tuple(each for each in found if each is not None)

    def open_invoices_of(self, subscription_id: str) -> tuple[Invoice, ...]:
        """The open invoices of a subscription, oldest first."""
        found = self._invoices.get(subscription_id, {})
        return tuple(sorted(found.values(), key=lambda invoice: (invoice.created, invoice.id)))

    def open_invoices(self) -> Mapping[str, tuple[Invoice, ...]]:
        """All open invoices as last seen, by subscription."""
        return {each: tuple(found.values()) for each, found in self._invoices.items() if found}

    def by_id(self) -> Mapping[str, Seen]:
        """Everything as seen at this moment, subscriptions with their open invoices (a page shows no newest one)."""
        found: dict[str, Seen] = {**self._customers, **self._products, **self._prices, **self._meters}
        for each in self._subscriptions.values():
            invoices = self.open_invoices_of(each.id)
            found[each.id] = replace(each, open_invoices=invoices, latest_invoice=None)
        return found

    def lengths(self) -> tuple[int, ...]:
        """How many objects of each kind were seen; prices are listed twice, sold and archived ones."""
        invoices = sum(len(each) for each in self._invoices.values())
        sold = sum(1 for each in self._prices.values() if each.active)
        listed = (self._customers, self._subscriptions, self._products, self._meters)
        return (*(len(each) for each in listed), sold, len(self._prices) - sold, invoices)

    def subscriptions_by_price(self) -> Mapping[str, int]:
        """How many subscriptions that have not ended are on each price."""
        numbers: dict[str, int] = {}
        for each in self._subscriptions.values():
            if each.ended_at is None:
                for price_id in {item.price_id for item in each.items}:
                    numbers[price_id] = numbers.get(price_id, 0) + 1
        return numbers

    def _put(self, seen: Seen) -> None:
        self._remove(seen.id)
        match seen:
            case Customer():
                self._customers[seen.id] = seen
                self._index(key_of(seen.metadata), seen.id)
            case Subscription():
                self._subscriptions[seen.id] = seen
                self._index(key_of(seen.metadata), seen.id)
                self._by_customer.setdefault(seen.customer_id, set()).add(seen.id)
            case Product():
                self._products[seen.id] = seen
            case Price():
                self._prices[seen.id] = seen
                self.catalogue_version += 1
            case Meter():
                self._meters[seen.id] = seen
                self.catalogue_version += 1

    def _index(self, key: TenantKey | None, object_id: str) -> None:
        if key is not None:
            self._by_tenant.setdefault(key, set()).add(object_id)

    def _remove(self, object_id: str) -> None:
        """Forget an object; ids are unique over all kinds."""
        subscription = self._subscriptions.pop(object_id, None)
        if subscription is not None:
            self._by_customer[subscription.customer_id].discard(object_id)
        marked = subscription or self._customers.pop(object_id, None)
        key = key_of(marked.metadata) if marked is not None else None
        if key is not None:
            self._by_tenant[key].discard(object_id)
        self._products.pop(object_id, None)
        if self._prices.pop(object_id, None) or self._meters.pop(object_id, None):
            self.catalogue_version += 1

    def _put_invoice(self, invoice: Invoice) -> None:
        if invoice.subscription_id is None:
            return
        known = self._invoices.setdefault(invoice.subscription_id, {})
        if invoice.status == OPEN:
            known[invoice.id] = invoice
        else:
            known.pop(invoice.id, None)

    def _put_invoices_of(self, subscription_id: str, invoices: Iterable[Invoice]) -> None:
        self._invoices[subscription_id] = {each.id: each for each in invoices}
