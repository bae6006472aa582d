"""Subscription schedules: phases that take over at their time (stripe.md 7, "At the period end")."""

from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.changes import changing
from tenant_billing_sandbox.stripe.engine.last_invoices import cancel, end_as_planned
from tenant_billing_sandbox.stripe.engine.memory import index
from tenant_billing_sandbox.stripe.engine.plain_updates import set_settings
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL, UPDATED
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of, metered, new_item
from tenant_billing_sandbox.stripe.engine.timeline import schedule, time_of

SCHEDULE_UPDATED = "subscription_schedule.updated"
SETTINGS = ("automatic_tax", "collection_method", "default_payment_method", "description")
"""What a phase sets on its subscription where it names it; else the subscription keeps its own."""


def new_schedule(account: Account, subscription: Object) -> Object:
    """A schedule of one phase that is the subscription as it stands, attached to it."""
    now = time_of(account, subscription)
    made: Object = {
        "id": account.new_id("sub_sched"),
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": dict(subscription["billing_mode"]),
        "canceled_at": None,
        "completed_at": None,
        "created": now,
        "current_phase": None,
        "customer": subscription["customer"],
        "customer_account": None,
        "default_settings": _default_settings(subscription),
        "end_behavior": "release",
        "livemode": account.livemode,
        "metadata": {},
        "pause_schedules": [],
        "phases": [_present_phase(subscription)],
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": subscription["id"],
        "test_clock": subscription["test_clock"],
    }
    index(account, "subscription_schedule", made)
    announce_phases(account, made)
    with changing(account, subscription, UPDATED):
        subscription["schedule"] = made["id"]
    account.emit("subscription_schedule.created", made)
    return made


def _default_settings(subscription: Object) -> Object:
    return {
        "application_fee_percent": None,
        "automatic_tax": dict(subscription["automatic_tax"]),
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": subscription["collection_method"],
        "default_payment_method": None,
        "description": None,
        "invoice_settings": dict(subscription["invoice_settings"]) | {"days_until_due": None},
        "on_behalf_of": None,
        "transfer_data": None,
    }


def _present_phase(subscription: Object) -> Object:
    first = items_of(subscription)[0]
    items = [
        phase_item(item["price"]["id"], item.get("quantity"), metadata=dict(item["metadata"]))
        for item in items_of(subscription)
    ]
    start, end = first["current_period_start"], first["current_period_end"]
    trial_end = subscription["trial_end"] if subscription["status"] == "trialing" else None
    kept = [phase_discount("discount", identifier) for identifier in subscription["discounts"]]
    return new_phase(subscription, start, end, items, trial_end=trial_end, discounts=kept)


def phase_item(price: str, quantity: int | None, **changes: Any) -> Object:
    """One item of a phase."""
    item: Object = {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "price": price,
        "tax_rates": [],
        **changes,
    }
    return item if quantity is None else item | {"quantity": quantity}


def phase_discount(name: str, identifier: str) -> Object:
    """What a phase says of one of its discounts: an existing one, or the coupon to make one of."""
    return {"coupon": None, "discount": None, "promotion_code": None} | {name: identifier}


def new_phase(subscription: Object, start: int, end: int, items: list[Object], **changes: Any) -> Object:
    """A phase from ``start`` to ``end``, seconds."""
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": subscription["currency"],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "end_date": end,
        "invoice_settings": None,
        "items": items,
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": "create_prorations",
        "start_date": start,
        "transfer_data": None,
        "trial_end": None,
        **changes,
    }


def announce_phases(account: Account, made: Object) -> None:
    """Set the current phase and have the schedule looked at again at every boundary."""
    now = time_of(account, made)
    made["current_phase"] = next(
        (
            {"start_date": phase["start_date"], "end_date": phase["end_date"]}
            for phase in made["phases"]
            if phase["start_date"] <= now < phase["end_date"]
        ),
        None,
    )
    for phase in made["phases"]:
        for boundary in (phase["start_date"], phase["end_date"]):
            if boundary > now:
                schedule(account, made, "schedule_phase", boundary)


def phase_to_enter(account: Account, made: Object) -> Object | None:
    """The phase that runs by now although it is not the current one yet."""
    now = time_of(account, made)
    current = (made["current_phase"] or {}).get("start_date")
    for phase in made["phases"]:
        if phase["start_date"] <= now < phase["end_date"] and phase["start_date"] != current:
            return dict(phase)
    return None


