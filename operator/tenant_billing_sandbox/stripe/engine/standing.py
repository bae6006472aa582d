"""The status of a subscription as its invoices make it (stripe.md 2.1, 2.2)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.invoice_shapes import subscription_of
from tenant_billing_sandbox.stripe.engine.invoices import Change, on_change
from tenant_billing_sandbox.stripe.engine.memory import Memory, invoices_of
from tenant_billing_sandbox.stripe.engine.timeline import time_of

UPDATED = "customer.subscription.updated"
TERMINAL = frozenset({"canceled", "incomplete_expired"})
DERIVED = frozenset({"active", "past_due", "unpaid"})


def latest_decided(account: Account, subscription: Object) -> Object | None:
    """The newest finalised invoice that decides the status.

    Passed over are void ones (stripe.md 2.2), those on which a pending update or a resumption waits, and invoices sent
    to the customer that are not due yet: a new bill does not make up for one that is overdue.
    """
    memory = account.part(Memory)
    waiting = {
        memory.pending_invoice.get(subscription["id"]),
        memory.resumption_invoice.get(subscription["id"]),
    }
    for invoice in reversed(invoices_of(account, subscription)):
        decides = invoice["status"] not in {"draft", "void"} and not _is_not_due_yet(account, invoice)
        if decides and invoice["id"] not in waiting:
            return invoice
    return None


def _is_not_due_yet(account: Account, invoice: Object) -> bool:
    if invoice["status"] != "open" or invoice["due_date"] is None:
        return False
    return bool(invoice["due_date"] > time_of(account, invoice))


def derived(account: Account, subscription: Object) -> str:
    """The status that the invoices stand for; ``unpaid`` lasts until the one that decides is settled."""
    invoice = latest_decided(account, subscription)
    if invoice is None or invoice["status"] in {"paid", "uncollectible"}:
        return "active"
    if invoice["id"] in account.part(Memory).processing:
        return "active"
    return "unpaid" if subscription["status"] == "unpaid" else "past_due"


def refresh(account: Account, subscription: Object) -> None:
    """Set the status that follows from the invoices, where the status follows from them at all."""
    if subscription["status"] in DERIVED:
        with changing(account, subscription, UPDATED):
            subscription["status"] = derived(account, subscription)


@on_change
def _follow(account: Account, invoice: Object, change: Change, payment_method: str | None) -> None:
    subscription = subscription_of(account, invoice)
    _set_delinquent(account, invoice, change)
    if subscription is None or change is Change.FINALIZED:
        return
    with changing(account, subscription, UPDATED):
        if change is Change.PAID:
            _save_payment_method(account, subscription, payment_method)
        if subscription["status"] == "incomplete":
            subscription["status"] = _after_first_invoice(account, subscription, change)
        if subscription["status"] in DERIVED:
            subscription["status"] = derived(account, subscription)


def _after_first_invoice(account: Account, subscription: Object, change: Change) -> str:
    """Paid (or a slow payment under way): active. Voided: expired. Else it goes on waiting."""
    if change in {Change.PAID, Change.PROCESSING, Change.UNCOLLECTIBLE}:
        return "active"
    if change is Change.VOIDED:
        subscription["ended_at"] = time_of(account, subscription)
        return "incomplete_expired"
    return "incomplete"


def _save_payment_method(account: Account, subscription: Object, payment_method: str | None) -> None:
    """Keep what paid as the default, if ``save_default_payment_method`` is ``on_subscription``."""
    if subscription["status"] in TERMINAL:
        return
    saved = account.table("payment_method").get(payment_method or "")
    wanted = subscription["payment_settings"]["save_default_payment_method"] == "on_subscription"
    if wanted and saved is not None and saved["customer"] == subscription["customer"]:
        subscription["default_payment_method"] = saved["id"]


def _set_delinquent(account: Account, invoice: Object, change: Change) -> None:
    """``delinquent`` follows the last change of any invoice of the customer (stripe.md 1.2)."""
    values = {Change.FAILED: True, Change.EXHAUSTED: True, Change.OVERDUE: True, Change.PAID: False}
    customer = account.table("customer").get(invoice["customer"])
    if customer is None or customer.get("deleted") or change not in values:
        return
    with changing(account, customer, "customer.updated"):
        customer["delinquent"] = values[change]
