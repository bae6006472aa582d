"""The items that a call asks for: which are added, changed or removed (stripe.md 7)."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import merge_metadata
from tenant_billing_sandbox.stripe.engine.lists import referred
from tenant_billing_sandbox.stripe.engine.refusals import not_simulated
from tenant_billing_sandbox.stripe.engine.subscription_shapes import metered, new_item
from tenant_billing_sandbox.stripe.engine.timeline import time_of
from tenant_billing_sandbox.stripe.problems import invalid

MOST_ITEMS = 20
ITEM_NOT_SIMULATED = ("billing_thresholds", "discounts", "price_data", "tax_rates")


def requested_items(params: Mapping[str, Any]) -> list[Object]:
    """The ``items`` of a new subscription.

    Raises:
        Problem: 400 where there is none, or too many.
    """
    asked = list(params.get("items") or [])
    if not asked:
        raise invalid("Missing required param: items.", param="items", code="parameter_missing")
    if len(asked) > MOST_ITEMS:
        raise invalid(f"A subscription can have at most {MOST_ITEMS} items.", param="items")
    return asked


def check_simulated_item(entry: Object, path: str) -> None:
    """Refuse what Stripe would carry out for an item and this simulator would not.

    Raises:
        Problem: 400 naming the first such parameter that is set.
    """
    for name in ITEM_NOT_SIMULATED:
        if entry.get(name):
            raise not_simulated(name, f"{path}[{name}]")


def checked_price(account: Account, entry: Object, path: str) -> Object:
    """The price that the item at ``path`` of the parameters asks for.

    Raises:
        Problem: 400 where it is missing, archived, not recurring, of an archived product, or its meter is inactive
            (stripe.md 8).
    """
    param = f"{path}[price]"
    check_simulated_item(entry, path)
    if not entry.get("price"):
        raise invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")
    price = referred(account, "price", str(entry["price"]), param)
    if not price["active"]:
        raise invalid("The price specified is inactive. This field only accepts active prices.", param=param)
    if price["type"] != "recurring":
        raise invalid("The price specified is set to `type=one_time` but this field only accepts prices with "
                      "`type=recurring`.", param=param)  # fmt: skip
    if not account.table("product").get(price["product"], {"active": True})["active"]:
        raise invalid(
            f"The product {price['product']} is marked as inactive, and thus no new subscriptions can be create to any "
            f"plans of this product. You provided the plan {price['id']}.",
            param=param,
        )
    meter = account.table("billing.meter").get(price["recurring"].get("meter") or "")
    if meter is not None and meter["status"] != "active":
        raise invalid("The price's meter is inactive.", param=param)
    return price


def added(
    account: Account, subscription: Object, beside: list[Object], entry: Object, price: Object
) -> Object:
    """A new item beside others.

    Raises:
        Problem: 400 for a second item of one price, another currency, or a quantity of a metered price.
    """
    if any(other["price"]["id"] == price["id"] for other in beside):
        raise invalid(
            f"Cannot add multiple subscription items with the same plan: {price['id']}", param="items"
        )
    check_currency(subscription, price)
    item = new_item(
        account,
        subscription["id"],
        price,
        entry.get("quantity"),
        time_of(account, subscription),
        entry.get("metadata"),
    )
    if metered(item) and entry.get("quantity") is not None:
        raise invalid("You cannot set the quantity for metered plans.", param="items[0][quantity]")
    return item


def changed(subscription: Object, item: Object, entry: Object, price: Object | None) -> Object:
    """A copy of an item with what is asked: a new price without ``quantity`` makes it 1 (stripe.md 7)."""
    copy = item | {"metadata": dict(item["metadata"])}
    if price is not None:
        check_currency(subscription, price)
        copy["price"] = price
        copy.pop("quantity", None)
        if not metered(copy):
            copy["quantity"] = entry.get("quantity", 1)
    elif entry.get("quantity") is not None:
        if metered(copy):
            raise invalid("You cannot set the quantity for metered plans.", param="items[0][quantity]")
        copy["quantity"] = entry["quantity"]
    merge_metadata(copy, entry.get("metadata"))
    return copy


def check_intervals(subscription: Object, items: list[Object]) -> None:
    """Items of different intervals need flexible billing (docs ``billing/subscriptions/mixed-interval``).

    Raises:
        Problem: 400.
    """
    intervals = {
        (item["price"]["recurring"]["interval"], item["price"]["recurring"]["interval_count"])
        for item in items
    }
    if len(intervals) > 1 and subscription["billing_mode"]["type"] == "classic":
        raise invalid(
            "Currency and interval fields must match across all plans on this subscription.", param="items"
        )


def check_currency(subscription: Object, price: Object) -> None:
    """Refuse a price in another currency than the subscription's.

    Raises:
        Problem: 400.
    """
    if price["currency"] != subscription["currency"]:
        raise invalid(
            f"The price specified uses the currency `{price['currency']}`, but the subscription uses "
            f"`{subscription['currency']}`.",
            param="items",
        )
