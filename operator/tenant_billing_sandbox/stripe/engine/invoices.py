"""The life of an invoice: draft, open, then paid, void or uncollectible (stripe.md 2.2, 4.3).

What an invoice means for its subscription is decided elsewhere, by functions that ask to be told with
:func:`on_change`.
"""

from collections.abc import Callable
from enum import StrEnum

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.invoice_shapes import add_up, new_invoice, subscription_of
from tenant_billing_sandbox.stripe.engine.memory import Memory, index
from tenant_billing_sandbox.stripe.engine.money import SMALLEST_CHARGES
from tenant_billing_sandbox.stripe.engine.periods import after
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings
from tenant_billing_sandbox.stripe.engine.timeline import schedule, time_of


class Change(StrEnum):
    """What happened to an invoice."""

    FINALIZED = "finalized"
    PAID = "paid"
    FAILED = "failed"
    EXHAUSTED = "exhausted"
    PROCESSING = "processing"
    OVERDUE = "overdue"
    VOIDED = "voided"
    UNCOLLECTIBLE = "uncollectible"


Listener = Callable[[Account, Object, Change, str | None], None]
LISTENERS: list[Listener] = []


def on_change(listener: Listener) -> Listener:
    """Have a function told of (account, invoice, what happened, payment method)."""
    LISTENERS.append(listener)
    return listener


def tell(account: Account, invoice: Object, change: Change, payment_method: str | None = None) -> None:
    """Tell the listeners of a change that is already recorded."""
    for listener in LISTENERS:
        listener(account, invoice, change, payment_method)


def draft(
    account: Account, subscription: Object, reason: str, lines: list[Object], period: tuple[int, int]
) -> Object:
    """Create a draft invoice, which becomes the subscription's latest, and bill pending invoice items with it."""
    customer = account.table("customer")[subscription["customer"]]
    invoice = new_invoice(account, subscription, customer, reason, lines, period)
    index(account, "invoice", invoice)
    account.part(Memory).invoices.setdefault(subscription["id"], []).append(invoice["id"])
    subscription["latest_invoice"] = invoice["id"]
    account.emit("invoice.created", invoice)
    return invoice


def finalize_later(account: Account, invoice: Object) -> None:
    """Leave the draft for its hour (or the grace period set) before it is finalised by itself."""
    at = time_of(account, invoice) + account.part(BillingSettings).draft_seconds
    invoice["automatically_finalizes_at"] = at
    schedule(account, invoice, "finalize_invoice", at)


def send_on_its_way(account: Account, subscription: Object, invoice: Object) -> None:
    """Unpaid subscriptions and ``keep_as_draft`` leave the draft; others are finalised after their hour."""
    collection = subscription["pause_collection"] or {}
    if subscription["status"] == "unpaid" or collection.get("behavior") == "keep_as_draft":
        invoice["auto_advance"] = False
    else:
        finalize_later(account, invoice)


def finalize(account: Account, invoice: Object) -> None:
    """Open a draft: its lines, address and metadata are fixed; one without an amount is paid at once."""
    subscription = subscription_of(account, invoice)
    now = time_of(account, invoice)
    with changing(account, invoice, "invoice.updated"):
        add_up(account, invoice)
        _use_balance(account, invoice)
        if subscription is not None:
            invoice["parent"]["subscription_details"]["metadata"] = dict(subscription["metadata"])
        invoice |= {
            "automatically_finalizes_at": None,
            "effective_at": now,
            "number": _number(account, invoice),
            "status": "open",
            "webhooks_delivered_at": now,
        }
        invoice["hosted_invoice_url"] = f"https://invoice.stripe.com/i/{account.id}/{invoice['id']}?s=ap"
        invoice["invoice_pdf"] = f"https://pay.stripe.com/invoice/{account.id}/{invoice['id']}/pdf?s=ap"
        invoice["status_transitions"]["finalized_at"] = now
        if invoice["collection_method"] == "send_invoice":
            days = (subscription or {}).get("days_until_due") or 30
            invoice["due_date"] = after(now, "day", days)
            schedule(account, invoice, "invoice_overdue", invoice["due_date"])
    account.emit("invoice.finalized", invoice)
    tell(account, invoice, Change.FINALIZED)
    if invoice["amount_due"] == 0 and invoice["status"] == "open":
        mark_paid(account, invoice, None)
    elif invoice["collection_method"] == "send_invoice" and invoice["status"] == "open":
        account.emit("invoice.sent", invoice)


