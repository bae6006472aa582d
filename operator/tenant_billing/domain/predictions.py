"""What the outside would answer to a write, as far as that can be told beforehand.

Used where nothing may be written (``tenant-billing plan``): the next decision needs the answer to the last call.
Of subscriptions see :mod:`tenant_billing.domain.subscription_predictions`.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from tenant_billing.domain import requests
from tenant_billing.domain.observations import (
    Customer,
    Meter,
    Price,
    Product,
    Tenant,
)
from tenant_billing.domain.plan_meter import LAST

_CHANGEABLE: Final = ("name", "description", "tax_code", "default_price_id", "active")


def customer_made(request: requests.NewCustomer, identity: str, now: datetime) -> Customer:
    """The customer that a request makes."""
    return Customer(
        id=identity,
        name=request.name,
        email=request.email,
        description=request.description,
        created=now,
        metadata=dict(request.metadata),
    )


def customer_marked(before: Customer, metadata: Mapping[str, str]) -> Customer:
    """A customer with further metadata."""
    return replace(before, metadata={**before.metadata, **metadata})


def product_made(request: requests.NewProduct, identity: str) -> Product:
    """The product that a request makes."""
    return Product(
        id=identity,
        name=request.name,
        active=True,
        description=request.description,
        tax_code=request.tax_code,
        metadata=dict(request.metadata),
    )


def product_changed(before: Product, change: requests.ProductChange) -> Product:
    """A product after a change."""
    update = {name: value for name in _CHANGEABLE if (value := getattr(change, name)) is not None}
    return replace(before, **update)


def price_made(request: requests.NewPrice, identity: str, now: datetime) -> Price:
    """The price that a request makes."""
    return Price(
        id=identity,
        product_id=request.product_id,
        active=True,
        currency=request.currency,
        unit_amount=request.unit_amount,
        unit_amount_decimal=request.unit_amount_decimal,
        interval=request.interval,
        interval_count=request.interval_count,
        metered=request.meter_id is not None,
        meter_id=request.meter_id,
        tiered=request.tiers is not None,
        tiers=request.tiers,
        tiers_mode=request.tiers_mode,
        tax_behavior=request.tax_behavior,
        lookup_key=request.lookup_key,
        created=now,
        metadata=dict(request.metadata),
    )


def meter_made(request: requests.NewMeter, identity: str, now: datetime) -> Meter:
    """The meter that a request makes: the last report of a period is its quantity."""
    return Meter(
        id=identity,
        event_name=request.event_name,
        active=True,
        formula=LAST,
        customer_key="customer",
        value_key="value",
        created=now,
    )


def tenant_made(request: requests.NewTenant) -> Tenant:
    """The tenant that a request makes."""
    return Tenant(
        id=request.id,
        state=request.state,
        name=request.name,
        description=request.description,
        attributes=dict(request.attributes),
        limits=dict(request.limits),
        billing=request.billing,
        counts_only_activated=request.counts_only_activated,
    )


def tenant_changed(before: Tenant, change: requests.TenantChange) -> Tenant:
    """A tenant after a change: a state is written together with its description (T-13)."""
    after = replace(
        before,
        name=before.name if change.name is None else change.name,
        description=before.description if change.description is None else change.description,
        attributes=before.attributes if change.attributes is None else dict(change.attributes),
        limits={**before.limits, **change.limits},
        billing=before.billing if change.billing is None else change.billing,
        counts_only_activated=(
            before.counts_only_activated
            if change.counts_only_activated is None
            else change.counts_only_activated
        ),
    )
    if change.state is None:
        return after
    return replace(after, state=change.state, state_description=change.state_description)
