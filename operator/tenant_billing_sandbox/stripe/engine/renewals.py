"""Renewal: the next period, its draft invoice, and the three ends of a trial (stripe.md 2.1, 4.3, 8)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.billing import (
    period_line,
    remember_debits,
    take_pending,
    usage_line,
)
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.charges import default_payment_method
from tenant_billing_sandbox.stripe.engine.ending import end, pause
from tenant_billing_sandbox.stripe.engine.invoice_shapes import subscription_of
from tenant_billing_sandbox.stripe.engine.invoices import (
    Change,
    draft,
    mark_uncollectible,
    on_change,
    send_on_its_way,
    void,
)
from tenant_billing_sandbox.stripe.engine.last_invoices import end_as_planned
from tenant_billing_sandbox.stripe.engine.memory import Memory
from tenant_billing_sandbox.stripe.engine.periods import period_at
from tenant_billing_sandbox.stripe.engine.previews import announce_later
from tenant_billing_sandbox.stripe.engine.schedules import enter_at_renewal
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL, UPDATED
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import DAY, due, schedule, time_of

RENEWING = frozenset({"active", "past_due", "unpaid", "trialing"})
TRIAL_NOTICE_SECONDS = 3 * DAY


def start_periods(
    account: Account, subscription: Object, anchor: int, now: int, *, running: bool = False
) -> None:
    """Put every item into its period of an anchor and announce the renewals.

    The first period begins now, unless the one that is ``running`` is taken up again amid it.
    """
    subscription["billing_cycle_anchor"] = anchor
    for item in items_of(subscription):
        start, stop = period_at(anchor, item["price"]["recurring"], now)
        item["current_period_start"], item["current_period_end"] = start if running else now, stop
        schedule(account, subscription, "renew", stop)
    announce_later(account, subscription)


def start_trial(account: Account, subscription: Object, until: int) -> None:
    """Begin a trial: one period that ends with it, where billing is anchored."""
    now = time_of(account, subscription)
    subscription |= {
        "billing_cycle_anchor": until,
        "status": "trialing",
        "trial_start": now,
        "trial_end": until,
    }
    for item in items_of(subscription):
        item["current_period_start"], item["current_period_end"] = now, until
    schedule(account, subscription, "renew", until)
    schedule(account, subscription, "trial_notice", max(until - TRIAL_NOTICE_SECONDS, now))


@due("trial_notice")
def _announce_trial_end(account: Account, identifier: str) -> None:
    subscription = account.table("subscription")[identifier]
    left = (subscription["trial_end"] or 0) - time_of(account, subscription)
    if subscription["status"] == "trialing" and 0 < left <= TRIAL_NOTICE_SECONDS:
        account.emit("customer.subscription.trial_will_end", subscription)


@due("renew")
def _renew_due(account: Account, identifier: str) -> None:
    subscription = account.table("subscription")[identifier]
    now = time_of(account, subscription)
    ended = any(item["current_period_end"] <= now for item in items_of(subscription))
    if subscription["status"] not in RENEWING or not ended:
        return
    if subscription["cancel_at"] is not None and subscription["cancel_at"] <= now:
        end_as_planned(account, subscription)
        return
    former = list(items_of(subscription))
    enter_at_renewal(account, subscription)
    if subscription["status"] in TERMINAL:
        return
    if subscription["status"] == "trialing":
        end_trial(account, subscription)
    else:
        _renew(
            account,
            subscription,
            [item for item in items_of(subscription) if item["current_period_end"] <= now],
            former,
        )


def end_trial(account: Account, subscription: Object) -> None:
    """Go over to the first paid period, or pause or cancel where no payment method is there (stripe.md 2.1)."""
    payable = subscription["collection_method"] == "send_invoice" or default_payment_method(
        account, subscription, subscription["customer"]
    )
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if not payable and behavior == "cancel":
        end(account, subscription, "payment_failed")
    elif not payable and behavior == "pause":
        pause(account, subscription, "trial_end_without_payment_method")
    else:
        _renew(account, subscription, items_of(subscription), items_of(subscription))


def _renew(account: Account, subscription: Object, ended: list[Object], former: list[Object]) -> None:
    """Move items into their next period and draft the invoice: usage of the old one, the new one in advance.

    Args:
        account: Whose.
        subscription: What renews.
        ended: Items whose period is over.
        former: Items before a phase began with the coming period: one that leaves is billed for its usage by its own
            price, one that comes has none yet (stripe.md 4.3, "phase-change invoices").
    """
    first = ended[0]
    old = first["current_period_start"], first["current_period_end"]
    lines = [*take_pending(account, subscription), *_usage_of_leaving(account, subscription, former)]
    known = {item["id"] for item in former}
    with changing(account, subscription, UPDATED):
        if subscription["status"] == "trialing":
            subscription["status"] = "active"
        for item in ended:
            start, stop = item["current_period_start"], item["current_period_end"]
            was_there = item["id"] in known
            used = usage_line(account, subscription, item, start, stop) if was_there else None
            _, following = period_at(subscription["billing_cycle_anchor"], item["price"]["recurring"], stop)
            item["current_period_start"], item["current_period_end"] = stop, following
            schedule(account, subscription, "renew", following)
            line = used or period_line(subscription, item)
            if line is not None:
                lines.append(line)
        invoice = draft(account, subscription, "subscription_cycle", lines, old)
    announce_later(account, subscription)
    remember_debits(account, invoice["lines"]["data"])
    discounts.use_up(account, subscription)
    send_on_its_way(account, subscription, invoice)


def _usage_of_leaving(account: Account, subscription: Object, former: list[Object]) -> list[Object]:
    """What metered items have used that a phase has replaced."""
    present = {item["id"] for item in items_of(subscription)}
    lines = []
    for item in former:
        if item["id"] not in present:
            account.part(Memory).departed[item["id"]] = item
            start, stop = item["current_period_start"], item["current_period_end"]
            lines.append(usage_line(account, subscription, item, start, stop))
    return [line for line in lines if line is not None]


@on_change
def _honour_paused_collection(account: Account, invoice: Object, change: Change, _method: str | None) -> None:
    """While collection is paused, invoices are voided or written off as soon as they are finalised."""
    subscription = subscription_of(account, invoice)
    if (
        change is not Change.FINALIZED
        or subscription is None
        or invoice["billing_reason"] == "subscription_create"
    ):
        return
    behavior = (subscription["pause_collection"] or {}).get("behavior")
    if behavior == "void":
        void(account, invoice)
    elif behavior == "mark_uncollectible":
        mark_uncollectible(account, invoice, "user_forgiven")
