"""What a change of a subscription's items would make of it: new items, and the lines to bill (stripe.md 7).

A proposal changes nothing, so that it can be previewed, refused, or left pending.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import (
    closing_line,
    credit_line,
    period_line,
    remaining_line,
    usage_line,
)
from tenant_billing_sandbox.stripe.engine.items import (
    added,
    changed,
    check_intervals,
    check_simulated_item,
    checked_price,
)
from tenant_billing_sandbox.stripe.engine.money import amount_of
from tenant_billing_sandbox.stripe.engine.periods import period_at
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of, metered
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.problems import invalid

MOST_ITEMS = 20


@dataclass
class Proposal:
    """The subscription's items as they would be.

    Attributes:
        items: All items, with their periods.
        anchor: The new billing cycle anchor, or None where it stays.
        lines: Credits and debits of the change.
        billed_until: Since when usage counts of metered items that came or changed, by item id.
        bills_now: Whether the rules themselves make an invoice at once: another interval, from free to paid, the end
            of a trial, an anchor set to now.
        changes_billing: Whether prices, quantities or the anchor change at all.
    """

    items: list[Object]
    anchor: int | None = None
    lines: list[Object] = field(default_factory=list)
    billed_until: dict[str, int] = field(default_factory=dict)
    bills_now: bool = False
    changes_billing: bool = False


def propose(account: Account, subscription: Object, params: Mapping[str, Any]) -> Proposal:
    """Work out the ``items`` and the anchor that an update or a preview asks for.

    Raises:
        Problem: 400 for items that cannot be had.
    """
    current = items_of(subscription)
    items = _items(account, subscription, list(params.get("items") or []))
    proposal = Proposal(items, changes_billing=_differ(current, items))
    ends_trial = subscription["status"] == "trialing" and params.get("trial_end") == "now"
    restarts = (params.get("billing_cycle_anchor") or {}).get("type") == "now" or ends_trial
    if subscription["status"] == "trialing" and not ends_trial:
        _keep_periods(subscription, proposal)
        return proposal
    at = int(params.get("proration_date") or time_of(account, subscription))
    if restarts or _restarts_billing(current, items):
        _restart(account, subscription, proposal, at)
    else:
        _prorate(account, subscription, proposal, at)
    if (params.get("proration_behavior") or "create_prorations") == "none":
        proposal.lines = [line for line in proposal.lines if not _is_proration(line)]
    return proposal


def _items(account: Account, subscription: Object, asked: list[Object]) -> list[Object]:
    """The items after the change; one without ``id`` is added (stripe.md 7)."""
    by_id = {item["id"]: dict(item) for item in items_of(subscription)}
    for number, entry in enumerate(asked):
        check_simulated_item(entry, f"items[{number}]")
        price = _price(account, entry, number) if entry.get("price") else None
        identifier = entry.get("id")
        if identifier is None:
            price = price or _price(account, entry, number)
            new = added(account, subscription, list(by_id.values()), entry, price)
            by_id[new["id"]] = new
        elif identifier not in by_id:
            raise invalid(
                f"No such subscription item: '{identifier}'",
                param=f"items[{number}][id]",
                code="resource_missing",
            )
        elif entry.get("deleted"):
            del by_id[identifier]
        else:
            by_id[identifier] = changed(subscription, by_id[identifier], entry, price)
    _check_whole(list(by_id.values()))
    check_intervals(subscription, list(by_id.values()))
    return list(by_id.values())


def _price(account: Account, entry: Object, number: int) -> Object:
    """The price that an entry asks for; what a schedule has planned was checked then, and comes as it is now."""
    if entry.get("planned"):
        return account.table("price")[entry["price"]]
    return checked_price(account, entry, f"items[{number}]")


def _check_whole(items: list[Object]) -> None:
    if not items:
        raise invalid("A subscription must have at least one active plan.", param="items")
    if len(items) > MOST_ITEMS:
        raise invalid(f"A subscription can have at most {MOST_ITEMS} items.", param="items")
    prices = [item["price"]["id"] for item in items]
    if len(set(prices)) < len(prices):
        raise invalid("Cannot have multiple subscription items with the same plan.", param="items")


def _differ(before: list[Object], after: list[Object]) -> bool:
    return [_billed(item) for item in before] != [_billed(item) for item in after]


def _billed(item: Object) -> tuple[Any, ...]:
    return item["id"], item["price"]["id"], item.get("quantity")


def _restarts_billing(before: list[Object], after: list[Object]) -> bool:
    """Another interval, or from free to paid, moves the billing date to now (stripe.md 7)."""
    old = {item["id"]: item for item in before}
    pairs = [(old[item["id"]], item) for item in after if item["id"] in old]
    if any(_interval(first) != _interval(second) for first, second in pairs):
        return True
    return _worth(before) == 0 and _worth(after) > 0


def _interval(item: Object) -> tuple[str, int]:
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _worth(items: list[Object]) -> int:
    return sum(amount_of(item["price"], 1 if metered(item) else item["quantity"]) for item in items)


def _keep_periods(subscription: Object, proposal: Proposal) -> None:
    """During a trial nothing is prorated; a new item shares the trial."""
    for item in proposal.items:
        item["current_period_end"] = subscription["trial_end"]


def _restart(account: Account, subscription: Object, proposal: Proposal, at: int) -> None:
    """Credit what is unused, then bill whole new periods from now."""
    proposal.anchor, proposal.bills_now, proposal.changes_billing = at, True, True
    kept = {item["id"]: item for item in proposal.items}
    for item in items_of(subscription):
        after = kept.get(item["id"])
        if after is not None and metered(item) and _billed(item) == _billed(after):
            used = usage_line(account, subscription, item, item["current_period_start"], at)
            proposal.lines += [] if used is None else [used]  # its period ends here like any other
        else:
            _close(account, subscription, item, proposal, at)
    for item in proposal.items:
        start, end = period_at(at, item["price"]["recurring"], at)
        item["current_period_start"], item["current_period_end"] = start, end
        line = period_line(subscription, item)
        if line is not None:
            proposal.lines.append(line)


def _prorate(account: Account, subscription: Object, proposal: Proposal, at: int) -> None:
    """Credit the unused part of what changed or went, debit the remaining part of what changed or came."""
    old = {item["id"]: item for item in items_of(subscription)}
    kept = {item["id"]: item for item in proposal.items}
    for identifier, item in old.items():
        if identifier not in kept or _billed(item) != _billed(kept[identifier]):
            _close(account, subscription, item, proposal, at)
    for identifier, item in kept.items():
        if identifier in old and _billed(item) == _billed(old[identifier]):
            continue
        if metered(item):
            proposal.billed_until[identifier] = at
        if identifier not in old:
            start, end = period_at(subscription["billing_cycle_anchor"], item["price"]["recurring"], at)
            item["current_period_start"], item["current_period_end"] = start, end
        line = remaining_line(account, subscription, item, at)
        if line is not None:
            proposal.lines.append(line)


def _close(account: Account, subscription: Object, item: Object, proposal: Proposal, at: int) -> None:
    """Settle an item that changes or goes: the unused time, or the usage so far.

    Usage of this very second belongs to what comes after, if anything goes on with the meter.
    """
    meter = item["price"]["recurring"].get("meter")
    goes_on = meter is not None and any(
        each["price"]["recurring"].get("meter") == meter for each in proposal.items
    )
    line = credit_line(account, subscription, item, at)
    line = line or closing_line(account, subscription, item, at, inclusive=not goes_on)
    if line is not None:
        proposal.lines.append(line)


def _is_proration(line: Object) -> bool:
    return bool(line["parent"]["subscription_item_details"]["proration"])
