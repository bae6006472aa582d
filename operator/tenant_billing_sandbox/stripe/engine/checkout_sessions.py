"""Checkout Sessions: the page at which a customer subscribes, as far as a subscription is born by one.

Served is ``mode: subscription`` with prices that stand; everything else is refused as not simulated. Shapes and limits
are those of Stripe's OpenAPI document; what a customer does at the page is in ``checkout``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import merge_metadata
from tenant_billing_sandbox.stripe.engine.items import checked_price
from tenant_billing_sandbox.stripe.engine.lists import found, in_range, listing, referred
from tenant_billing_sandbox.stripe.engine.memory import index
from tenant_billing_sandbox.stripe.engine.money import amount_of
from tenant_billing_sandbox.stripe.engine.refusals import not_simulated
from tenant_billing_sandbox.stripe.engine.subscription_shapes import metered
from tenant_billing_sandbox.stripe.engine.timeline import DAY, HOUR, due, schedule, time_of
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid
from tenant_billing_sandbox.stripe.published.tables import blank

KIND: Final = "checkout.session"
OPEN_SECONDS: Final = (HOUR // 2, DAY)
"""How long a session may stay open; without a wish the longest."""
SIMULATED: Final = frozenset(
    {
        "cancel_url",
        "client_reference_id",
        "customer",
        "customer_email",
        "expand",
        "expires_at",
        "line_items",
        "metadata",
        "mode",
        "subscription_data",
        "success_url",
    }
)
SIMULATED_OF_SUBSCRIPTION: Final = frozenset(
    {"billing_mode", "description", "metadata", "trial_end", "trial_period_days", "trial_settings"}
)


@dataclass
class Orders:
    """What a session sells, which its object does not show.

    Attributes:
        by_session: The parameters that opened it, by its id.
    """

    by_session: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def open_session(account: Account, params: Mapping[str, Any]) -> Object:
    """Open a session for a subscription.

    Args:
        account: Whose session.
        params: Those of ``POST /v1/checkout/sessions``.

    Raises:
        Problem: 400 for what Stripe refuses and for what is not simulated.
    """
    _check(params)
    customer = _customer(account, params)
    now = time_of(account, customer or {})
    session = _new_session(account, params, now) | {
        "customer": customer["id"] if customer else None,
        "customer_creation": None if customer else "always",
        "customer_email": params.get("customer_email"),
        "expires_at": _expiry(params, now),
    }
    merge_metadata(session, params.get("metadata"))
    index(account, KIND, session)
    account.part(Orders).by_session[session["id"]] = params
    schedule(account, session, "expire_checkout_session", session["expires_at"])
    return session


def _new_session(account: Account, params: Mapping[str, Any], now: int) -> Object:
    identifier = account.new_id("cs_live" if account.livemode else "cs_test")
    amount, currency = _price_of(account, params)
    return blank(KIND) | {
        "id": identifier,
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "currency": currency,
        "custom_text": dict.fromkeys(
            ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        ),
        "livemode": account.livemode,
        "metadata": {},
        "mode": "subscription",
        "payment_method_collection": "always",
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "status": "open",
        "success_url": params.get("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"https://checkout.stripe.com/c/pay/{identifier}",
    }


def ordered(account: Account, session: Object) -> Object:
    """The parameters of the subscription that a session is for; its customer and card are the caller's to name."""
    params = account.part(Orders).by_session[session["id"]]
    items = [
        {name: entry[name] for name in ("price", "quantity") if name in entry}
        for entry in params["line_items"]
    ]
    return {"items": items, **(params.get("subscription_data") or {})}


