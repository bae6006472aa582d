"""Plans, products and prices for tests of decisions: valid by default, a test names only what matters to it."""

import copy
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kubernetes_bodies import a_body
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain.observations import Meter, Price, Product

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
OURS = {StripeMetadata.OWNER: "default", StripeMetadata.PLAN: "starter"}
LOOKUP_KEY = "tenantbilling.dev/default/starter"
RECURRING: Mapping[str, Any] = {"recurring": {"currency": "EUR", "unitAmount": 4900, "interval": "Month"}}
METERED: Mapping[str, Any] = {"metered": {"currency": "EUR", "unitAmount": 50, "interval": "Month"}}
EVENT_NAME = "tenantbilling_default_starter"
EXISTING: Mapping[str, Any] = {"existing": {"priceID": "price_A"}}
DELETED = {"deletionTimestamp": "2026-11-20T10:00:00Z", "finalizers": ["tenantbilling.dev/finalizer"]}


def a_plan(
    name: str = "starter",
    *,
    price: Mapping[str, Any] = RECURRING,
    status: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    **spec: Any,
) -> BillingPlan:
    """A plan that sells EUR 49.00 a month."""
    whole = {
        "backendRef": {"name": "main"},
        "displayName": "Starter",
        "price": copy.deepcopy(dict(price)),
        "allowedNamespaces": {"from": "All"},
    }
    body = a_body("BillingPlan", name, whole | spec, **(metadata or {}))
    return BillingPlan.from_kubernetes(body | {"status": dict(status or {})})


def recurring(**changes: Any) -> dict[str, Any]:
    """The recurring arm with some of its fields changed."""
    return {"recurring": RECURRING["recurring"] | changes}


def metered(**changes: Any) -> dict[str, Any]:
    """The metered arm with some of its fields changed; one that is None is left out."""
    wanted = METERED["metered"] | changes
    return {"metered": {name: value for name, value in wanted.items() if value is not None}}


def a_meter(identity: str = "mtr_1", **changes: Any) -> Meter:
    """The plan's own meter: the last report counts."""
    known: dict[str, Any] = {
        "id": identity,
        "event_name": EVENT_NAME,
        "active": True,
        "formula": "last",
        "customer_key": "stripe_customer_id",
        "value_key": "value",
    }
    return Meter(**(known | changes))


def a_product(identity: str = "prod_1", **changes: Any) -> Product:
    """The plan's own product, in sale."""
    known: dict[str, Any] = {"id": identity, "name": "Starter", "active": True, "metadata": OURS}
    return Product(**(known | changes))


def a_price(identity: str = "price_1", *, age: int = 0, **changes: Any) -> Price:
    """The plan's own current price, in sale; the higher its age, the older."""
    known: dict[str, Any] = {
        "id": identity,
        "product_id": "prod_1",
        "active": True,
        "currency": "EUR",
        "unit_amount": 4900,
        "interval": "month",
        "lookup_key": LOOKUP_KEY,
        "created": NOW - timedelta(days=age),
        "metadata": OURS,
    }
    return Price(**(known | changes))


def an_adopted_price(identity: str = "price_A", **changes: Any) -> Price:
    """A price that somebody else made."""
    return a_price(identity, **({"metadata": {}, "lookup_key": None} | changes))
