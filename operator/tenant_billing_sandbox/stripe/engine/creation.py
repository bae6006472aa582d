"""Creating a subscription and its first invoice (stripe.md 2.1; ``payment_behavior``)."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.billing import period_line, remember_debits, trial_line
from tenant_billing_sandbox.stripe.engine.changes import merge_metadata
from tenant_billing_sandbox.stripe.engine.charges import NO_PAYMENT_METHOD, charge, default_payment_method
from tenant_billing_sandbox.stripe.engine.collection import collect
from tenant_billing_sandbox.stripe.engine.ending import INCOMPLETE_SECONDS
from tenant_billing_sandbox.stripe.engine.invoices import draft, finalize, finalize_later
from tenant_billing_sandbox.stripe.engine.items import added, check_intervals, checked_price, requested_items
from tenant_billing_sandbox.stripe.engine.lists import referred
from tenant_billing_sandbox.stripe.engine.memory import index, of_customer
from tenant_billing_sandbox.stripe.engine.money import share
from tenant_billing_sandbox.stripe.engine.payment_methods import belonging
from tenant_billing_sandbox.stripe.engine.periods import period_at
from tenant_billing_sandbox.stripe.engine.plain_updates import plan_end
from tenant_billing_sandbox.stripe.engine.refusals import (
    check_email,
    check_simulated,
    check_tax_location,
    declined,
)
from tenant_billing_sandbox.stripe.engine.renewals import start_periods, start_trial
from tenant_billing_sandbox.stripe.engine.requested_times import check_anchor, check_end, trial_end
from tenant_billing_sandbox.stripe.engine.setup_intents import new_setup_intent
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of, new_subscription
from tenant_billing_sandbox.stripe.engine.timeline import schedule, time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

MOST_SUBSCRIPTIONS = 500


@operation("POST", "/v1/subscriptions")
def create(account: Account, call: Call) -> Object:
    """Create a subscription; its status is what the first payment, or the trial, makes of it."""
    params = call.params
    customer = referred(account, "customer", str(params.get("customer", "")), "customer")
    _check(account, customer, params)
    subscription = _assemble(account, customer, params)
    recurrings = [item["price"]["recurring"] for item in items_of(subscription)]
    check_anchor(params.get("billing_cycle_anchor"), time_of(account, customer), recurrings)
    until = trial_end(params, time_of(account, customer))
    if until is None:
        _refuse_hopeless(account, subscription, params)
    index(account, "subscription", subscription)
    _start(account, subscription, params, until)
    if not customer.get("currency"):
        customer["currency"] = subscription["currency"]
    _bill_first(account, subscription, params)
    account.emit("customer.subscription.created", subscription)
    _start_collection(account, subscription, params)
    return subscription


def _check(account: Account, customer: Object, params: Mapping[str, Any]) -> None:
    check_simulated(params)
    if params.get("payment_behavior") == "pending_if_incomplete":
        raise invalid("`pending_if_incomplete` is only used with updates.", param="payment_behavior")
    check_end(params, time_of(account, customer))
    check_tax_location(customer, params)
    check_email(customer, params.get("collection_method"))
    discounts.check(account, params.get("discounts"))
    sending = params.get("collection_method") == "send_invoice"
    if sending and not params.get("days_until_due"):
        raise invalid(
            "When `collection_method` is `send_invoice`, `days_until_due` is required.",
            param="days_until_due",
        )
    if params.get("days_until_due") and not sending:
        raise invalid("You can only set `days_until_due` with `send_invoice`.", param="days_until_due")
    mine = of_customer(account, "subscription", customer["id"])
    if sum(other["status"] not in TERMINAL for other in mine) >= MOST_SUBSCRIPTIONS:
        raise invalid(f"A customer can have at most {MOST_SUBSCRIPTIONS} subscriptions.", param="customer")


def _check_currency(account: Account, subscription: Object) -> None:
    """No customer has two subscriptions of different currencies (docs.stripe.com ``invoicing/multiple-currencies``)."""
    for other in of_customer(account, "subscription", subscription["customer"]):
        if other["status"] not in TERMINAL and other["currency"] != subscription["currency"]:
            raise invalid(
                "You cannot combine currencies on a single customer. This customer has an active subscription, "
                "subscription schedule, discount, quote, or invoice item with currency "
                f"{other['currency']}.",
                param="customer",
            )


def _assemble(account: Account, customer: Object, params: Mapping[str, Any]) -> Object:
    asked = requested_items(params)
    prices = [checked_price(account, entry, f"items[{number}]") for number, entry in enumerate(asked)]
    subscription = new_subscription(
        account, customer, str(params.get("currency") or prices[0]["currency"]), params
    )
    merge_metadata(subscription, params.get("metadata"))
    _check_currency(account, subscription)
    items_of(subscription).extend(_items(account, subscription, asked, prices))
    check_intervals(subscription, items_of(subscription))
    method = params.get("default_payment_method")
    if method:
        subscription["default_payment_method"] = belonging(
            account, method, customer["id"], "default_payment_method"
        )
    return subscription


def _start(account: Account, subscription: Object, params: Mapping[str, Any], until: int | None) -> None:
    """Begin the trial or the first period, and note when it is all to end."""
    customer = account.table("customer")[subscription["customer"]]
    wanted = params.get("discounts")
    subscription["discounts"] = discounts.resolve(account, customer, subscription["id"], wanted)
    now = time_of(account, subscription)
    if until is not None:
        start_trial(account, subscription, until)
    else:
        start_periods(account, subscription, int(params.get("billing_cycle_anchor") or now), now)
    if params.get("cancel_at") or params.get("cancel_at_period_end"):
        plan_end(account, subscription, params)


def _items(account: Account, subscription: Object, asked: list[Object], prices: list[Object]) -> list[Object]:
    items: list[Object] = []
    for entry, price in zip(asked, prices, strict=True):
        items.append(added(account, subscription, items, entry, price))
    return items


def _first_lines(subscription: Object, params: Mapping[str, Any]) -> list[Object]:
    if subscription["status"] == "trialing":
        lines = [trial_line(subscription, item) for item in items_of(subscription)]
    else:
        free = params.get("proration_behavior") == "none"
        lines = [_opening_line(subscription, item, free=free) for item in items_of(subscription)]
    return [line for line in lines if line is not None]


def _opening_line(subscription: Object, item: Object, *, free: bool) -> Object | None:
    """The first period in advance; where an anchor in the future cuts it short, only its part is billed, or nothing."""
    line = period_line(subscription, item)
    start, end = period_at(
        subscription["billing_cycle_anchor"], item["price"]["recurring"], item["current_period_start"]
    )
    if line is not None and subscription["billing_cycle_anchor"] > item["current_period_start"] > start:
        part = 0 if free else end - item["current_period_start"]
        line["amount"] = line["subtotal"] = share(line["amount"], part, end - start)
    return line


def _refuse_hopeless(account: Account, subscription: Object, params: Mapping[str, Any]) -> None:
    """Refuse what would need a payment now and cannot have one, before anything is stored."""
    behavior = params.get("payment_behavior") or "allow_incomplete"
    if behavior == "default_incomplete" or subscription["collection_method"] == "send_invoice":
        return
    lines = _first_lines(subscription, params)
    discounts.apply(account, discounts.foreseen(account, params.get("discounts")), lines)
    if sum(line["amount"] - sum(part["amount"] for part in line["discount_amounts"]) for line in lines) <= 0:
        return
    method = default_payment_method(account, subscription, subscription["customer"])
    outcome = charge(account, method)
    if method is None:
        raise declined(NO_PAYMENT_METHOD)
    if behavior == "error_if_incomplete" and outcome.refusal is not None:
        raise declined(outcome.refusal)


def _bill_first(account: Account, subscription: Object, params: Mapping[str, Any]) -> None:
    """Draft the first invoice and set the status that holds until it is paid."""
    item = items_of(subscription)[0]
    period = (subscription["start_date"], subscription["start_date"])
    if subscription["status"] == "trialing":
        period = (subscription["start_date"], item["current_period_end"])
    invoice = draft(account, subscription, "subscription_create", _first_lines(subscription, params), period)
    remember_debits(account, invoice["lines"]["data"])
    discounts.use_up(account, subscription)
    if invoice["total"] > 0 and subscription["collection_method"] == "charge_automatically":
        subscription["status"] = "incomplete"
        schedule(account, subscription, "expire_incomplete", subscription["created"] + INCOMPLETE_SECONDS)
    elif _wants_setup(account, subscription, params):
        customer = account.table("customer")[subscription["customer"]]
        subscription["pending_setup_intent"] = new_setup_intent(account, customer)["id"]


def _wants_setup(account: Account, subscription: Object, params: Mapping[str, Any]) -> bool:
    """Without a first payment a payment method is asked for by a setup intent."""
    return (
        subscription["collection_method"] == "charge_automatically"
        and params.get("payment_behavior") == "default_incomplete"
        and default_payment_method(account, subscription, subscription["customer"]) is None
    )


def _start_collection(account: Account, subscription: Object, params: Mapping[str, Any]) -> None:
    invoice = account.table("invoice")[subscription["latest_invoice"]]
    if subscription["collection_method"] == "send_invoice" and invoice["total"] > 0:
        finalize_later(account, invoice)
        return
    finalize(account, invoice)
    if invoice["status"] == "open" and params.get("payment_behavior") != "default_incomplete":
        collect(account, invoice, retries=False)
