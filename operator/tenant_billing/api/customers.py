"""Who pays for a tenant, and how it is collected."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from tenant_billing.api.fields import ApiModel, Count, ObjectReference


class Address(ApiModel):
    """A postal address as Stripe takes it."""

    line1: str | None = None
    line2: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    """State, county or province."""
    country: str | None = None
    """ISO 3166-1 alpha-2."""


class TaxID(ApiModel):
    """A tax number of the customer."""

    type: str
    """Stripe's type, such as ``eu_vat``."""
    value: str


class CustomerDetails(ApiModel):
    """A customer of this tenant's own. Applied at creation; afterwards Stripe's data stand."""

    email: str | None = None
    """Where invoices go, and the administrator's address unless ``initialAdmin`` says another."""
    name: str | None = None
    description: str | None = None
    address: Address | None = None
    tax_ids: tuple[TaxID, ...] = ()


class Customer(ApiModel):
    """Exactly one of a new customer, an existing one, and that of a sibling."""

    details: CustomerDetails | None = None
    id: str | None = None
    """An existing Stripe customer; from trusted namespaces only."""
    subscription_ref: ObjectReference | None = None
    """The customer of another TenantSubscription in the same namespace."""

    @model_validator(mode="after")
    def _one_arm(self) -> Self:
        if sum(arm is not None for arm in (self.details, self.id, self.subscription_ref)) != 1:
            raise ValueError("exactly one of details, id and subscriptionRef is required")
        return self


class CollectionMethod(StrEnum):
    """How money is collected."""

    AUTOMATIC = "Automatic"
    INVOICE = "Invoice"
    """An invoice to be paid by hand; from trusted namespaces only, because Stripe calls such a subscription
    active before anything is paid."""


class Collection(ApiModel):
    """How money is collected, and within how many days."""

    method: CollectionMethod = CollectionMethod.AUTOMATIC
    days_until_due: Annotated[Count, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _days_belong_to_invoice(self) -> Self:
        if (self.method is CollectionMethod.INVOICE) is not (self.days_until_due is not None):
            raise ValueError("daysUntilDue is required with method: Invoice, and refused otherwise")
        return self
