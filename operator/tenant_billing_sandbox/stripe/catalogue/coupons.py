"""Coupons, as far as discounts on subscriptions need them."""

from decimal import Decimal

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.catalogue.changing import assign, new_object
from tenant_billing_sandbox.stripe.catalogue.currencies import check_currency
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.discounts import is_valid
from tenant_billing_sandbox.stripe.engine.lists import found, in_range, listing
from tenant_billing_sandbox.stripe.engine.timeline import due, schedule
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

WHOLE = 100


@operation("POST", "/v1/coupons")
def create_coupon(account: Account, call: Call) -> Object:
    """Make a coupon of a percentage or of an amount."""
    params = call.params
    identifier = params.get("id") or account.new_id("coupon")
    if identifier in account.table("coupon"):
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("You must pass either `percent_off` or `amount_off`.", param="percent_off")
    duration = params.get("duration", "once")
    if (duration == "repeating") != ("duration_in_months" in params):
        raise invalid(
            "`duration_in_months` is required if `duration` is `repeating`, and only then.",
            param="duration_in_months",
        )
    coupon = new_object(account, "coupon", identifier)
    coupon |= {"duration": duration, **_worth(call)}
    coupon |= {"applies_to": params.get("applies_to"), "currency_options": params.get("currency_options", {})}
    assign(coupon, params, ("duration_in_months", "max_redemptions", "name", "redeem_by"))
    merge_metadata(coupon, params.get("metadata"))
    coupon["valid"] = is_valid(coupon, account.now)
    if not coupon["valid"]:
        raise invalid("`redeem_by` must be in the future, `max_redemptions` positive.", param="redeem_by")
    account.table("coupon")[identifier] = coupon
    account.emit("coupon.created", coupon)
    if coupon["redeem_by"] is not None:
        schedule(account, {"id": identifier}, "coupon_expires", coupon["redeem_by"] + 1)
    return coupon


@due("coupon_expires")
def _expire(account: Account, identifier: str) -> None:
    coupon = account.table("coupon").get(identifier)
    if coupon is not None:
        coupon["valid"] = is_valid(coupon, account.now)


@operation("GET", "/v1/coupons/{}")
def retrieve_coupon(account: Account, call: Call) -> Object:
    """One coupon."""
    return found(account, "coupon", call.path[0])


@operation("POST", "/v1/coupons/{}")
def update_coupon(account: Account, call: Call) -> Object:
    """Change name or metadata; what a coupon is worth is fixed."""
    coupon = found(account, "coupon", call.path[0])
    with changing(account, coupon, "coupon.updated"):
        merge_metadata(coupon, call.params.get("metadata"))
        assign(coupon, call.params, ("name", "currency_options"))
    return coupon


@operation("DELETE", "/v1/coupons/{}")
def delete_coupon(account: Account, call: Call) -> Object:
    """Delete a coupon; discounts that were given stay."""
    coupon = found(account, "coupon", call.path[0])
    del account.table("coupon")[coupon["id"]]
    account.emit("coupon.deleted", coupon)
    return {"id": coupon["id"], "object": "coupon", "deleted": True}


@operation("GET", "/v1/coupons")
def list_coupons(account: Account, call: Call) -> Object:
    """Coupons, newest first."""
    coupons = account.table("coupon").values()
    return listing(
        "/v1/coupons", (one for one in coupons if in_range(one["created"], call.params.get("created")))
    )


def _worth(call: Call) -> Object:
    if "amount_off" in call.params:
        if call.params["amount_off"] <= 0:
            raise invalid("Invalid positive integer", param="amount_off", code="parameter_invalid_integer")
        if "currency" not in call.params:
            raise invalid("Missing required param: currency.", param="currency", code="parameter_missing")
        return {"amount_off": call.params["amount_off"], "currency": check_currency(call.params["currency"])}
    percent = Decimal(call.params["percent_off"])
    if not 0 < percent <= WHOLE:
        raise invalid("Percentages must be greater than 0 and at most 100.", param="percent_off")
    # A percentage is a JSON number in Stripe's answers; it is no amount of money.
    return {"percent_off": int(percent) if percent == int(percent) else float(percent)}
