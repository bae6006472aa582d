"""Customers (stripe.md 1.2, 6 and 8)."""

import re
from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.catalogue.changing import assign, new_object
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata, merged_metadata
from tenant_billing_sandbox.stripe.engine.customers import customer_deleted
from tenant_billing_sandbox.stripe.engine.lists import found, in_range, listing, referred
from tenant_billing_sandbox.stripe.engine.payment_methods import attach, belonging
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import Problem, invalid

Params = Mapping[str, Any]
SETTABLE = (
    "balance",
    "business_name",
    "description",
    "email",
    "individual_name",
    "invoice_prefix",
    "name",
    "next_invoice_sequence",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
)
ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
CUSTOMERS_PER_TEST_CLOCK = 3
DEFAULT_PAYMENT_METHOD = "invoice_settings[default_payment_method]"


@operation("POST", "/v1/customers")
def create_customer(account: Account, call: Call) -> Object:
    """Make a customer, on a test clock if one is named."""
    params = call.params
    _check(params)
    clock = _test_clock(account, params.get("test_clock"))
    identifier = account.new_id("cus")
    customer = new_object(account, "customer", identifier, time_of(account, {"test_clock": clock})) | {
        "balance": 0,
        "delinquent": False,
        "invoice_prefix": identifier[-8:].upper(),
        "invoice_settings": dict.fromkeys(
            ("custom_fields", "default_payment_method", "footer", "rendering_options")
        ),
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        "tax_ids": _tax_ids(account, identifier, params.get("tax_id_data", [])),
        "test_clock": clock,
    }
    _set(customer, params)
    account.table("customer")[identifier] = customer
    try:
        attached = _attached(account, identifier, params.get("payment_method"))
        _set_invoice_settings(account, customer, params, attached)
    except Problem:
        del account.table("customer")[identifier]
        raise
    account.emit("customer.created", customer)
    return customer


@operation("GET", "/v1/customers/{}")
def retrieve_customer(account: Account, call: Call) -> Object:
    """One customer; of a deleted one no more than that it is deleted."""
    customer = account.table("customer").get(call.path[0])
    return customer or found(account, "customer", call.path[0])


@operation("POST", "/v1/customers/{}")
def update_customer(account: Account, call: Call) -> Object:
    """Change a customer."""
    customer = found(account, "customer", call.path[0])
    _check(call.params)
    merged_metadata(customer["metadata"], call.params.get("metadata"))
    with changing(account, customer, "customer.updated"):
        _set_invoice_settings(account, customer, call.params, None)
        _set(customer, call.params)
    return customer


@operation("DELETE", "/v1/customers/{}")
def delete_customer(account: Account, call: Call) -> Object:
    """Delete a customer, which cancels all its subscriptions at once (stripe.md 1.2)."""
    customer = found(account, "customer", call.path[0])
    customer_deleted(account, customer["id"])
    remains = {"id": customer["id"], "object": "customer", "deleted": True}
    account.table("customer")[customer["id"]] = remains
    account.emit("customer.deleted", customer)
    return remains


@operation("GET", "/v1/customers")
def list_customers(account: Account, call: Call) -> Object:
    """Customers, newest first; those on a test clock only if that clock is named (stripe.md 6)."""
    wanted = call.params
    matching = (
        customer
        for customer in account.table("customer").values()
        if not customer.get("deleted")
        and customer["test_clock"] == wanted.get("test_clock")
        and wanted.get("email", customer["email"]) == customer["email"]
        and in_range(customer["created"], wanted.get("created"))
    )
    return listing("/v1/customers", matching)


def _set(customer: Object, params: Params) -> None:
    merge_metadata(customer, params.get("metadata"))
    assign(customer, params, SETTABLE)
    customer["preferred_locales"] = customer["preferred_locales"] or []
    customer["tax_exempt"] = customer["tax_exempt"] or "none"
    for name in ("business_name", "individual_name"):
        if customer.get(name, "") is None:
            del customer[name]
    if "address" in params:
        address = params["address"]
        customer["address"] = {part: address.get(part) or None for part in ADDRESS} if address else None


def _check(params: Params) -> None:
    email = params.get("email")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise invalid(f"Invalid email address: {email}", param="email", code="email_invalid")


def _test_clock(account: Account, name: str | None) -> str | None:
    """The id of a test clock that has room: 3 customers at most (stripe.md 8)."""
    if not name:
        return None
    clock = str(referred(account, "test_helpers.test_clock", name, "test_clock")["id"])
    there = [one for one in account.table("customer").values() if one.get("test_clock") == clock]
    if len(there) >= CUSTOMERS_PER_TEST_CLOCK:
        raise invalid(
            f"A test clock can have at most {CUSTOMERS_PER_TEST_CLOCK} customers.", param="test_clock"
        )
    return clock


def _tax_ids(account: Account, customer: str, data: list[Params]) -> Object:
    """The list of tax ids, which answers show only when it is expanded."""
    tax_ids = [
        {
            "id": account.new_id("txi"),
            "object": "tax_id",
            "country": one["value"][:2].upper() if one["type"] == "eu_vat" else one["type"][:2].upper(),
            "created": account.now,
            "customer": customer,
            "customer_account": None,
            "livemode": account.livemode,
            "owner": {"type": "customer", "customer": customer},
            "type": one["type"],
            "value": one["value"],
            "verification": None,
        }
        for one in data
    ]
    url = f"/v1/customers/{customer}/tax_ids"
    return {"object": "list", "data": tax_ids, "has_more": False, "url": url}


def _attached(account: Account, customer: str, name: str | None) -> tuple[str, str] | None:
    """The name of a payment method to attach at creation, and the id it got."""
    return (name, attach(account, name, customer)["id"]) if name else None


def _set_invoice_settings(
    account: Account, customer: Object, params: Params, attached: tuple[str, str] | None
) -> None:
    wanted = dict(params.get("invoice_settings", {}))
    default = wanted.get("default_payment_method")
    if attached and default == attached[0]:
        wanted["default_payment_method"] = attached[1]
    elif default:
        belonging(account, default, customer["id"], DEFAULT_PAYMENT_METHOD)
    customer["invoice_settings"] = customer["invoice_settings"] | {
        name: value if value != "" else None for name, value in wanted.items()
    }
