"""Usage records of old metered prices: what a seller's program of former years sets (stripe.md 4.7).

Today's version of Stripe's API has no call for them, and this server speaks no other version, so it serves none: such
a program is played by a control route. What it sets is billed as it was: the last record of a period, by the item.
"""

from decimal import Decimal

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of, metered, owner_of
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.engine.usage import Reading, Readings
from tenant_billing_sandbox.stripe.problems import invalid


def set_usage(account: Account, item_id: str, quantity: int, timestamp: int | None = None) -> Object:
    """Set the usage of an item at a time, now if none is given.

    Raises:
        Problem: There is no such item, its price has a meter or takes no usage, or the time is not in its period.
    """
    subscription = owner_of(account, item_id)
    item = next(each for each in items_of(subscription) if each["id"] == item_id)
    if not metered(item) or item["price"]["recurring"]["meter"] is not None:
        raise invalid("Usage records are for items whose price is metered without a meter.", param="item")
    now = time_of(account, subscription)
    at = now if timestamp is None else timestamp
    if not item["current_period_start"] <= at <= now or at >= item["current_period_end"]:
        raise invalid(
            "The timestamp must lie in the current period, and not in the future.", param="timestamp"
        )
    readings = account.part(Readings)
    readings.arrivals += 1
    reading = Reading(at, readings.arrivals, Decimal(quantity), "", now)
    readings.by_item.setdefault(item_id, []).append(reading)
    return {"quantity": quantity, "subscription_item": item_id, "timestamp": at}
