"""Invoices and their lines in Stripe's shapes, and the sums over them."""

from collections.abc import Iterable
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.published.tables import blank


def new_line(
    subscription: Object, price: Object, amount: int, period: tuple[int, int], description: str
) -> Object:
    """A line without id; :func:`new_invoice` gives it one."""
    return {
        "object": "line_item",
        "amount": amount,
        "currency": subscription["currency"],
        "description": description,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "livemode": subscription["livemode"],
        "metadata": {},
        "parent": None,
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price.get("unit_amount_decimal"),
        },
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": subscription["id"],
        "subtotal": amount,
        "taxes": [],
    }


def item_line(
    subscription: Object,
    item: Object,
    amount: int,
    quantity: Any,
    period: tuple[int, int],
    *,
    proration: bool = False,
) -> Object:
    """The line that bills a subscription item for a period."""
    price = item["price"]
    line = new_line(subscription, price, amount, period, described(item, quantity))
    line["quantity"] = int(quantity)
    line["quantity_decimal"] = str(quantity)
    line["parent"] = {
        "type": "subscription_item_details",
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": proration,
            "proration_details": {"credited_items": None} if proration else None,
            "subscription": subscription["id"],
            "subscription_item": item["id"],
        },
    }
    return line


def described(item: Object, quantity: Any) -> str:
    """What a line says that it bills."""
    return f"{quantity} x {item['price'].get('nickname') or item['price']['product']}"


def new_invoice(
    account: Account,
    subscription: Object,
    customer: Object,
    reason: str,
    lines: list[Object],
    period: tuple[int, int],
) -> Object:
    """A draft invoice of a subscription, with its sums, not stored yet."""
    identifier = account.new_id("in")
    invoice = blank("invoice") | {
        "id": identifier,
        "auto_advance": True,
        "automatic_tax": _automatic_tax(subscription),
        "billing_reason": reason,
        "collection_method": subscription["collection_method"],
        "created": time_of(account, subscription),
        "currency": subscription["currency"],
        "discounts": [discount["id"] for discount in discounts.in_force(account, subscription)],
        "issuer": {"type": "self"},
        "lines": _list(lines, f"/v1/invoices/{identifier}/lines"),
        "livemode": account.livemode,
        "parent": _parent(subscription),
        "payment_settings": dict.fromkeys(
            ("default_mandate", "payment_method_options", "payment_method_types")
        ),
        "payments": _list([], "/v1/invoice_payments"),
        "period_start": period[0],
        "period_end": period[1],
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
        "test_clock": subscription["test_clock"],
    }
    invoice |= _of_customer(customer) | {"metadata": {}, "total_pretax_credit_amounts": [], "total_taxes": []}
    for line in lines:
        line["id"] = account.new_id("il")
        line["invoice"] = identifier
    add_up(account, invoice)
    return invoice


def _list(data: list[Object], url: str) -> Object:
    return {"object": "list", "data": data, "has_more": False, "url": url}


def _parent(subscription: Object) -> Object:
    """The link to the subscription, and its metadata, which is frozen at finalisation (stripe.md 1.2)."""
    details = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    return {"type": "subscription_details", "quote_details": None, "subscription_details": details}


def _of_customer(customer: Object) -> Object:
    return {
        "account_country": "US",
        "account_name": "Sandbox",
        "customer": customer["id"],
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_tax_exempt": customer.get("tax_exempt") or "none",
        "customer_tax_ids": [],
    }


def probe_total(account: Account, subscription: Object, lines: list[Object]) -> int:
    """What an invoice with these lines would come to, in minor units; nothing is kept."""
    customer = account.table("customer")[subscription["customer"]]
    probe = new_invoice(account, subscription, customer, "manual", [dict(line) for line in lines], (0, 0))
    return int(probe["total"])


def _automatic_tax(subscription: Object) -> Object:
    enabled = subscription["automatic_tax"]["enabled"]
    return {
        "enabled": enabled,
        "disabled_reason": None,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "complete" if enabled else None,
    }


def add_up(account: Account, invoice: Object) -> None:
    """Compute discounts, subtotal, total and amounts due from the lines (no tax is simulated)."""
    lines = invoice["lines"]["data"]
    in_force = [account.table("discount")[identifier] for identifier in invoice["discounts"]]
    discounts.apply(account, in_force, lines)
    taken = dict.fromkeys(invoice["discounts"], 0)
    for part in _parts(lines):
        taken[part["discount"]] += part["amount"]
    invoice["total_discount_amounts"] = [{"amount": taken[name], "discount": name} for name in taken]
    invoice["subtotal"] = invoice["subtotal_excluding_tax"] = sum(line["amount"] for line in lines)
    invoice["total"] = invoice["total_excluding_tax"] = invoice["subtotal"] - sum(taken.values())
    invoice["amount_due"] = invoice["amount_remaining"] = max(invoice["total"], 0)


def _parts(lines: Iterable[Object]) -> Iterable[Object]:
    for line in lines:
        yield from line["discount_amounts"]


def subscription_of(account: Account, invoice: Object) -> Object | None:
    """The subscription that an invoice bills (``parent.subscription_details``, stripe.md 1.3)."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return account.table("subscription").get(details.get("subscription", ""))
