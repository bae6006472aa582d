"""Changes that wait for their payment: ``pending_update`` (stripe.md 7; ``pending_if_incomplete``)."""

import copy
from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import remember_debits, take_pending
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.invoice_shapes import subscription_of
from tenant_billing_sandbox.stripe.engine.invoices import Change, draft, on_change, void
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.plain_updates import set_plain
from tenant_billing_sandbox.stripe.engine.proposals import Proposal
from tenant_billing_sandbox.stripe.engine.standing import UPDATED, refresh
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import due, schedule, time_of
from tenant_billing_sandbox.stripe.problems import invalid

LIFE_SECONDS = 23 * 3600
# What SDK 16.1's PendingUpdate can hold, and what steers the call.
ALLOWED = frozenset(
    {
        "billing_cycle_anchor",
        "cancel_at_period_end",
        "discounts",
        "expand",
        "items",
        "metadata",
        "off_session",
        "payment_behavior",
        "proration_behavior",
        "proration_date",
        "trial_end",
        "trial_from_plan",
    }
)


def check_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what cannot wait.

    Raises:
        Problem: 400 naming the parameters.
    """
    others = sorted(set(params) - ALLOWED)
    if others:
        raise invalid(
            f"`{others[0]}` cannot be used with `payment_behavior=pending_if_incomplete`.", param=others[0]
        )


def apply(account: Account, subscription: Object, proposal: Proposal) -> None:
    """Give the subscription the items of a proposal and announce their renewals."""
    subscription["items"]["data"] = proposal.items
    if proposal.anchor is not None:
        subscription["billing_cycle_anchor"] = proposal.anchor
    account.part(Memory).billed_until |= proposal.billed_until
    if proposal.changes_billing:
        for item in proposal.items:
            schedule(account, subscription, "renew", item["current_period_end"])


def leave_pending(
    account: Account, subscription: Object, proposal: Proposal, params: Mapping[str, Any]
) -> Object:
    """Note a change and draft the invoice on whose payment it waits; an earlier one is given up."""
    give_up(account, subscription)
    now = time_of(account, subscription)
    memory = account.part(Memory)
    ends = [item["current_period_end"] for item in items_of(subscription)]
    expires = min(now + LIFE_SECONDS, *ends)
    memory.pending_change[subscription["id"]] = {"proposal": proposal, "params": params}
    lines = [*take_pending(account, subscription), *proposal.lines]
    invoice = draft(account, subscription, "subscription_update", lines, (now, now))
    memory.pending_invoice[subscription["id"]] = invoice["id"]
    subscription["pending_update"] = {
        "billing_cycle_anchor": proposal.anchor,
        "cancel_at_period_end": params.get("cancel_at_period_end"),
        "discount": None,
        "discounts": None,
        "expires_at": expires,
        "metadata": params.get("metadata"),
        "subscription_items": copy.deepcopy(proposal.items),
        "trial_end": None,
        "trial_from_plan": None,
    }
    schedule(account, subscription, "expire_pending_update", expires)
    return invoice


def give_up(account: Account, subscription: Object) -> None:
    """Drop a pending update and void its invoice."""
    invoice = account.table("invoice").get(_forget(account, subscription) or "")
    subscription["pending_update"] = None
    if invoice is not None and invoice["status"] == "open":
        void(account, invoice)


def _forget(account: Account, subscription: Object) -> str | None:
    memory = account.part(Memory)
    memory.pending_change.pop(subscription["id"], None)
    return memory.pending_invoice.pop(subscription["id"], None)


@due("expire_pending_update")
def _expire(account: Account, identifier: str) -> None:
    subscription = account.table("subscription")[identifier]
    pending = subscription["pending_update"]
    if pending is None or pending["expires_at"] > time_of(account, subscription):
        return
    with changing(account, subscription, UPDATED):
        give_up(account, subscription)
    account.emit("customer.subscription.pending_update_expired", subscription)


@on_change
def _take_over(account: Account, invoice: Object, change: Change, _payment_method: str | None) -> None:
    """The invoice of a pending update was paid: the change takes effect. Voided: it is dropped."""
    subscription = subscription_of(account, invoice)
    memory = account.part(Memory)
    if subscription is None or memory.pending_invoice.get(subscription["id"]) != invoice["id"]:
        return
    if change is Change.VOIDED:
        with changing(account, subscription, UPDATED):
            _forget(account, subscription)
            subscription["pending_update"] = None
    if change is not Change.PAID:
        return
    waiting = memory.pending_change[subscription["id"]]
    with changing(account, subscription, UPDATED):
        _forget(account, subscription)
        subscription["pending_update"] = None
        apply(account, subscription, waiting["proposal"])
        set_plain(account, subscription, waiting["params"])
    remember_debits(account, invoice["lines"]["data"])
    refresh(account, subscription)
    account.emit("customer.subscription.pending_update_applied", subscription)