def mark_paid(account: Account, invoice: Object, payment_method: str | None) -> None:
    """Record that nothing remains to be paid."""
    with changing(account, invoice, "invoice.updated"):
        invoice |= {
            "amount_paid": invoice["amount_due"],
            "amount_remaining": 0,
            "attempted": True,
            "next_payment_attempt": None,
            "status": "paid",
        }
        invoice["status_transitions"]["paid_at"] = time_of(account, invoice)
    account.emit("invoice.paid", invoice)
    account.emit("invoice.payment_succeeded", invoice)
    tell(account, invoice, Change.PAID, payment_method)


def void(account: Account, invoice: Object) -> None:
    """Declare an open or uncollectible invoice void; its subscription's status ignores it from now on."""
    with changing(account, invoice, "invoice.updated"):
        invoice |= {"auto_advance": False, "next_payment_attempt": None, "status": "void"}
        invoice["status_transitions"]["voided_at"] = time_of(account, invoice)
    _give_balance_back(account, invoice)
    account.emit("invoice.voided", invoice)
    tell(account, invoice, Change.VOIDED)


def mark_uncollectible(account: Account, invoice: Object, reason: str) -> None:
    """Write an open invoice off; if it is the latest, its subscription becomes active (stripe.md 2.2)."""
    with changing(account, invoice, "invoice.updated"):
        invoice |= {
            "auto_advance": False,
            "next_payment_attempt": None,
            "status": "uncollectible",
            "status_details": {"uncollectible": {"reason": reason}},
        }
        invoice["status_transitions"]["marked_uncollectible_at"] = time_of(account, invoice)
    account.emit("invoice.marked_uncollectible", invoice)
    tell(account, invoice, Change.UNCOLLECTIBLE)


def stop_collection(account: Account, invoice: Object) -> None:
    """No further automatic attempt on an invoice, as when its subscription is cancelled (stripe.md 2.2)."""
    with changing(account, invoice, "invoice.updated"):
        invoice |= {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}


def _number(account: Account, invoice: Object) -> str:
    customer = account.table("customer")[invoice["customer"]]
    sequence = int(customer.get("next_invoice_sequence") or 1)
    customer["next_invoice_sequence"] = sequence + 1
    return f"{customer.get('invoice_prefix') or invoice['customer'][-8:].upper()}-{sequence:04d}"


def _use_balance(account: Account, invoice: Object) -> None:
    """Settle with the customer's balance: a negative one is credit, a negative total adds to it.

    What is too little to be charged waits there for the next invoice (docs.stripe.com ``billing/customer/balance``).
    """
    customer = account.table("customer")[invoice["customer"]]
    starting = int(customer.get("balance") or 0)
    due = invoice["total"] + starting
    invoice["starting_balance"] = starting
    too_little = due < SMALLEST_CHARGES.get(invoice["currency"], 0)
    invoice["ending_balance"] = due if too_little else 0
    invoice["amount_due"] = invoice["amount_remaining"] = 0 if too_little else due
    _change_balance(account, customer, invoice["ending_balance"] - starting)


def _give_balance_back(account: Account, invoice: Object) -> None:
    """What a void invoice took from the customer's balance returns to it (docs.stripe.com changelog 2019-12-03)."""
    customer = account.table("customer").get(invoice["customer"], {})
    if invoice["ending_balance"] is not None and not customer.get("deleted"):
        _change_balance(account, customer, invoice["starting_balance"] - invoice["ending_balance"])


def _change_balance(account: Account, customer: Object, by: int) -> None:
    if by:
        with changing(account, customer, "customer.updated"):
            customer["balance"] = int(customer.get("balance") or 0) + by
