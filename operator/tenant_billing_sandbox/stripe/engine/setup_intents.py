"""Setup intents: how a payment method is saved without a payment."""

from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.lists import found, listing, matches, referred
from tenant_billing_sandbox.stripe.engine.memory import index
from tenant_billing_sandbox.stripe.engine.payment_methods import attach
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid


def new_setup_intent(account: Account, customer: Object, metadata: Any = None) -> Object:
    """A setup intent that waits for a payment method, as a subscription without a first payment has one."""
    intent: Object = {
        "id": (identifier := account.new_id("seti")),
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": None,
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_sandbox",
        "created": time_of(account, customer),
        "customer": customer["id"],
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": account.livemode,
        "mandate": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": "off_session",
    }
    merge_metadata(intent, metadata)
    index(account, "setup_intent", intent)
    account.emit("setup_intent.created", intent)
    return intent


def succeed(account: Account, intent: Object, payment_method: Object) -> None:
    """The customer completes a setup intent."""
    with changing(account, intent, "setup_intent.succeeded"):
        intent["status"] = "succeeded"
        intent["payment_method"] = payment_method["id"]


@operation("POST", "/v1/setup_intents")
def _create_setup_intent(account: Account, call: Call) -> Object:
    customer = referred(account, "customer", str(call.params.get("customer", "")), "customer")
    return new_setup_intent(account, customer, call.params.get("metadata"))


@operation("GET", "/v1/setup_intents/{}")
def _retrieve_setup_intent(account: Account, call: Call) -> Object:
    return found(account, "setup_intent", call.path[0], "setupintent")


@operation("POST", "/v1/setup_intents/{}/confirm")
def _confirm_setup_intent(account: Account, call: Call) -> Object:
    intent = found(account, "setup_intent", call.path[0], "setupintent")
    _check_open(intent)
    payment_method = attach(account, str(call.params.get("payment_method", "")), str(intent["customer"]))
    succeed(account, intent, payment_method)
    return intent


@operation("GET", "/v1/setup_intents")
def _list_setup_intents(account: Account, call: Call) -> Object:
    intents = account.table("setup_intent").values()
    filters = ("customer", "payment_method")
    return listing(
        "/v1/setup_intents", [each for each in intents if matches(each, call.params, filters, ("created",))]
    )


@operation("POST", "/v1/setup_intents/{}/cancel")
def _cancel_setup_intent(account: Account, call: Call) -> Object:
    intent = found(account, "setup_intent", call.path[0], "setupintent")
    _check_open(intent)
    with changing(account, intent, "setup_intent.canceled"):
        intent["status"] = "canceled"
        intent["cancellation_reason"] = call.params.get("cancellation_reason")
    return intent


def _check_open(intent: Object) -> None:
    if intent["status"] in {"succeeded", "canceled"}:
        raise invalid(
            f"This SetupIntent has status {intent['status']}.", code="setup_intent_unexpected_state"
        )