def complete(account: Account, session: Object, subscription: Object) -> None:
    """The customer has subscribed: the session ends, and an event tells of it (stripe.md 3.1)."""
    invoice = account.table("invoice")[subscription["latest_invoice"]]
    customer = account.table("customer")[subscription["customer"]]
    session |= {
        "amount_subtotal": invoice["subtotal"],
        "amount_total": invoice["total"],
        "customer": customer["id"],
        "customer_details": {
            "address": customer["address"],
            "business_name": None,
            "email": customer["email"],
            "individual_name": None,
            "name": customer["name"],
            "phone": customer["phone"],
            "tax_exempt": customer["tax_exempt"],
            "tax_ids": [],
        },
        "invoice": invoice["id"],
        "payment_status": "paid" if invoice["total"] else "no_payment_required",
        "status": "complete",
        "subscription": subscription["id"],
        "url": None,
    }
    account.emit("checkout.session.completed", session)


@operation("POST", "/v1/checkout/sessions")
def _create(account: Account, call: Call) -> Object:
    return open_session(account, call.params)


@operation("GET", "/v1/checkout/sessions/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, KIND, call.path[0])


@operation("GET", "/v1/checkout/sessions")
def _list(account: Account, call: Call) -> Object:
    params = call.params
    wanted = {name: params[name] for name in ("customer", "status", "subscription") if params.get(name)}
    return listing(
        "/v1/checkout/sessions",
        (
            session
            for session in account.table(KIND).values()
            if wanted.items() <= session.items() and in_range(session["created"], params.get("created"))
        ),
    )


@operation("POST", "/v1/checkout/sessions/{}/expire")
def _expire(account: Account, call: Call) -> Object:
    session = found(account, KIND, call.path[0])
    if session["status"] != "open":
        raise invalid(
            "Only Checkout Sessions with a status in [open] can be expired. This Checkout Session has a status "
            f"of {session['status']}."
        )
    _end(account, session)
    return session


@due("expire_checkout_session")
def _expire_in_time(account: Account, identifier: str) -> None:
    session = account.table(KIND)[identifier]
    if session["status"] == "open":
        _end(account, session)


def _end(account: Account, session: Object) -> None:
    session |= {"status": "expired", "url": None}
    account.emit("checkout.session.expired", session)


def _check(params: Mapping[str, Any]) -> None:
    if params.get("mode") != "subscription":
        raise not_simulated("mode", "mode")
    sold = params.get("subscription_data") or {}
    for name in sorted({*(params.keys() - SIMULATED), *(sold.keys() - SIMULATED_OF_SUBSCRIPTION)}):
        raise not_simulated(name, name)
    if not params.get("line_items"):
        raise invalid("Missing required param: line_items.", param="line_items", code="parameter_missing")
    if params.get("customer") and params.get("customer_email"):
        raise invalid(
            "You may only specify one of these parameters: customer, customer_email.", param="customer_email"
        )
    if not params.get("success_url"):
        raise invalid("Missing required param: success_url.", param="success_url", code="parameter_missing")


def _customer(account: Account, params: Mapping[str, Any]) -> Object | None:
    identifier = params.get("customer")
    return referred(account, "customer", str(identifier), "customer") if identifier else None


def _price_of(account: Account, params: Mapping[str, Any]) -> tuple[int, str]:
    """What is due at once in minor units, and its currency: nothing during a trial, nothing for what is metered."""
    prices = [
        checked_price(account, entry, f"line_items[{at}]") for at, entry in enumerate(params["line_items"])
    ]
    sold = params.get("subscription_data") or {}
    if sold.get("trial_period_days") or sold.get("trial_end"):
        return 0, str(prices[0]["currency"])
    amounts = [
        amount_of(price, int(entry.get("quantity") or 1))
        for price, entry in zip(prices, params["line_items"], strict=True)
        if not metered({"price": price})
    ]
    return sum(amounts), str(prices[0]["currency"])


def _expiry(params: Mapping[str, Any], now: int) -> int:
    shortest, longest = OPEN_SECONDS
    wanted = int(params.get("expires_at") or now + longest)
    if not now + shortest <= wanted <= now + longest:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours and at least 30 minutes from Checkout Session "
            "creation.",
            param="expires_at",
        )
    return wanted
