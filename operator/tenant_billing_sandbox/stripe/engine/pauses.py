"""Pausing a subscription and resuming it (stripe.md 2.2, ``POST /v1/subscriptions/{id}/pause``)."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import (
    credit_line,
    keep_pending,
    period_line,
    remaining_line,
    remember_debits,
    take_pending,
    usage_line,
)
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.collection import advance, collect
from tenant_billing_sandbox.stripe.engine.ending import pause
from tenant_billing_sandbox.stripe.engine.invoice_shapes import subscription_of
from tenant_billing_sandbox.stripe.engine.invoices import Change, draft, finalize, on_change, void
from tenant_billing_sandbox.stripe.engine.lists import found
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.renewals import start_periods
from tenant_billing_sandbox.stripe.engine.standing import UPDATED
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of, metered
from tenant_billing_sandbox.stripe.engine.timeline import due, schedule, time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

RESUMPTION_SECONDS = 23 * 3600
PAUSABLE = frozenset({"active", "past_due", "trialing", "unpaid"})


@operation("POST", "/v1/subscriptions/{}/pause")
def _pause(account: Account, call: Call) -> Object:
    """Stop billing: open usage is billed and unused time credited, by default on the next invoice."""
    subscription = found(account, "subscription", call.path[0])
    if subscription["billing_mode"]["type"] != "flexible":
        raise invalid("Only subscriptions with `billing_mode=flexible` can be paused.")
    if subscription["schedule"]:
        raise invalid(
            f"The subscription is managed by the subscription schedule `{subscription['schedule']}` "
            "and cannot be paused directly."
        )
    if subscription["status"] not in PAUSABLE:
        raise invalid(f"A subscription with status `{subscription['status']}` cannot be paused.")
    lines = _final_lines(account, subscription, call.params.get("bill_for") or {})
    keep_pending(account, subscription, lines)
    if call.params.get("invoicing_behavior") == "invoice":
        _bill_pending(account, subscription)
    pause(account, subscription, "pause_requested")
    return subscription


def _final_lines(account: Account, subscription: Object, bill_for: Mapping[str, Any]) -> list[Object]:
    now = time_of(account, subscription)
    usage = (bill_for.get("outstanding_usage_through") or {}).get("type", "now")
    unused = (bill_for.get("unused_time_from") or {}).get("type", "now")
    lines: list[Object | None] = []
    for item in items_of(subscription):
        start = item["current_period_start"]
        if usage == "now" and metered(item):
            lines.append(usage_line(account, subscription, item, start, now, inclusive=True))
            account.part(Memory).billed_until[item["id"]] = now + 1
        if unused != "none":
            since = start if unused == "item_current_period_start" else now
            lines.append(credit_line(account, subscription, item, since))
    return [line for line in lines if line is not None]


def _bill_pending(account: Account, subscription: Object) -> None:
    now = time_of(account, subscription)
    with changing(account, subscription, UPDATED):
        lines = take_pending(account, subscription)
        invoice = draft(account, subscription, "subscription_update", lines, (now, now))
    finalize(account, invoice)
    advance(account, invoice)


@operation("POST", "/v1/subscriptions/{}/resume")
def _resume(account: Account, call: Call) -> Object:
    """Resume: at once with an attempt to collect, or when the resumption invoice is paid."""
    subscription = found(account, "subscription", call.path[0])
    if subscription["status"] != "paused":
        raise invalid("The subscription is not paused.")
    if subscription["collection_method"] != "charge_automatically":
        raise invalid("Only subscriptions with `collection_method=charge_automatically` can be resumed.")
    on_success = call.params.get("payment_behavior") == "resume_on_payment_success"
    with changing(account, subscription, UPDATED):
        invoice = _resumption_invoice(account, subscription, call.params)
        if not on_success:
            _set_active(subscription)
    if on_success:
        memory = account.part(Memory)
        memory.resumption_invoice[subscription["id"]] = invoice["id"]
    else:
        account.emit("customer.subscription.resumed", subscription)
    finalize(account, invoice)
    if invoice["status"] == "open" and not on_success:
        collect(account, invoice, retries=False)
    elif invoice["status"] == "open":
        schedule(
            account, subscription, "expire_resumption", time_of(account, subscription) + RESUMPTION_SECONDS
        )
    return subscription


def _resumption_invoice(account: Account, subscription: Object, params: Mapping[str, Any]) -> Object:
    now = time_of(account, subscription)
    unchanged = (params.get("billing_cycle_anchor") or {}).get("type") == "unchanged"
    anchor = subscription["billing_cycle_anchor"] if unchanged else now
    start_periods(account, subscription, anchor, now, running=unchanged)
    lines = take_pending(account, subscription)
    for item in items_of(subscription):
        if not unchanged:
            line = period_line(subscription, item)
        elif params.get("proration_behavior") == "none":
            line = None
        else:
            line = remaining_line(account, subscription, item, now)
        if line is not None:
            lines.append(line)
    invoice = draft(account, subscription, "subscription_update", lines, (now, now))
    remember_debits(account, invoice["lines"]["data"])
    return invoice


def _set_active(subscription: Object) -> None:
    subscription["status"] = "active"
    subscription["status_details"] = None


@due("expire_resumption")
def _expire_resumption(account: Account, identifier: str) -> None:
    """Without an attempt within 23 hours the invoice is voided and the subscription stays paused."""
    invoice_id = account.part(Memory).resumption_invoice.get(identifier)
    invoice = account.table("invoice").get(invoice_id or "")
    if invoice is not None and invoice["status"] == "open" and not invoice["attempted"]:
        void(account, invoice)


@on_change
def _resume_when_paid(account: Account, invoice: Object, change: Change, _payment_method: str | None) -> None:
    subscription = subscription_of(account, invoice)
    memory = account.part(Memory)
    if subscription is None or memory.resumption_invoice.get(subscription["id"]) != invoice["id"]:
        return
    if change in {Change.PAID, Change.VOIDED}:
        del memory.resumption_invoice[subscription["id"]]
    if change is Change.PAID and subscription["status"] == "paused":
        with changing(account, subscription, UPDATED):
            _set_active(subscription)
        account.emit("customer.subscription.resumed", subscription)
