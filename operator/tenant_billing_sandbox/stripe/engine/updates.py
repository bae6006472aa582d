"""Updating a subscription: items and their payment, then all that needs none (stripe.md 2.2, 7)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import keep_pending, remember_debits, take_pending
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.charges import charge, default_payment_method
from tenant_billing_sandbox.stripe.engine.collection import collect
from tenant_billing_sandbox.stripe.engine.invoice_shapes import probe_total
from tenant_billing_sandbox.stripe.engine.invoices import draft, finalize
from tenant_billing_sandbox.stripe.engine.lists import found
from tenant_billing_sandbox.stripe.engine.pending_updates import apply, check_parameters, leave_pending
from tenant_billing_sandbox.stripe.engine.plain_updates import check_plain, set_plain
from tenant_billing_sandbox.stripe.engine.proposals import Proposal, propose
from tenant_billing_sandbox.stripe.engine.refusals import check_simulated, declined, frozen, still_incomplete
from tenant_billing_sandbox.stripe.engine.renewals import start_trial
from tenant_billing_sandbox.stripe.engine.requested_times import trial_end
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL, UPDATED, refresh
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

ALWAYS = frozenset({"metadata", "cancellation_details", "expand"})
WHILE_INCOMPLETE = frozenset({"metadata", "default_source", "expand"})
BEHAVIORS = ("payment_behavior", "proration_behavior", "proration_date", "off_session", "expand")


@operation("POST", "/v1/subscriptions/{}")
def update(account: Account, call: Call) -> Object:
    """Change a subscription; refusals come before anything is changed."""
    subscription = found(account, "subscription", call.path[0])
    _check_state(subscription, call)
    check_plain(account, subscription, call.params)
    behavior = str(call.params.get("payment_behavior") or "allow_incomplete")
    if behavior == "pending_if_incomplete":
        check_parameters(call.params)
    proposal = propose(account, subscription, call.params)
    if behavior == "error_if_incomplete":
        _refuse_hopeless(account, subscription, proposal, call)
    if behavior == "pending_if_incomplete" and bills_now(proposal, call):
        _change_if_paid(account, subscription, proposal, call)
        return subscription
    with changing(account, subscription, UPDATED):
        set_plain(account, subscription, call.params)
        invoice = _change(account, subscription, proposal, call)
    if invoice is not None:
        _collect(account, subscription, invoice, behavior)
    return subscription


def bills_now(proposal: Proposal, call: Call) -> bool:
    """Whether the change makes an invoice at once."""
    always = call.params.get("proration_behavior") == "always_invoice"
    return proposal.bills_now or (always and bool(proposal.lines))


def _check_state(subscription: Object, call: Call) -> None:
    check_simulated(call.params)
    asked = set(call.params)
    if subscription["status"] in TERMINAL and asked - ALWAYS:
        raise frozen(subscription)
    if subscription["status"] == "incomplete" and asked - WHILE_INCOMPLETE:
        raise still_incomplete()
    if subscription["status"] == "paused" and {"items", "trial_end"} & asked:
        raise invalid("A paused subscription must be resumed before its items or its trial can change.")


def _change(account: Account, subscription: Object, proposal: Proposal, call: Call) -> Object | None:
    """Take the proposal over; returns the invoice that bills it at once, as a draft."""
    until = trial_end(call.params, time_of(account, subscription))
    if until is not None:
        apply(account, subscription, proposal)
        start_trial(account, subscription, until)
        return None
    if call.params.get("trial_end") == "now" and subscription["status"] == "trialing":
        subscription |= {"status": "active", "trial_end": time_of(account, subscription)}
    apply(account, subscription, proposal)
    if not bills_now(proposal, call):
        keep_pending(account, subscription, proposal.lines)
        return None
    return bill(account, subscription, proposal.lines)


def bill(account: Account, subscription: Object, lines: list[Object]) -> Object:
    """A draft of the lines of a change and of whatever waited for an invoice."""
    now = time_of(account, subscription)
    everything = [*take_pending(account, subscription), *lines]
    invoice = draft(account, subscription, "subscription_update", everything, (now, now))
    remember_debits(account, invoice["lines"]["data"])
    return invoice


def _collect(account: Account, subscription: Object, invoice: Object, behavior: str) -> None:
    """Finalise at once, and attempt the payment unless the caller wants to confirm it."""
    finalize(account, invoice)
    if invoice["status"] != "open" or subscription["collection_method"] == "send_invoice":
        return
    if behavior == "default_incomplete":
        refresh(account, subscription)
    else:
        collect(account, invoice)


def _refuse_hopeless(account: Account, subscription: Object, proposal: Proposal, call: Call) -> None:
    if not bills_now(proposal, call) or subscription["collection_method"] == "send_invoice":
        return
    if probe_total(account, subscription, proposal.lines) <= 0:
        return
    method = default_payment_method(account, subscription, subscription["customer"])
    refusal = charge(account, method).refusal
    if refusal is not None:
        raise declined(refusal)


def _change_if_paid(account: Account, subscription: Object, proposal: Proposal, call: Call) -> None:
    """Bill the change; it takes effect when that is paid, at once or within 23 hours (``pending_update``)."""
    with changing(account, subscription, UPDATED):
        invoice = leave_pending(account, subscription, proposal, call.params)
    finalize(account, invoice)
    if invoice["status"] == "open" and subscription["collection_method"] == "charge_automatically":
        collect(account, invoice, retries=False)
