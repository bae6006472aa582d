"""Reading subscriptions and cancelling them (stripe.md 2.2, 6)."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.last_invoices import cancel
from tenant_billing_sandbox.stripe.engine.lists import found, in_range, listing
from tenant_billing_sandbox.stripe.engine.memory import of_customer
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL, UPDATED
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid, no_such


@operation("GET", "/v1/subscriptions/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, "subscription", call.path[0])


@operation("GET", "/v1/subscriptions")
def _list(account: Account, call: Call) -> Object:
    params = call.params
    matching = [
        subscription for subscription in _candidates(account, params) if _matches(subscription, params)
    ]
    return listing("/v1/subscriptions", matching)


def _candidates(account: Account, params: Mapping[str, Any]) -> list[Object]:
    """Objects on test clocks are hidden unless the customer or the clock is named (stripe.md 6)."""
    if params.get("customer"):
        return of_customer(account, "subscription", params["customer"])
    everything = account.table("subscription").values()
    return [
        subscription for subscription in everything if subscription["test_clock"] == params.get("test_clock")
    ]


def _matches(subscription: Object, params: Mapping[str, Any]) -> bool:
    starts = [item["current_period_start"] for item in items_of(subscription)]
    ends = [item["current_period_end"] for item in items_of(subscription)]
    price = params.get("price")
    return (
        _status_matches(subscription["status"], params.get("status"))
        and params.get("test_clock") in {None, subscription["test_clock"]}
        and params.get("collection_method") in {None, subscription["collection_method"]}
        and (price is None or any(item["price"]["id"] == price for item in items_of(subscription)))
        and in_range(subscription["created"], params.get("created"))
        and in_range(min(starts, default=None), params.get("current_period_start"))
        and in_range(min(ends, default=None), params.get("current_period_end"))
    )


def _status_matches(status: str, wanted: str | None) -> bool:
    """Without a filter everything that is not canceled; ``ended`` is canceled and expired together."""
    if wanted is None:
        return status != "canceled"
    if wanted == "ended":
        return status in TERMINAL
    return wanted in {"all", status}


@operation("DELETE", "/v1/subscriptions/{}")
def _cancel(account: Account, call: Call) -> Object:
    """Cancel at once; open usage is billed only with ``invoice_now`` (stripe.md 4.3)."""
    subscription = found(account, "subscription", call.path[0])
    if subscription["status"] in TERMINAL:
        raise no_such("subscription", call.path[0])
    cancel(
        account,
        subscription,
        call.params.get("cancellation_details"),
        prorate=bool(call.params.get("prorate")),
        invoice_now=bool(call.params.get("invoice_now")),
    )
    return subscription


@operation("POST", "/v1/subscriptions/{}/migrate")
def _migrate(account: Account, call: Call) -> Object:
    """Go over to flexible billing; there is no way back (stripe.md 1.2)."""
    subscription = found(account, "subscription", call.path[0])
    if subscription["billing_mode"]["type"] == "flexible":
        raise invalid("The subscription already uses `billing_mode=flexible`.")
    with changing(account, subscription, UPDATED):
        subscription["billing_mode"] = {
            "type": "flexible",
            "flexible": {"proration_discounts": "included"},
            "updated_at": time_of(account, subscription),
        }
    return subscription


@operation("DELETE", "/v1/subscriptions/{}/discount")
def _delete_discount(account: Account, call: Call) -> Object:
    """Take the last discount from a subscription."""
    subscription = found(account, "subscription", call.path[0])
    if not subscription["discounts"]:
        raise no_such("discount", call.path[0])
    with changing(account, subscription, UPDATED):
        discount = account.table("discount")[subscription["discounts"][-1]]
        subscription["discounts"] = subscription["discounts"][:-1]
    account.emit("customer.discount.deleted", discount)
    return {name: value for name, value in discount.items() if name != "end"} | {"deleted": True}
