"""The last invoice of a subscription: what is still to be billed when it ends (stripe.md 4.3)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import credit_line, keep_pending, take_pending, usage_line
from tenant_billing_sandbox.stripe.engine.collection import advance
from tenant_billing_sandbox.stripe.engine.ending import end
from tenant_billing_sandbox.stripe.engine.invoices import draft, finalize, send_on_its_way
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import due, time_of

NOTHING_DUE = frozenset({"incomplete", "trialing", "paused"})
"""States in which a subscription owes nothing for its running period."""


def cancel(
    account: Account, subscription: Object, details: object, *, prorate: bool, invoice_now: bool
) -> None:
    """Cancel at once; open usage is billed only with ``invoice_now``, unused time credited only with ``prorate``."""
    billable = subscription["status"] not in NOTHING_DUE
    if prorate and billable:
        keep_pending(account, subscription, _credits(account, subscription))
    if invoice_now and billable:
        invoice = _last_invoice(account, subscription)
        if invoice is not None:
            finalize(account, invoice)
            advance(account, invoice)
    if subscription["status"] not in TERMINAL:
        end(account, subscription, "cancellation_requested", details)


def end_as_planned(account: Account, subscription: Object) -> None:
    """End a subscription at the time that was set for it, with a last invoice, which waits its hour like any other.

    "Any metered usage is charged for in a final invoice when the subscription cancels at the end of the billing period"
    (docs.stripe.com ``billing/subscriptions/cancel``), pending prorations are "collected at the end of the period" (API
    reference, "Cancel a subscription"), and an end amid a period is a proration of it (SDK 16.1.0, ``cancel_at``).
    """
    invoice = None
    if subscription["status"] not in NOTHING_DUE:
        if subscription["id"] not in account.part(Memory).ends_uncredited:
            keep_pending(account, subscription, _credits(account, subscription))
        invoice = _last_invoice(account, subscription)
    end(account, subscription, "cancellation_requested", last=invoice)
    if invoice is not None:
        send_on_its_way(account, subscription, invoice)


@due("end_subscription")
def _end_when_due(account: Account, identifier: str) -> None:
    subscription = account.table("subscription")[identifier]
    at = subscription["cancel_at"]
    if subscription["status"] not in TERMINAL and at is not None and at <= time_of(account, subscription):
        end_as_planned(account, subscription)


def _credits(account: Account, subscription: Object) -> list[Object]:
    now = time_of(account, subscription)
    lines = [credit_line(account, subscription, item, now) for item in items_of(subscription)]
    return [line for line in lines if line is not None]


def _last_invoice(account: Account, subscription: Object) -> Object | None:
    """A draft of the running period's usage and of whatever waited for an invoice; None where there is neither."""
    now = time_of(account, subscription)
    lines = take_pending(account, subscription)
    for item in items_of(subscription):
        line = usage_line(account, subscription, item, item["current_period_start"], now, inclusive=True)
        if line is not None:
            lines.append(line)
    if not lines:
        return None
    start = min(item["current_period_start"] for item in items_of(subscription))
    return draft(account, subscription, "subscription_cycle", lines, (start, now))
