"""What a customer does at the hosted invoice page, and what becomes of a customer's card."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.collection import collect
from tenant_billing_sandbox.stripe.engine.lists import found
from tenant_billing_sandbox.stripe.engine.memory import of_customer
from tenant_billing_sandbox.stripe.engine.payment_methods import (
    attach,
    cards_of,
    detach,
    set_behavior,
)
from tenant_billing_sandbox.stripe.engine.setup_intents import succeed
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL, UPDATED
from tenant_billing_sandbox.stripe.problems import invalid

GOOD_CARD = "pm_card_visa"


def pay(account: Account, customer_id: str, behavior: Behavior = Behavior.SUCCEEDS) -> Object:
    """The customer pays the most recent open invoice, or completes a pending set-up, with a new card.

    Returns:
        The invoice, or the setup intent.

    Raises:
        Problem: 404 for an unknown customer, 400 where there is nothing to pay.
    """
    found(account, "customer", customer_id)
    invoices = [
        invoice for invoice in of_customer(account, "invoice", customer_id) if invoice["status"] == "open"
    ]
    if invoices:
        method = attach(account, GOOD_CARD, customer_id)
        set_behavior(account, method, behavior)
        collect(account, invoices[-1], method["id"], automatic=False)
        return invoices[-1]
    waiting = [sub for sub in of_customer(account, "subscription", customer_id) if _waits_for_card(sub)]
    if not waiting:
        raise invalid(f"Customer {customer_id} has no open invoice and no pending set-up.")
    method = attach(account, GOOD_CARD, customer_id)
    set_behavior(account, method, behavior)
    return _set_up(account, waiting[-1], method)


def set_card(account: Account, customer_id: str, behavior: Behavior | None) -> list[Object]:
    """From now on charges on the customer's saved cards end so; None takes the cards away.

    Raises:
        Problem: 404 for an unknown customer.
    """
    found(account, "customer", customer_id)
    cards = cards_of(account, customer_id)
    for card in cards:
        if behavior is None:
            detach(account, card)
        else:
            set_behavior(account, card, behavior)
    return cards


def _waits_for_card(subscription: Object) -> bool:
    return bool(subscription["pending_setup_intent"]) and subscription["status"] not in TERMINAL


def _set_up(account: Account, subscription: Object, method: Object) -> Object:
    intent = account.table("setup_intent")[subscription["pending_setup_intent"]]
    succeed(account, intent, method)
    with changing(account, subscription, UPDATED):
        subscription["pending_setup_intent"] = None
        subscription["default_payment_method"] = method["id"]
    return intent