def enter_at_renewal(account: Account, subscription: Object) -> None:
    """Take over the phase that starts with the coming period, so that the period is billed by it."""
    made = account.table("subscription_schedule").get(subscription["schedule"] or "")
    if made is None:
        return
    if made["end_behavior"] == "cancel" and made["phases"][-1]["end_date"] <= time_of(account, made):
        complete_both(account, made)
        return
    phase = phase_to_enter(account, made)
    if phase is None:
        return
    with changing(account, subscription, UPDATED):
        items = _items(account, subscription, phase)
        if _interval(items[0]) != _interval(items_of(subscription)[0]):
            # "automatic": another interval is counted from the start of its phase
            subscription["billing_cycle_anchor"] = phase["start_date"]
        subscription["items"]["data"] = items
        merge_phase(account, subscription, phase)
    mark_entered(account, made, phase)


def _interval(item: Object) -> tuple[str, int]:
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def merge_phase(account: Account, subscription: Object, phase: Object) -> None:
    """The phase's metadata is merged into the subscription's when it starts (stripe.md 7), its settings are set."""
    metadata = {**subscription["metadata"], **phase["metadata"]}
    subscription["metadata"] = {key: value for key, value in metadata.items() if value}
    settings = {name: phase[name] for name in SETTINGS if phase.get(name)}
    if days := (phase["invoice_settings"] or {}).get("days_until_due"):
        settings["days_until_due"] = days
    set_settings(subscription, settings)
    take_discounts(account, subscription, phase)


def take_discounts(account: Account, subscription: Object, phase: Object) -> None:
    """A phase's discounts replace the subscription's: one that names none leaves none (SDK 16.1.0)."""
    customer = account.table("customer")[subscription["customer"]]
    subscription["discounts"] = discounts.resolve(account, customer, subscription["id"], phase["discounts"])


def mark_entered(account: Account, made: Object, phase: Object) -> None:
    """Make a phase the current one."""
    with changing(account, made, SCHEDULE_UPDATED):
        made["current_phase"] = {"start_date": phase["start_date"], "end_date": phase["end_date"]}


def _items(account: Account, subscription: Object, phase: Object) -> list[Object]:
    """Items of the same price stay, others are new ones in the period that just ended."""
    by_price = {item["price"]["id"]: item for item in items_of(subscription)}
    first, items = items_of(subscription)[0], []
    for entry in phase["items"]:
        item = by_price.get(entry["price"])
        if item is None:
            price = account.table("price")[entry["price"]]
            now = time_of(account, subscription)
            item = new_item(account, subscription["id"], price, entry.get("quantity"), now)
            item["current_period_start"] = first["current_period_start"]
            item["current_period_end"] = first["current_period_end"]
        elif not metered(item):
            item["quantity"] = entry.get("quantity", 1)
        items.append(item)
    return items


def detach(account: Account, made: Object, status: str) -> None:
    """End a schedule: ``released`` or ``completed`` leave the subscription, ``canceled`` does not."""
    now = time_of(account, made)
    subscription = account.table("subscription").get(made["subscription"] or "")
    made |= {"status": status, "current_phase": None}
    stamp = {"released": "released_at", "completed": "completed_at", "canceled": "canceled_at"}[status]
    made[stamp] = now
    if status == "released":
        made |= {"released_subscription": made["subscription"], "subscription": None}
    if subscription is not None and subscription["schedule"] == made["id"]:
        with changing(account, subscription, UPDATED):
            subscription["schedule"] = None
    account.emit(f"subscription_schedule.{status}", made)


def complete_both(account: Account, made: Object) -> None:
    """End a schedule after its last phase, and its subscription with it."""
    subscription = account.table("subscription").get(made["subscription"] or "")
    detach(account, made, "completed")
    if subscription is not None and subscription["status"] not in TERMINAL:
        end_as_planned(account, subscription)


def cancel_both(account: Account, made: Object, *, prorate: bool, invoice_now: bool) -> None:
    """Cancel a schedule and its subscription at once."""
    subscription = account.table("subscription").get(made["subscription"] or "")
    detach(account, made, "canceled")
    if subscription is not None and subscription["status"] not in TERMINAL:
        cancel(account, subscription, None, prorate=prorate, invoice_now=invoice_now)
