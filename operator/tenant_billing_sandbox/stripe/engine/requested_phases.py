"""The phases that a call asks for a schedule to have (stripe.md 7, "At the period end")."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.items import (
    MOST_ITEMS,
    check_currency,
    check_intervals,
    check_simulated_item,
    checked_price,
)
from tenant_billing_sandbox.stripe.engine.periods import after
from tenant_billing_sandbox.stripe.engine.refusals import check_simulated, not_simulated
from tenant_billing_sandbox.stripe.engine.schedules import SETTINGS, new_phase, phase_discount, phase_item
from tenant_billing_sandbox.stripe.engine.subscription_shapes import automatic_tax
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.problems import invalid

INVOICING = ("account_tax_ids", "days_until_due", "issuer")


def requested_phases(account: Account, subscription: Object, made: Object, asked: Any) -> list[Object]:
    """The phases asked for, each starting where the one before ends; the schedule's own where none are.

    Raises:
        Problem: 400.
    """
    phases: list[Object] = []
    for number, entry in enumerate(asked or []):
        check_simulated(entry)
        if entry.get("billing_cycle_anchor") == "phase_start":
            raise not_simulated("billing_cycle_anchor", f"phases[{number}][billing_cycle_anchor]")
        start = phases[-1]["end_date"] if phases else _start(account, made, entry)
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
            **_settings(entry),
        }
        items = _items(account, subscription, made, entry["items"], number)
        until = _end(account, made, start, entry, number)
        phases.append(new_phase(subscription, start, until, items, **changes))
    return phases or list(made["phases"])


def _settings(entry: Mapping[str, Any]) -> Object:
    """How a phase has its subscription paid for, in the shapes of a phase."""
    settings: Object = {name: entry[name] for name in SETTINGS if entry.get(name)}
    if "automatic_tax" in settings:
        settings["automatic_tax"] = automatic_tax(settings["automatic_tax"])
    if invoicing := entry.get("invoice_settings"):
        settings["invoice_settings"] = dict.fromkeys(INVOICING) | invoicing
    return settings


def _items(
    account: Account, subscription: Object, made: Object, asked: list[Object], phase: int
) -> list[Object]:
    items = [_item(account, made, entry, f"phases[{phase}][items][{at}]") for at, entry in enumerate(asked)]
    prices = [account.table("price")[item["price"]] for item in items]
    if not 1 <= len(items) <= MOST_ITEMS:
        raise invalid(f"A phase has 1 to {MOST_ITEMS} items.", param=f"phases[{phase}][items]")
    if len({price["id"] for price in prices}) < len(prices):
        raise invalid(
            "Cannot have multiple subscription items with the same plan.", param=f"phases[{phase}][items]"
        )
    for price in prices:
        check_currency(subscription, price)
    check_intervals(subscription, [{"price": price} for price in prices])
    return items


def _item(account: Account, made: Object, entry: Object, path: str) -> Object:
    """One item of a phase; a licensed one without a quantity has 1, a metered one takes none.

    An archived price stays where it is used already (stripe.md 7, "Publishing a new amount").
    """
    check_simulated_item(entry, path)
    used = {item["price"] for phase in made["phases"] for item in phase["items"]}
    known = account.table("price").get(entry.get("price") or "")
    price = known if known and known["id"] in used else checked_price(account, entry, path)
    is_metered = price["recurring"]["usage_type"] == "metered"
    if is_metered and "quantity" in entry:
        raise invalid("You cannot set the quantity of a metered price.", param=f"{path}[quantity]")
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


def _end(account: Account, made: Object, start: int, entry: Mapping[str, Any], number: int) -> int:
    asked, duration = entry.get("end_date"), entry.get("duration")
    param = f"phases[{number}][end_date]"
    if asked not in {None, ""} and duration:
        raise invalid("You may only specify one of these parameters: duration, end_date.", param=param)
    if asked not in {None, ""}:
        end = time_of(account, made) if asked == "now" else int(asked)
        if end <= start:
            raise invalid("The `end_date` of a phase must be after its `start_date`.", param=param)
        return end
    if duration:
        return after(start, duration["interval"], int(duration.get("interval_count") or 1))
    recurring = account.table("price")[entry["items"][0]["price"]]["recurring"]
    return after(start, recurring["interval"], recurring["interval_count"])
