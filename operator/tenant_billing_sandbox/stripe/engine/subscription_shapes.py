"""Subscriptions and their items in Stripe's shapes (stripe.md 1.2)."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.problems import no_such
from tenant_billing_sandbox.stripe.published.tables import blank

CANCELLATION = ("comment", "feedback", "feedback_option", "reason")


def metered(item: Object) -> bool:
    """Whether an item is billed by usage, which has no quantity and no proration by time (stripe.md 7)."""
    return bool(item["price"]["recurring"]["usage_type"] == "metered")


def new_item(
    account: Account,
    subscription_id: str,
    price: Object,
    quantity: int | None,
    now: int,
    metadata: Any = None,
) -> Object:
    """An item whose period is still to be set; a metered one carries no quantity."""
    item: Object = {
        "id": account.new_id("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": now,
        "current_period_end": now,
        "current_period_start": now,
        "discounts": [],
        "metadata": {key: str(value) for key, value in (metadata or {}).items() if value != ""},
        "price": price,
        "subscription": subscription_id,
        "tax_rates": [],
    }
    if not metered(item):
        item["quantity"] = 1 if quantity is None else quantity
    account.part(Memory).owners[item["id"]] = subscription_id
    return item


def new_subscription(account: Account, customer: Object, currency: str, params: Mapping[str, Any]) -> Object:
    """A subscription without items, with the settings that ``params`` asks for."""
    now = time_of(account, customer)
    identifier = account.new_id("sub")
    url = f"/v1/subscription_items?subscription={identifier}"
    settings = dict.fromkeys(("account_tax_ids", "custom_fields", "description", "footer"))
    return blank("subscription") | {
        "id": identifier,
        "automatic_tax": automatic_tax(params.get("automatic_tax")),
        "billing_cycle_anchor": now,
        "billing_mode": _billing_mode(params),
        "cancellation_details": dict.fromkeys(CANCELLATION),
        "collection_method": params.get("collection_method") or "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer["id"],
        "days_until_due": params.get("days_until_due"),
        "default_tax_rates": [],
        "description": params.get("description") or None,
        "invoice_settings": settings | {"issuer": {"type": "self"}},
        "items": {"object": "list", "data": [], "has_more": False, "url": url},
        "livemode": account.livemode,
        "payment_settings": payment_settings(params.get("payment_settings")),
        "start_date": now,
        "status": "active",
        "test_clock": customer.get("test_clock"),
        "trial_settings": trial_settings(params.get("trial_settings")),
    }


def automatic_tax(asked: Any) -> Object:
    """The ``automatic_tax`` of a subscription; nothing is computed by it here."""
    enabled = bool((asked or {}).get("enabled"))
    return {"disabled_reason": None, "enabled": enabled, "liability": {"type": "self"} if enabled else None}


def payment_settings(asked: Any) -> Object:
    """The ``payment_settings`` of a subscription with their defaults."""
    settings = asked or {}
    return {
        "payment_method_options": settings.get("payment_method_options") or None,
        "payment_method_types": settings.get("payment_method_types") or None,
        "save_default_payment_method": settings.get("save_default_payment_method") or "off",
    }


def trial_settings(asked: Any) -> Object:
    """What happens at the end of a trial without payment method; an invoice by default."""
    end = (asked or {}).get("end_behavior") or {}
    return {"end_behavior": {"missing_payment_method": end.get("missing_payment_method") or "create_invoice"}}


def _billing_mode(params: Mapping[str, Any]) -> Object:
    asked = params.get("billing_mode") or {}
    if asked.get("type") == "classic":
        return {"type": "classic", "flexible": None}
    discounts = (asked.get("flexible") or {}).get("proration_discounts") or "included"
    return {"type": "flexible", "flexible": {"proration_discounts": discounts}}


def owner_of(account: Account, item_id: str) -> Object:
    """The subscription that has an item now.

    Raises:
        Problem: 404 where none has.
    """
    owner = account.table("subscription").get(account.part(Memory).owners.get(item_id, ""))
    if owner is None or all(item["id"] != item_id for item in items_of(owner)):
        raise no_such("subscription_item", item_id)
    return owner


def items_of(subscription: Object) -> list[Object]:
    """The subscription's items."""
    data: list[Object] = subscription["items"]["data"]
    return data
