"""Customers of one Stripe account."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_objects import to_customer
from tenant_billing.domain import requests
from tenant_billing.domain.observations import Customer
from tenant_billing.ports import Subject


class StripeCustomers(StripeAccess):
    """Who pays. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def list_customers(self) -> AsyncIterator[Customer]:
        """All customers, those on test clocks too (test mode)."""
        async for customer in self._connection.everywhere(self.customers_where):
            yield customer

    def customers_where(self, filters: Mapping[str, Any], *, urgent: bool = False) -> AsyncIterator[Customer]:
        """A list of customers, by Stripe's filters."""
        return self._calls.pages(
            "ListCustomers", self._connection.listing("/v1/customers"), filters, to_customer, urgent=urgent
        )

    async def customer(self, customer_id: str) -> Customer | None:
        """One customer, freshly read; a deleted one still has its id."""
        identifier = wire.from_id(customer_id, "customer")
        return await self._calls.find(
            "GetCustomer", lambda: self._api.customers.retrieve_async(identifier), to_customer
        )

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        """Create a customer under an idempotency key."""
        parameters = wire.from_new_customer(request)
        return await self._calls.create(
            "CreateCustomer",
            self._api.customers.create_async,
            parameters,
            to_customer,
            subject,
            key=key,
        )

    async def mark_customer(
        self, customer_id: str, metadata: Mapping[str, str], subject: Subject
    ) -> Customer:
        """Merge metadata into a customer."""
        identifier, marks = wire.from_id(customer_id, "customer"), wire.from_metadata(metadata)
        return await self._calls.write(
            "UpdateCustomer",
            lambda: self._api.customers.update_async(identifier, {"metadata": marks}),
            to_customer,
            subject,
            owner=identifier,
        )
