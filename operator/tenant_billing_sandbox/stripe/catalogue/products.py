"""Products (stripe.md 1.2, 7)."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.catalogue.changing import assign, new_object
from tenant_billing_sandbox.stripe.catalogue.prices import built_price, keep_price, prices_of
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.lists import found, in_range, listing, referred
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import Problem, invalid

SETTABLE = (
    "active",
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "tax_details",
    "type",
    "unit_label",
    "url",
)
MOST_FEATURES = 15


@operation("POST", "/v1/products")
def create_product(account: Account, call: Call) -> Object:
    """Make a product, under an id of the caller's choice if one is given."""
    identifier = call.params.get("id") or account.new_id("prod")
    if identifier in account.table("product"):
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    product = new_object(account, "product", identifier) | {
        "active": True,
        "type": "service",
        "updated": account.now,
    }
    _set(product, call)
    account.table("product")[identifier] = product
    data = {**(call.params.get("default_price_data") or {}), "product": identifier}
    try:
        price = built_price(account, data) if "default_price_data" in call.params else None
    except Problem:
        del account.table("product")[identifier]
        raise
    account.emit("product.created", product)
    if price is not None:
        keep_price(account, price, data)
        with changing(account, product, "product.updated"):
            product["default_price"] = price["id"]
    return product


@operation("GET", "/v1/products/{}")
def retrieve_product(account: Account, call: Call) -> Object:
    """One product."""
    return found(account, "product", call.path[0])


@operation("POST", "/v1/products/{}")
def update_product(account: Account, call: Call) -> Object:
    """Change a product; its default price must be one of its own active prices."""
    product = found(account, "product", call.path[0])
    default = call.params.get("default_price")
    if default:
        price = referred(account, "price", default, "default_price")
        if price["product"] != product["id"] or not price["active"]:
            raise invalid(
                f"The price specified is inactive or belongs to another product than {product['id']}.",
                param="default_price",
            )
    with changing(account, product, "product.updated"):
        _set(product, call)
        assign(product, call.params, ("default_price",))
        product["updated"] = account.now
    return product


@operation("DELETE", "/v1/products/{}")
def delete_product(account: Account, call: Call) -> Object:
    """Delete a product, which works only without prices (stripe.md 8, item 8)."""
    product = found(account, "product", call.path[0])
    if prices_of(account, product["id"]):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    del account.table("product")[product["id"]]
    account.emit("product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


@operation("GET", "/v1/products")
def list_products(account: Account, call: Call) -> Object:
    """Products, newest first, active and archived alike."""
    wanted = call.params
    matching = (
        product
        for product in account.table("product").values()
        if wanted.get("active", product["active"]) == product["active"]
        and product["id"] in wanted.get("ids", (product["id"],))
        and wanted.get("shippable", product["shippable"]) == product["shippable"]
        and wanted.get("url", product["url"]) == product["url"]
        and in_range(product["created"], wanted.get("created"))
    )
    return listing("/v1/products", matching)


def _set(product: Object, call: Call) -> None:
    if len(call.params.get("marketing_features") or ()) > MOST_FEATURES:
        raise invalid(
            f"A product can have at most {MOST_FEATURES} marketing features.", param="marketing_features"
        )
    merge_metadata(product, call.params.get("metadata"))
    assign(product, call.params, SETTABLE)
    for name in ("images", "marketing_features"):
        product[name] = product[name] or []
