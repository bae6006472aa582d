"""The ways a subscription ends, and dunning's terminal actions (stripe.md 2.1, 2.2)."""

from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.invoice_shapes import subscription_of
from tenant_billing_sandbox.stripe.engine.invoices import Change, on_change, stop_collection, void
from tenant_billing_sandbox.stripe.engine.memory import invoices_of, of_customer
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings, TerminalAction
from tenant_billing_sandbox.stripe.engine.standing import UPDATED, latest_decided
from tenant_billing_sandbox.stripe.engine.timeline import due, time_of

INCOMPLETE_SECONDS = 23 * 3600


def end(
    account: Account, subscription: Object, reason: str, details: Any = None, *, last: Object | None = None
) -> None:
    """Cancel at once: terminal; collection of all the customer's finalised invoices stops (stripe.md 2.2).

    Args:
        account: Whose.
        subscription: What ends.
        reason: ``cancellation_details.reason``.
        details: What the call says beside it.
        last: A draft that is still to be collected.
    """
    now = time_of(account, subscription)
    incomplete = subscription["status"] == "incomplete"
    subscription["status"] = "canceled"
    subscription["ended_at"] = now
    subscription["canceled_at"] = subscription["canceled_at"] or now
    subscription["pending_update"] = None
    subscription["status_details"] = None
    given = {key: value or None for key, value in (details or {}).items()}
    subscription["cancellation_details"] |= {"reason": reason} | given
    for invoice in of_customer(account, "invoice", subscription["customer"]):
        mine = subscription_of(account, invoice) is subscription
        if invoice["status"] == "open" and mine and incomplete:
            void(account, invoice)
        elif invoice["status"] == "open" or (invoice["status"] == "draft" and mine and invoice is not last):
            stop_collection(account, invoice)
    _end_schedule(account, subscription, now)
    account.emit("customer.subscription.deleted", subscription)


def _end_schedule(account: Account, subscription: Object, now: int) -> None:
    """A schedule ends with its subscription (API reference, "The subscription schedule object")."""
    made = account.table("subscription_schedule").get(subscription["schedule"] or "")
    if made is None:
        return
    made |= {"status": "canceled", "canceled_at": now, "current_phase": None}
    subscription["schedule"] = None
    account.emit("subscription_schedule.canceled", made)


def pause(account: Account, subscription: Object, reason: str) -> None:
    """Stop billing and say why (``status_details.paused``)."""
    with changing(account, subscription, UPDATED):
        subscription["status"] = "paused"
        subscription["status_details"] = {
            "paused": {
                "subscription": {"type": reason},
                "transitioned_at": time_of(account, subscription),
                "type": "subscription",
            }
        }
    account.emit("customer.subscription.paused", subscription)


@due("expire_incomplete")
def _expire(account: Account, identifier: str) -> None:
    """After 23 hours without payment the first invoice is voided, and with it the subscription expires."""
    subscription = account.table("subscription")[identifier]
    if subscription["status"] != "incomplete":
        return
    for invoice in invoices_of(account, subscription):
        if invoice["status"] == "open":
            void(account, invoice)


@on_change
def _act_on_failure(account: Account, invoice: Object, change: Change, _payment_method: str | None) -> None:
    """Dunning's terminal action, after the last retry or (pause only) after the first failure."""
    subscription = subscription_of(account, invoice)
    if change not in {Change.FAILED, Change.EXHAUSTED} or subscription is None:
        return
    if subscription["status"] != "past_due" or latest_decided(account, subscription) is not invoice:
        return
    settings = account.part(BillingSettings)
    pausing = settings.terminal_action is TerminalAction.PAUSE
    if pausing and settings.pause_after_first_failure and _pausable(subscription):
        stop_collection(account, invoice)
        pause(account, subscription, "first_payment_failure")
    elif change is Change.EXHAUSTED:
        _act_finally(account, subscription, settings.terminal_action)


def _act_finally(account: Account, subscription: Object, action: TerminalAction) -> None:
    if action is TerminalAction.UNPAID:
        with changing(account, subscription, UPDATED):
            subscription["status"] = "unpaid"
    elif action is TerminalAction.PAUSE and _pausable(subscription):
        pause(account, subscription, "final_payment_failure")
    elif action in {TerminalAction.CANCEL, TerminalAction.PAUSE}:
        end(account, subscription, "payment_failed")


def _pausable(subscription: Object) -> bool:
    """Only flexible subscriptions without a schedule can be paused (stripe.md 2.2)."""
    return subscription["billing_mode"]["type"] == "flexible" and subscription["schedule"] is None
