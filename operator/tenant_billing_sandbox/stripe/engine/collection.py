"""Collecting invoices: the automatic attempts, the retries between them, and slow payments (stripe.md 2.2)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import count_usage
from tenant_billing_sandbox.stripe.engine.cards import Behavior, Behaviors, Refusal
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.charges import (
    Outcome,
    charge,
    default_payment_method,
    record_payment,
)
from tenant_billing_sandbox.stripe.engine.invoice_shapes import subscription_of
from tenant_billing_sandbox.stripe.engine.invoices import Change, finalize, mark_paid, tell, void
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings
from tenant_billing_sandbox.stripe.engine.timeline import due, schedule, time_of


def collect(
    account: Account,
    invoice: Object,
    payment_method: str | None = None,
    *,
    automatic: bool = True,
    retries: bool = True,
) -> Outcome:
    """Try to pay an open invoice.

    Args:
        account: The account.
        invoice: An open or uncollectible invoice.
        payment_method: What to charge; the default of subscription or customer if None.
        automatic: Whether Stripe's schedule asks; attempts of people do not move the schedule.
        retries: Whether a failure is followed by retries at all.
    """
    subscription = subscription_of(account, invoice)
    chosen = payment_method or default_payment_method(account, subscription, invoice["customer"])
    outcome = charge(account, chosen)
    if outcome.processing:
        _process(account, invoice, outcome)
    elif outcome.refusal is None:
        settle(account, invoice, outcome.payment_method)
    else:
        _fail(account, invoice, outcome.refusal, automatic=automatic, retries=retries)
    return outcome


def settle(account: Account, invoice: Object, payment_method: str | None) -> None:
    """A payment of the whole amount due arrived."""
    _count_attempt(invoice, automatic=True)
    record_payment(account, invoice, payment_method, invoice["amount_due"])
    mark_paid(account, invoice, payment_method)


def _count_attempt(invoice: Object, *, automatic: bool) -> None:
    """Any attempt counts as the first, afterwards only those of the schedule (``attempt_count``)."""
    if automatic or invoice["attempt_count"] == 0:
        invoice["attempt_count"] += 1
    invoice["attempted"] = True


def _fail(account: Account, invoice: Object, refusal: Refusal, *, automatic: bool, retries: bool) -> None:
    exhausted = False
    with changing(account, invoice, "invoice.updated"):
        _count_attempt(invoice, automatic=automatic)
        if automatic:
            invoice["next_payment_attempt"] = _next_attempt(account, invoice) if retries else None
            exhausted = retries and invoice["next_payment_attempt"] is None
    if invoice["next_payment_attempt"] is not None and automatic:
        schedule(account, invoice, "retry_invoice", invoice["next_payment_attempt"])
    account.emit("invoice.payment_failed", invoice)
    if refusal.code == "authentication_required":
        account.emit("invoice.payment_action_required", invoice)
    tell(account, invoice, Change.EXHAUSTED if exhausted else Change.FAILED)


def _next_attempt(account: Account, invoice: Object) -> int | None:
    """The time of the next retry, or None when the schedule is exhausted or collection is off."""
    intervals = account.part(BillingSettings).retry_intervals
    done = int(invoice["attempt_count"]) - 1
    if not invoice["auto_advance"] or done >= len(intervals):
        return None
    return int(time_of(account, invoice) + intervals[done])


def _process(account: Account, invoice: Object, outcome: Outcome) -> None:
    with changing(account, invoice, "invoice.updated"):
        _count_attempt(invoice, automatic=True)
        invoice["next_payment_attempt"] = None
    account.part(Memory).processing[invoice["id"]] = outcome.payment_method
    seconds = account.part(BillingSettings).processing_seconds
    schedule(account, invoice, "settle_invoice", time_of(account, invoice) + seconds)
    tell(account, invoice, Change.PROCESSING)


@due("settle_invoice")
def _settle_slow_payment(account: Account, identifier: str) -> None:
    """A bank debit decides: it is paid, or fails; a first invoice that fails is voided (stripe.md 2.2)."""
    invoice = account.table("invoice")[identifier]
    payment_method = account.part(Memory).processing.pop(identifier, None)
    if invoice["status"] != "open" or payment_method is None:
        return
    if account.part(Behaviors).of(payment_method) is Behavior.PROCESSING_FAILS:
        if invoice["billing_reason"] == "subscription_create":
            void(account, invoice)
            return
        refusal = Refusal("payment_intent_payment_attempt_failed", None, "The payment failed.")
        _fail(account, invoice, refusal, automatic=False, retries=False)
    else:
        record_payment(account, invoice, payment_method, invoice["amount_due"])
        mark_paid(account, invoice, payment_method)


@due("finalize_invoice")
def _finalize_due(account: Account, identifier: str) -> None:
    invoice = account.table("invoice")[identifier]
    at = invoice["automatically_finalizes_at"]
    if invoice["status"] != "draft" or not invoice["auto_advance"] or at is None:
        return
    if at > time_of(account, invoice):
        return
    count_usage(account, invoice)
    finalize(account, invoice)
    advance(account, invoice)


def advance(account: Account, invoice: Object) -> None:
    """Attempt what was just finalised, if it is collected automatically."""
    automatic = invoice["collection_method"] == "charge_automatically"
    if invoice["status"] == "open" and invoice["auto_advance"] and automatic:
        collect(account, invoice)


@due("retry_invoice")
def _retry(account: Account, identifier: str) -> None:
    invoice = account.table("invoice")[identifier]
    at = invoice["next_payment_attempt"]
    if invoice["status"] == "open" and at is not None and at <= time_of(account, invoice):
        collect(account, invoice)


@due("invoice_overdue")
def _overdue(account: Account, identifier: str) -> None:
    invoice = account.table("invoice")[identifier]
    if invoice["status"] == "open" and (invoice["due_date"] or 0) <= time_of(account, invoice):
        account.emit("invoice.overdue", invoice)
        tell(account, invoice, Change.OVERDUE)
