"""The calls on subscription schedules, and phases that start amid a period."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata, merged_metadata
from tenant_billing_sandbox.stripe.engine.lists import found, listing, matches, referred
from tenant_billing_sandbox.stripe.engine.requested_phases import requested_phases
from tenant_billing_sandbox.stripe.engine.schedules import (
    SCHEDULE_UPDATED,
    announce_phases,
    cancel_both,
    complete_both,
    detach,
    mark_entered,
    merge_phase,
    new_schedule,
    phase_to_enter,
    take_discounts,
)
from tenant_billing_sandbox.stripe.engine.standing import TERMINAL, UPDATED
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of
from tenant_billing_sandbox.stripe.engine.timeline import due, time_of
from tenant_billing_sandbox.stripe.engine.updates import update
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

ENDED = frozenset({"released", "completed", "canceled"})


@operation("POST", "/v1/subscription_schedules")
def _create(account: Account, call: Call) -> Object:
    """Attach a schedule to a subscription; it starts at once, so none is ever only ``scheduled``."""
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
    times = ("created", "canceled_at", "completed_at", "released_at")
    schedules = account.table("subscription_schedule").values()
    wanted = [one for one in schedules if matches(one, call.params, ("customer",), times)]
    return listing("/v1/subscription_schedules", [] if call.params.get("scheduled") else wanted)


@operation("POST", "/v1/subscription_schedules/{}")
def _update(account: Account, call: Call) -> Object:
    """Replace the phases; what is new in the one that runs takes effect at once."""
    made = _living(account, call)
    subscription = account.table("subscription")[made["subscription"]]
    phases = requested_phases(account, subscription, made, call.params.get("phases"))
    merged_metadata(made["metadata"], call.params.get("metadata"))
    _change_at_once(account, subscription, made, phases, call.params.get("proration_behavior"))
    with changing(account, made, SCHEDULE_UPDATED):
        merge_metadata(made, call.params.get("metadata"))
        made["phases"] = phases
        made["end_behavior"] = call.params.get("end_behavior") or made["end_behavior"]
        announce_phases(account, made)
    return made


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


def _change_at_once(
    account: Account, subscription: Object, made: Object, phases: list[Object], proration: str | None
) -> None:
    """Carry out what differs in the current phase ("changes the billing configuration", SDK 16.1.0)."""
    before, after = _running(made, made["phases"]), _running(made, phases)
    if before is None or after is None:
        return
    params: Object = {}
    if _sold(before) != _sold(after):
        params["items"] = _item_changes(subscription, after)
    if before["trial_end"] != after["trial_end"] and subscription["status"] == "trialing":
        params["trial_end"] = after["trial_end"] or "now"
    if params:
        params["proration_behavior"] = proration or "create_prorations"
        update(account, Call("POST", "/v1/subscriptions/{}", (subscription["id"],), params))
    if before["discounts"] != after["discounts"]:
        with changing(account, subscription, UPDATED):
            take_discounts(account, subscription, after)


def _running(made: Object, phases: list[Object]) -> Object | None:
    began = (made["current_phase"] or {}).get("start_date")
    return next((phase for phase in phases if phase["start_date"] == began), None)


def _sold(phase: Object) -> list[tuple[str, int | None]]:
    return [(item["price"], item.get("quantity")) for item in phase["items"]]


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
    params = {
        "items": _item_changes(subscription, phase),
        "proration_behavior": phase["proration_behavior"],
    }
    update(account, Call("POST", "/v1/subscriptions/{}", (subscription["id"],), params))
    merge_phase(account, subscription, phase)
    mark_entered(account, made, phase)


def _item_changes(subscription: Object, phase: Object) -> list[Object]:
    """The ``items`` of an update that gives a subscription those of a phase."""
    prices = {entry["price"] for entry in phase["items"]}
    by_price = {item["price"]["id"]: item["id"] for item in items_of(subscription)}
    entries: list[Object] = [
        {"id": by_price[entry["price"]], "quantity": entry.get("quantity")}
        if entry["price"] in by_price
        else {"price": entry["price"], "quantity": entry.get("quantity"), "planned": True}
        for entry in phase["items"]
    ]
    return entries + [
        {"id": item, "deleted": True} for price, item in by_price.items() if price not in prices
    ]
