"""Builders for the billing engine: an account, a price, a customer, and calls without HTTP."""

from datetime import UTC, datetime
from typing import Any

from tenant_billing_sandbox.stripe import engine
from tenant_billing_sandbox.stripe import resources as resources
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.clock import advance
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.operations import OPERATIONS, Call, perform

HOUR = 3600
DAY = 24 * HOUR
START = int(datetime(2026, 1, 15, 12, tzinfo=UTC).timestamp())


def an_account(*, now: int = START) -> Account:
    return engine.attach(Account("acct_1", livemode=False, now=now))


def a_price(account: Account, unit_amount: int = 4900, interval: str = "month", **changes: Any) -> str:
    recurring = {"interval": interval, "interval_count": 1, "usage_type": "licensed", "meter": None}
    price: Object = {
        "id": account.new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": account.now,
        "currency": "eur",
        "livemode": account.livemode,
        "lookup_key": None,
        "metadata": {},
        "product": "prod_1",
        "recurring": recurring | changes.pop("recurring", {}),
        "type": "recurring",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
        "nickname": None,
        **changes,
    }
    account.table("price")[price["id"]] = price
    return str(price["id"])


def a_meter(account: Account, formula: str = "sum", window: str | None = None, **changes: Any) -> Object:
    meter: Object = {
        "id": account.new_id("mtr"),
        "object": "billing.meter",
        "customer_mapping": {"type": "by_id", "event_payload_key": "stripe_customer_id"},
        "default_aggregation": {"formula": formula},
        "event_name": "devices",
        "event_time_window": window,
        "status": "active",
        "value_settings": {"event_payload_key": "value"},
        **changes,
    }
    account.table("billing.meter")[meter["id"]] = meter
    return meter


def a_metered_price(account: Account, **changes: Any) -> str:
    meter = a_meter(account)
    return a_price(account, 50, recurring={"usage_type": "metered", "meter": meter["id"]}, **changes)


def a_customer(account: Account, **changes: Any) -> str:
    customer: Object = {
        "id": account.new_id("cus"),
        "object": "customer",
        "balance": 0,
        "currency": None,
        "delinquent": False,
        "email": "ann@acme.example",
        "invoice_prefix": "ACME",
        "invoice_settings": {"default_payment_method": None},
        "metadata": {},
        "name": "Acme",
        "next_invoice_sequence": 1,
        "test_clock": None,
        **changes,
    }
    account.table("customer")[customer["id"]] = customer
    return str(customer["id"])


def call(account: Account, method: str, template: str, *path: str, **params: Any) -> Object:
    function = OPERATIONS[(method, template)]
    return perform(account, function, Call(method, template, path, params, "req_1", "key_1"))


def a_coupon(account: Account, **params: Any) -> str:
    worth: Object = {} if "amount_off" in params else {"percent_off": "20"}
    lasting: Object = {"id": "PILOT20", "duration": "forever"}
    return str(call(account, "POST", "/v1/coupons", **(worth | lasting | params))["id"])


def a_subscription(account: Account, customer: str, price: str, **params: Any) -> Object:
    """Created as the operator creates it: incomplete until the customer pays."""
    asked = {
        "customer": customer,
        "items": [{"price": price}],
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
    }
    return call(account, "POST", "/v1/subscriptions", **(asked | params))


def report(account: Account, customer: str, value: str, **more: Any) -> Object:
    payload = more.pop("payload", {"stripe_customer_id": customer, "value": value})
    named = {"event_name": "devices", **more}
    return call(account, "POST", "/v1/billing/meter_events", payload=payload, **named)


def update(account: Account, subscription: Object, **params: Any) -> Object:
    return call(account, "POST", "/v1/subscriptions/{}", subscription["id"], **params)


def cancel(account: Account, subscription: Object, **params: Any) -> Object:
    return call(account, "DELETE", "/v1/subscriptions/{}", subscription["id"], **params)


def an_active_subscription(account: Account, price: str | None = None, **params: Any) -> Object:
    subscription = a_subscription(account, a_customer(account), price or a_price(account), **params)
    pay(account, subscription["customer"])
    return subscription


def latest_invoice(account: Account, subscription: Object) -> Object:
    return account.table("invoice")[subscription["latest_invoice"]]


def event_types(account: Account, prefix: str = "") -> list[str]:
    """The types of all events so far, oldest first."""
    return [event["type"] for event in account.table("event").values() if event["type"].startswith(prefix)]


def pass_time(account: Account, *, days: float = 0, seconds: int = 0) -> None:
    advance(account, int(days * DAY) + seconds)


def a_past_due_subscription(account: Account) -> Object:
    subscription = an_active_subscription(account)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    assert subscription["status"] == "past_due"
    return subscription


def paused_reason(subscription: Object) -> str:
    return str(subscription["status_details"]["paused"]["subscription"]["type"])
