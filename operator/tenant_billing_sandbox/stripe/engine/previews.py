"""Previewing the next invoice, with or without a change of plan (stripe.md 7; ``invoices.create_preview``)."""

import copy
from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import period_line, usage_line
from tenant_billing_sandbox.stripe.engine.invoice_shapes import new_invoice
from tenant_billing_sandbox.stripe.engine.lists import referred
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.periods import period_at
from tenant_billing_sandbox.stripe.engine.proposals import Proposal, propose
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import DAY, due, schedule, time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

NOTICE_SECONDS = 3 * DAY


@operation("POST", "/v1/invoices/create_preview")
def _preview(account: Account, call: Call) -> Object:
    name = call.params.get("subscription")
    if not name:
        raise invalid(
            "You must pass a subscription to preview.", param="subscription", code="parameter_missing"
        )
    subscription = referred(account, "subscription", str(name), "subscription")
    if subscription["status"] in TERMINAL:
        raise invalid("No upcoming invoices for this subscription.", code="invoice_upcoming_none", status=404)
    return upcoming(account, subscription, call.params.get("subscription_details") or {})


def upcoming(account: Account, subscription: Object, details: Mapping[str, Any]) -> Object:
    """The invoice that would come next, or at once, if ``details`` were done; nothing is kept or numbered."""
    counter = account.counter
    proposal = propose(account, subscription, details)
    immediate = details.get("proration_behavior") == "always_invoice" and proposal.lines
    lines = [copy.deepcopy(line) for line in account.part(Memory).pending_lines.get(subscription["id"], [])]
    lines += proposal.lines
    if not (proposal.bills_now or immediate):
        lines += _next_period(account, subscription, proposal)
    customer = account.table("customer")[subscription["customer"]]
    first = proposal.items[0]
    period = first["current_period_start"], first["current_period_end"]
    reason = "subscription_update" if proposal.bills_now or immediate else "upcoming"
    invoice = new_invoice(account, subscription, customer, reason, lines, period)
    account.counter = counter
    invoice["id"] = f"upcoming_{invoice['id']}"
    return invoice


def _next_period(account: Account, subscription: Object, proposal: Proposal) -> list[Object]:
    lines = []
    for item in proposal.items:
        end = item["current_period_end"]
        start = max(item["current_period_start"], proposal.billed_until.get(item["id"], 0))
        used = usage_line(account, subscription, item, start, end)
        _, following = period_at(subscription["billing_cycle_anchor"], item["price"]["recurring"], end)
        coming = item | {"current_period_start": end, "current_period_end": following}
        line = used or period_line(subscription, coming)
        if line is not None:
            lines.append(line)
    return lines


def announce_later(account: Account, subscription: Object) -> None:
    """Announce the next renewal some days before it (``invoice.upcoming``)."""
    at = min(item["current_period_end"] for item in items_of(subscription)) - NOTICE_SECONDS
    if at > time_of(account, subscription):
        schedule(account, subscription, "announce_invoice", at)


@due("announce_invoice")
def _announce(account: Account, identifier: str) -> None:
    subscription = account.table("subscription")[identifier]
    now = time_of(account, subscription)
    ends = min(item["current_period_end"] for item in items_of(subscription))
    if subscription["status"] in {"active", "past_due"} and now <= ends <= now + NOTICE_SECONDS:
        account.emit("invoice.upcoming", upcoming(account, subscription, {}))
