"""Prices: what they cost can never be changed (stripe.md 1.2, 7 and 8, item 8)."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.catalogue.amounts import currency_options, scheme
from tenant_billing_sandbox.stripe.catalogue.changing import assign, new_object
from tenant_billing_sandbox.stripe.catalogue.currencies import check_currency
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.lists import found, in_range, listing, referred
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

Params = Mapping[str, Any]
LONGEST_INTERVALS = {"day": 1095, "week": 156, "month": 36, "year": 3}
MOST_LOOKUP_KEYS = 10


def built_price(account: Account, params: Params) -> Object:
    """A price that is not stored yet; also for ``default_price_data`` of a product.

    Raises:
        Problem: 400.
    """
    currency = check_currency(params["currency"])
    price = new_object(account, "price", account.new_id("price"))
    price |= {"active": params.get("active", True), "currency": currency, **scheme(params)}
    price |= {"recurring": _recurring(account, params.get("recurring"))}
    price |= {"type": "recurring" if price["recurring"] else "one_time", "tax_behavior": "unspecified"}
    price["currency_options"] = currency_options(params.get("currency_options", {}))
    assign(price, params, ("nickname", "tax_behavior"))
    merge_metadata(price, params.get("metadata"))
    _check_lookup_key(account, price, params)
    price["product"] = _product(account, params)
    return price


def keep_price(account: Account, price: Object, params: Params) -> Object:
    """Store a price that was built, and give it its lookup key."""
    account.table("price")[price["id"]] = price
    _take_lookup_key(account, price, params)
    account.emit("price.created", price)
    return price


def prices_of(account: Account, product: str) -> list[Object]:
    """The prices of a product, oldest first."""
    return [price for price in account.table("price").values() if price["product"] == product]


@operation("POST", "/v1/prices")
def create_price(account: Account, call: Call) -> Object:
    """Make a price of an existing product, or of one made along with it."""
    return keep_price(account, built_price(account, call.params), call.params)


@operation("GET", "/v1/prices/{}")
def retrieve_price(account: Account, call: Call) -> Object:
    """One price."""
    return found(account, "price", call.path[0])


@operation("POST", "/v1/prices/{}")
def update_price(account: Account, call: Call) -> Object:
    """Change what may be changed; an amount is an unknown parameter here already."""
    price = found(account, "price", call.path[0])
    _check_changes(account, price, call.params)
    options = currency_options(call.params.get("currency_options") or {})
    with changing(account, price, "price.updated"):
        merge_metadata(price, call.params.get("metadata"))
        assign(price, call.params, ("active", "nickname", "tax_behavior"))
        price["currency_options"] = price["currency_options"] | options
        _take_lookup_key(account, price, call.params)
    return price


@operation("GET", "/v1/prices")
def list_prices(account: Account, call: Call) -> Object:
    """Prices, newest first; only active ones unless ``active=false`` (stripe.md 1.2)."""
    if len(call.params.get("lookup_keys", ())) > MOST_LOOKUP_KEYS:
        raise invalid(f"You can specify at most {MOST_LOOKUP_KEYS} lookup keys.", param="lookup_keys")
    matching = (price for price in account.table("price").values() if _matches(price, call.params))
    return listing("/v1/prices", matching)


def _matches(price: Object, wanted: Params) -> bool:
    recurring = price["recurring"] or {}
    return (
        price["active"] == wanted.get("active", True)
        and all(price[name] == wanted[name] for name in ("product", "currency", "type") if name in wanted)
        and ("lookup_keys" not in wanted or price["lookup_key"] in wanted["lookup_keys"])
        and all(recurring.get(name) == value for name, value in wanted.get("recurring", {}).items())
        and in_range(price["created"], wanted.get("created"))
    )


def _product(account: Account, params: Params) -> str:
    data = params.get("product_data")
    if ("product" in params) == (data is not None):
        code = "parameters_exclusive" if data else "parameter_missing"
        raise invalid("You must specify either `product` or `product_data`.", param="product", code=code)
    if data is None:
        return str(referred(account, "product", params["product"], "product")["id"])
    product = new_object(account, "product", data.get("id") or account.new_id("prod"))
    if product["id"] in account.table("product"):
        raise invalid("Product already exists.", param="product_data[id]", code="resource_already_exists")
    product |= {"active": True, "type": "service", "updated": account.now}
    assign(product, data, ("active", "name", "statement_descriptor", "tax_code", "tax_details", "unit_label"))
    merge_metadata(product, data.get("metadata"))
    account.table("product")[product["id"]] = product
    account.emit("product.created", product)
    return str(product["id"])


def _recurring(account: Account, wanted: Params | None) -> Object | None:
    if wanted is None:
        return None
    interval, count = wanted["interval"], wanted.get("interval_count", 1)
    if not 1 <= count <= LONGEST_INTERVALS[interval]:
        raise invalid(
            f"The interval must be between 1 and {LONGEST_INTERVALS[interval]} {interval}s (3 years at most).",
            param="recurring[interval_count]",
        )
    usage, meter = wanted.get("usage_type", "licensed"), wanted.get("meter")
    if (usage == "metered") != (meter is not None):
        raise invalid(
            "A price with `recurring[usage_type]=metered` must name a `recurring[meter]`, and no other may.",
            param="recurring[meter]",
        )
    if meter and referred(account, "billing.meter", meter, "recurring[meter]")["status"] != "active":
        raise invalid(f"The meter {meter} is inactive and cannot be attached.", param="recurring[meter]")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": meter,
        "trial_period_days": wanted.get("trial_period_days"),
        "usage_type": usage,
    }


def _check_changes(account: Account, price: Object, params: Params) -> None:
    """Refuse what a price no longer allows, before anything is changed."""
    fixed = price["tax_behavior"] in {"inclusive", "exclusive"}
    if fixed and params.get("tax_behavior", price["tax_behavior"]) != price["tax_behavior"]:
        raise invalid("You cannot change `tax_behavior` once it is set.", param="tax_behavior")
    product = account.table("product").get(price["product"], {})
    if params.get("active") is False and product.get("default_price") == price["id"]:
        # Unconfirmed (stripe.md 7): the stricter of the two possibilities.
        raise invalid(
            "This price cannot be archived because it is the default price of its product.", param="active"
        )
    _check_lookup_key(account, price, params)


def _check_lookup_key(account: Account, price: Object, params: Params) -> None:
    owner = _owner(account, params.get("lookup_key"))
    if owner and owner["id"] != price["id"] and not params.get("transfer_lookup_key"):
        raise invalid(f"A price (`{owner['id']}`) already uses that lookup key.", param="lookup_key")


def _owner(account: Account, lookup_key: str | None) -> Object | None:
    """The price that has a lookup key, archived or not (stripe.md 10, item 17)."""
    if not lookup_key:
        return None
    prices = account.table("price").values()
    return next((price for price in prices if price["lookup_key"] == lookup_key), None)


def _take_lookup_key(account: Account, price: Object, params: Params) -> None:
    """Set the lookup key, taking it from the price that had it."""
    if "lookup_key" not in params:
        return
    owner = _owner(account, params["lookup_key"])
    if owner and owner["id"] != price["id"]:
        with changing(account, owner, "price.updated"):
            owner["lookup_key"] = None
    price["lookup_key"] = params["lookup_key"] or None
