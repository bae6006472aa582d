"""Charging: which payment method pays an invoice, and what comes of it."""

from dataclasses import dataclass

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.cards import REFUSALS, Behavior, Behaviors, Refusal
from tenant_billing_sandbox.stripe.engine.timeline import time_of

NO_PAYMENT_METHOD = Refusal(
    "resource_missing",
    None,
    "This customer has no attached payment source or default payment method. "
    "Please consider adding a default payment method.",
)


@dataclass(frozen=True)
class Outcome:
    """What a charge came to.

    Attributes:
        payment_method: What was charged, or None where there was nothing to charge.
        refusal: Why it failed; None if it succeeded or is processing.
        processing: Whether a slow payment method has not decided yet.
    """

    payment_method: str | None
    refusal: Refusal | None = None
    processing: bool = False


def default_payment_method(account: Account, subscription: Object | None, customer_id: str) -> str | None:
    """What a renewal charges: the subscription's default, else the customer's (stripe.md 2.1)."""
    if subscription is not None and subscription["default_payment_method"]:
        return str(subscription["default_payment_method"])
    customer = account.table("customer").get(customer_id) or {}
    name = (customer.get("invoice_settings") or {}).get("default_payment_method")
    return str(name) if name else None


def charge(account: Account, payment_method: str | None) -> Outcome:
    """Try a payment method; nothing is recorded."""
    if payment_method is None:
        return Outcome(None, NO_PAYMENT_METHOD)
    behavior = account.part(Behaviors).of(payment_method)
    if behavior in {Behavior.PROCESSING, Behavior.PROCESSING_FAILS}:
        return Outcome(payment_method, processing=True)
    return Outcome(payment_method, REFUSALS.get(behavior))


def record_payment(account: Account, invoice: Object, payment_method: str | None, amount: int) -> Object:
    """Keep the payment of an invoice: a payment intent, and the invoice payment that links both."""
    intent = _payment_intent(account, invoice, payment_method, amount)
    payment: Object = {
        "id": account.new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": amount,
        "amount_requested": amount,
        "created": intent["created"],
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": account.livemode,
        "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": intent["created"]},
    }
    account.table("invoice_payment")[payment["id"]] = payment
    invoice["payments"]["data"].append(payment)
    account.emit("invoice_payment.paid", payment)
    return payment


def _payment_intent(account: Account, invoice: Object, payment_method: str | None, amount: int) -> Object:
    intent: Object = {
        "id": account.new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_received": amount,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": time_of(account, invoice),
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "livemode": account.livemode,
        "metadata": {},
        "payment_method": payment_method,
        "payment_method_types": ["card"],
        "status": "succeeded",
    }
    account.table("payment_intent")[intent["id"]] = intent
    account.emit("payment_intent.succeeded", intent)
    return intent
