"""The calls on subscription schedules, and phases that start amid a period."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.items import checked_price
from tenant_billing_sandbox.stripe.engine.lists import found, listing, referred
from tenant_billing_sandbox.stripe.engine.periods import after
from tenant_billing_sandbox.stripe.engine.schedules import (
    SCHEDULE_UPDATED,
    announce_phases,
    cancel_both,
    complete_both,
    detach,
    mark_entered,
    merge_phase,
    new_phase,
    new_schedule,
    phase_discount,
    phase_item,
    phase_to_enter,
)
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import due, time_of
from tenant_billing_sandbox.stripe.engine.updates import update
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

ENDED = frozenset({"released", "completed", "canceled"})


@operation("POST", "/v1/subscription_schedules")
def _create(account: Account, call: Call) -> Object:
    name = call.params.get("from_subscription")
    if not name:
        raise invalid(
            "This simulator makes schedules of existing subscriptions only.", param="from_subscription"
        )
    if {"phases", "end_behavior"} & set(call.params):
        raise invalid(
            "`from_subscription` cannot be combined with other parameters.", param="from_subscription"
        )
    subscription = referred(account, "subscription", str(name), "from_subscription")
    if subscription["schedule"]:
        raise invalid("The subscription is already attached to a schedule.", param="from_subscription")
    if subscription["status"] in TERMINAL:
        raise invalid("A canceled subscription cannot be scheduled.", param="from_subscription")
    return new_schedule(account, subscription)


@operation("GET", "/v1/subscription_schedules/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, "subscription_schedule", call.path[0])


@operation("GET", "/v1/subscription_schedules")
def _list(account: Account, call: Call) -> Object:
    wanted = call.params.get("customer")
    schedules = account.table("subscription_schedule").values()
    return listing(
        "/v1/subscription_schedules", [one for one in schedules if wanted in {None, one["customer"]}]
    )


@operation("POST", "/v1/subscription_schedules/{}")
def _update(account: Account, call: Call) -> Object:
    made = _living(account, call)
    subscription = account.table("subscription")[made["subscription"]]
    phases = _phases(account, subscription, made, call.params.get("phases"))
    with changing(account, made, SCHEDULE_UPDATED):
        merge_metadata(made, call.params.get("metadata"))
        made["phases"] = phases
        made["end_behavior"] = call.params.get("end_behavior") or made["end_behavior"]
        announce_phases(account, made)
    return made


def _phases(account: Account, subscription: Object, made: Object, asked: Any) -> list[Object]:
    """The phases asked for, each starting where the one before ends."""
    phases: list[Object] = []
    for number, entry in enumerate(asked or []):
        start = phases[-1]["end_date"] if phases else _start(account, made, entry)
        items = [_phase_item(account, made, item, place) for place, item in enumerate(entry["items"])]
        discounts.check(account, entry.get("discounts"))
        changes = {
            "discounts": [
                phase_discount(name, each[name])
                for each in entry.get("discounts") or []
                for name in ("discount", "coupon")
                if each.get(name)
            ],
            "metadata": dict(entry.get("metadata") or {}),
            "proration_behavior": entry.get("proration_behavior") or "create_prorations",
            "trial_end": entry.get("trial_end") or None,
        }
        until = _end(account, start, entry, number)
        phases.append(new_phase(subscription, start, until, items, **changes))
    return phases or list(made["phases"])


def _phase_item(account: Account, made: Object, entry: Object, place: int) -> Object:
    """One item of a phase; a licensed one without a quantity has 1, a metered one takes none.

    An archived price stays where it is used already (stripe.md 7, "Publishing a new amount").
    """
    used = {item["price"] for phase in made["phases"] for item in phase["items"]}
    known = account.table("price").get(entry.get("price") or "")
    price = known if known and known["id"] in used else checked_price(account, entry, place)
    is_metered = price["recurring"]["usage_type"] == "metered"
    if is_metered and "quantity" in entry:
        raise invalid("You cannot set the quantity of a metered price.", param=f"items[{place}][quantity]")
    quantity = None if is_metered else entry.get("quantity", 1)
    return phase_item(price["id"], quantity, metadata=dict(entry.get("metadata") or {}))


def _start(account: Account, made: Object, entry: Mapping[str, Any]) -> int:
    """Where the first phase begins: it must say so, and a phase that runs begins where it began (SDK 16.1.0)."""
    asked = entry.get("start_date")
    if asked in {None, ""}:
        raise invalid("The first phase must have a `start_date`.", param="phases[0][start_date]")
    start = time_of(account, made) if asked == "now" else int(asked)
    current = made["current_phase"]
    if current is not None and start != current["start_date"]:
        raise invalid(
            "You can not modify the start date of the current phase.", param="phases[0][start_date]"
        )
    return start


def _end(account: Account, start: int, entry: Mapping[str, Any], number: int) -> int:
    if entry.get("end_date") not in {None, "", "now"}:
        return int(entry["end_date"])
    duration = entry.get("duration")
    if duration:
        return after(start, duration["interval"], int(duration.get("interval_count") or 1))
    recurring = checked_price(account, entry["items"][0], number)["recurring"]
    return after(start, recurring["interval"], recurring["interval_count"])


@operation("POST", "/v1/subscription_schedules/{}/release")
def _release(account: Account, call: Call) -> Object:
    made = _living(account, call)
    detach(account, made, "released")
    return made


@operation("POST", "/v1/subscription_schedules/{}/cancel")
def _cancel(account: Account, call: Call) -> Object:
    """Cancel both; other than a plain cancel it credits and invoices unless told not to (stripe.md 4.3)."""
    made = _living(account, call)
    prorate, invoice_now = (call.params.get(name, True) for name in ("prorate", "invoice_now"))
    cancel_both(account, made, prorate=prorate, invoice_now=invoice_now)
    return made


def _living(account: Account, call: Call) -> Object:
    made = found(account, "subscription_schedule", call.path[0])
    if made["status"] in ENDED:
        raise invalid(f"The subscription schedule is {made['status']} and cannot be changed.")
    return made


@due("schedule_phase")
def _look_at_phases(account: Account, identifier: str) -> None:
    """Start the phase whose time has come, or end the schedule after its last one."""
    made = account.table("subscription_schedule")[identifier]
    if made["status"] in ENDED:
        return
    subscription = account.table("subscription").get(made["subscription"])
    if subscription is None or subscription["status"] in TERMINAL:
        detach(account, made, "canceled")
    elif made["phases"][-1]["end_date"] <= time_of(account, made):
        if made["end_behavior"] == "cancel":
            complete_both(account, made)
        else:
            detach(account, made, "released")
    else:
        _enter(account, made, subscription)


def _enter(account: Account, made: Object, subscription: Object) -> None:
    now = time_of(account, made)
    if any(item["current_period_end"] <= now for item in items_of(subscription)):
        return  # the renewal of the same second enters the phase and bills by it
    phase = phase_to_enter(account, made)
    if phase is None:
        return
    prices = {entry["price"] for entry in phase["items"]}
    by_price = {item["price"]["id"]: item["id"] for item in items_of(subscription)}
    entries: list[Object] = [
        {"id": by_price[entry["price"]], "quantity": entry.get("quantity")}
        if entry["price"] in by_price
        else {"price": entry["price"], "quantity": entry.get("quantity")}
        for entry in phase["items"]
    ]
    entries += [{"id": item, "deleted": True} for price, item in by_price.items() if price not in prices]
    params = {"items": entries, "proration_behavior": phase["proration_behavior"]}
    update(account, Call("POST", "/v1/subscriptions/{}", (subscription["id"],), params))
    merge_phase(account, subscription, phase)
    mark_entered(account, made, phase)
