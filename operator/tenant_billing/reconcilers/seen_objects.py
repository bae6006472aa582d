"""What was seen of one payment account, with the indexes that the loop asks by."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from tenant_billing.domain.identity import TenantKey, key_of
from tenant_billing.domain.observations import Customer, Invoice, Price, Product, Subscription

OPEN: Final = "open"
"""The invoice status that waits for payment: a word of the list of open invoices, not a decision."""

Seen = Customer | Subscription | Product | Price


class SeenObjects:
    """Objects of one account by id, by the tenant that our metadata names, and by customer. They may be old."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._prices: dict[str, Price] = {}
        self._invoices: dict[str, dict[str, Invoice]] = {}
        self._by_tenant: dict[TenantKey, set[str]] = {}
        self._by_customer: dict[str, set[str]] = {}

    def customer(self, customer_id: str) -> Customer | None:
        """A customer as last seen."""
        seen = self._seen.get(customer_id)
        return seen if isinstance(seen, Customer) else None

    def subscription(self, subscription_id: str) -> Subscription | None:
        """A subscription as last seen, with its open invoices as last seen."""
        seen = self._seen.get(subscription_id)
        if not isinstance(seen, Subscription):
            return None
        return replace(seen, open_invoices=self.open_invoices_of(subscription_id))

    def price(self, price_id: str) -> Price | None:
        """A price as last seen."""
        seen = self._seen.get(price_id)
        return seen if isinstance(seen, Price) else None

    def product(self, product_id: str) -> Product | None:
        """A product as last seen."""
        seen = self._seen.get(product_id)
        return seen if isinstance(seen, Product) else None

    def products(self) -> tuple[Product, ...]:
        """All products as last seen, archived ones too."""
        return tuple(each for each in self._seen.values() if isinstance(each, Product))

    def prices(self) -> tuple[Price, ...]:
        """All recurring prices as last seen, archived ones too."""
        return tuple(self._prices.values())

    def prices_by_id(self) -> Mapping[str, Price]:
        """All recurring prices as last seen, by id."""
        return self._prices

    def subscriptions(self) -> tuple[Subscription, ...]:
        """All subscriptions as last seen, ended ones too."""
        return tuple(each for each in self._seen.values() if isinstance(each, Subscription))

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

    def subscriptions_by_price(self) -> Mapping[str, int]:
        """How many subscriptions that have not ended are on each price."""
        numbers: dict[str, int] = {}
        for each in self.subscriptions():
            if each.ended_at is None:
                for price_id in {item.price_id for item in each.items}:
                    numbers[price_id] = numbers.get(price_id, 0) + 1
        return numbers

    def _put(self, seen: Seen) -> None:
        self._remove(seen.id)
        self._seen[seen.id] = seen
        if isinstance(seen, Price):
            self._prices[seen.id] = seen
        if isinstance(seen, Customer | Subscription):
            key = key_of(seen.metadata)
            if key is not None:
                self._by_tenant.setdefault(key, set()).add(seen.id)
        if isinstance(seen, Subscription):
            self._by_customer.setdefault(seen.customer_id, set()).add(seen.id)

    def _remove(self, object_id: str) -> None:
        known = self._seen.pop(object_id, None)
        self._prices.pop(object_id, None)
        if isinstance(known, Customer | Subscription):
            key = key_of(known.metadata)
            if key is not None:
                self._by_tenant[key].discard(object_id)
        if isinstance(known, Subscription):
            self._by_customer[known.customer_id].discard(object_id)

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
