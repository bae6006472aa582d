"""What is billed for items: whole periods, usage, and the two sides of a proration (stripe.md 7).

Credits are computed from what was really debited for the item (flexible billing mode).
"""

from decimal import Decimal

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine import discounts
from tenant_billing_sandbox.stripe.engine.invoice_shapes import described, item_line, subscription_of
from tenant_billing_sandbox.stripe.engine.memory import Debit, Memory
from tenant_billing_sandbox.stripe.engine.money import amount_of, share
from tenant_billing_sandbox.stripe.engine.periods import describe_day
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of, metered
from tenant_billing_sandbox.stripe.engine.usage import quantity


def period_line(subscription: Object, item: Object) -> Object | None:
    """The item's current period in advance; None for a metered item, which is billed when the period is over."""
    if metered(item):
        return None
    period = item["current_period_start"], item["current_period_end"]
    return item_line(subscription, item, amount_of(item["price"], item["quantity"]), item["quantity"], period)


def usage_line(
    account: Account, subscription: Object, item: Object, start: int, end: int, *, inclusive: bool = False
) -> Object | None:
    """The usage of a metered item from ``start`` to ``end``; None for another item.

    A period does not include its last second, which begins the next one; what ends a subscription does (``inclusive``).
    """
    if not metered(item):
        return None
    used = quantity(account, subscription, item, start, end + inclusive)
    return item_line(subscription, item, amount_of(item["price"], used), used, (start, end))


def trial_line(subscription: Object, item: Object) -> Object | None:
    """The item's trial, which costs nothing."""
    if metered(item):
        return None
    period = item["current_period_start"], item["current_period_end"]
    line = item_line(subscription, item, 0, item["quantity"], period)
    line["description"] = f"Trial period for {item['price'].get('nickname') or item['price']['product']}"
    return line


def closing_line(
    account: Account, subscription: Object, item: Object, at: int, *, inclusive: bool
) -> Object | None:
    """What a metered item has used when its price changes or it is removed; None for another item.

    It is a proration: ``proration_behavior=none`` leaves it out, and a classic subscription never bills it
    (docs.stripe.com ``billing/subscriptions/usage-based/manage-billing-setup``, "Update prices mid-cycle").
    """
    if not metered(item) or subscription["billing_mode"]["type"] == "classic":
        return None
    start = item["current_period_start"]
    used = quantity(account, subscription, item, start, at + inclusive)
    amount = _discounted(account, subscription, item, used)
    line = item_line(subscription, item, amount, used, (start, at), proration=True)
    line["discountable"] = False
    return line


def credit_line(account: Account, subscription: Object, item: Object, at: int) -> Object | None:
    """The unused part of what was last debited for an item in advance, as a negative amount."""
    debit = account.part(Memory).debits.get(item["id"])
    if metered(item) or debit is None or not debit.start <= at < debit.end or _was_voided(account, debit):
        return None
    amount = -share(debit.amount, debit.end - at, debit.end - debit.start)
    line = item_line(subscription, item, amount, item["quantity"], (at, debit.end), proration=True)
    line["description"] = f"Unused time on {line['description']} after {describe_day(at)}"
    line["discountable"] = False
    if debit.invoice and debit.line:
        details = line["parent"]["subscription_item_details"]["proration_details"]
        details["credited_items"] = {"invoice": debit.invoice, "invoice_line_items": [debit.line]}
    return line


def remaining_line(account: Account, subscription: Object, item: Object, at: int) -> Object | None:
    """What the rest of the item's period costs at its (new) price and quantity, discounts included."""
    if metered(item):
        return None
    start, end = item["current_period_start"], item["current_period_end"]
    full = _discounted(account, subscription, item, item["quantity"])
    amount = share(full, end - at, end - start)
    line = item_line(subscription, item, amount, item["quantity"], (at, end), proration=True)
    line["description"] = f"Remaining time on {line['description']} after {describe_day(at)}"
    line["discountable"] = False
    return line


def _discounted(account: Account, subscription: Object, item: Object, units: int | Decimal) -> int:
    """What a quantity of an item costs, discounts included, as prorations show it."""
    in_force = discounts.in_force(account, subscription)
    full = amount_of(item["price"], units)
    return discounts.after_discounts(account, in_force, full, item["price"]["product"])


def remember_debits(account: Account, lines: list[Object]) -> None:
    """Note what an invoice, or a line waiting for one, debits, as the base of later credits."""
    memory = account.part(Memory)
    for line in lines:
        details = (line["parent"] or {}).get("subscription_item_details")
        if details is None or line["amount"] < 0:
            continue
        item = details["subscription_item"]
        taken = sum(part["amount"] for part in line["discount_amounts"])
        period = line["period"]
        invoice, identifier = line.get("invoice"), line.get("id")
        memory.debits[item] = Debit(
            line["amount"] - taken, period["start"], period["end"], invoice, identifier
        )


def keep_pending(account: Account, subscription: Object, lines: list[Object]) -> None:
    """Have lines billed by the subscription's next invoice."""
    account.part(Memory).pending_lines.setdefault(subscription["id"], []).extend(lines)
    remember_debits(account, lines)


def take_pending(account: Account, subscription: Object) -> list[Object]:
    """The lines that waited for this invoice."""
    return account.part(Memory).pending_lines.pop(subscription["id"], [])


def count_usage(account: Account, invoice: Object) -> None:
    """Take usage into a draft that is about to be finalised: what arrived since it was drafted counts, too."""
    subscription = subscription_of(account, invoice)
    items = {item["id"]: item for item in items_of(subscription)} if subscription else {}
    for line in invoice["lines"]["data"]:
        details = (line["parent"] or {}).get("subscription_item_details") or {}
        identity = details.get("subscription_item", "")
        item = items.get(identity) or account.part(Memory).departed.get(identity)
        if subscription is None or item is None or not metered(item) or details["proration"]:
            continue
        used = quantity(account, subscription, item, line["period"]["start"], line["period"]["end"])
        line["amount"] = line["subtotal"] = amount_of(item["price"], used)
        line["quantity"], line["quantity_decimal"] = int(used), str(used)
        line["description"] = described(item, used)


def _was_voided(account: Account, debit: Debit) -> bool:
    invoice = account.table("invoice").get(debit.invoice or "")
    return invoice is not None and invoice["status"] == "void"
