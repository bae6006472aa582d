"""A customer who subscribes without any seller's program: at Checkout, by a Payment Link, through the dashboard.

Such a subscription carries the metadata that the seller put there, or none yet; its events name no request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.customers.customers import create_customer
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.checkout_sessions import KIND, complete, open_session, ordered
from tenant_billing_sandbox.stripe.engine.creation import create
from tenant_billing_sandbox.stripe.engine.customer_actions import GOOD_CARD
from tenant_billing_sandbox.stripe.engine.lists import found
from tenant_billing_sandbox.stripe.engine.payment_methods import attach
from tenant_billing_sandbox.stripe.engine.standing import UPDATED
from tenant_billing_sandbox.stripe.operations import Call
from tenant_billing_sandbox.stripe.problems import invalid


@dataclass(frozen=True)
class Buyer:
    """What a customer does at the page of a Checkout Session.

    Attributes:
        email: Address of a new customer; None leaves it out.
        name: Name of a new customer.
        pays: Whether the first payment is made; else the session stays open, its subscription ``incomplete``.
    """

    email: str | None = None
    name: str | None = None
    pays: bool = True


@dataclass(frozen=True)
class Purchase(Buyer):
    """What a customer chose, of a seller's link.

    Attributes:
        price: Id or lookup key of the price.
        customer: Id of a customer who is known already; then address and name are not asked.
        metadata: What the seller wrote into ``subscription_data.metadata`` of the session or the link.
    """

    price: str = field(kw_only=True)
    customer: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def subscribe(account: Account, purchase: Purchase) -> Object:
    """Let a customer subscribe by a session of its own, as a link makes one; gives the subscription.

    Raises:
        Problem: There is no such price or customer.
    """
    price = _price(account, purchase.price)
    if purchase.customer:
        found(account, "customer", purchase.customer)
    params: Object = {
        "mode": "subscription",
        "line_items": [{"price": price["id"]}],
        "subscription_data": {"metadata": dict(purchase.metadata)},
        "success_url": "https://shop.example/thanks",
    }
    if purchase.customer:
        params["customer"] = purchase.customer
    return check_out(account, open_session(account, params)["id"], purchase)


def check_out(account: Account, session_id: str, buyer: Buyer) -> Object:
    """Let a customer fill in the page of a session; gives the subscription.

    Raises:
        Problem: There is no such session, or it is not open.
    """
    session = found(account, KIND, session_id)
    if session["status"] != "open":
        raise invalid(f"The Checkout Session has a status of {session['status']}.")
    customer = session["customer"] or _new_customer(account, session, buyer)
    params = ordered(account, session) | {"customer": customer, "payment_behavior": "default_incomplete"}
    if not buyer.pays:
        return create(account, Call("POST", "/v1/subscriptions", (), params))
    params |= {
        "payment_behavior": "allow_incomplete",
        "default_payment_method": attach(account, GOOD_CARD, customer)["id"],
    }
    subscription = create(account, Call("POST", "/v1/subscriptions", (), params))
    complete(account, session, subscription)
    return subscription


def edit_metadata(account: Account, subscription_id: str, metadata: Mapping[str, str]) -> Object:
    """Somebody edits metadata in the dashboard: keys are merged, an empty value removes its key.

    Raises:
        Problem: There is no such subscription.
    """
    subscription = found(account, "subscription", subscription_id)
    with changing(account, subscription, UPDATED):
        merge_metadata(subscription, metadata)
    return subscription


def _price(account: Account, name: str) -> Object:
    for price in account.table("price").values():
        if name in {price["id"], price["lookup_key"]}:
            return price
    raise invalid(f"No such price: '{name}'", param="price")


def _new_customer(account: Account, session: Object, buyer: Buyer) -> str:
    known = {"email": buyer.email or session["customer_email"], "name": buyer.name}
    params = {key: value for key, value in known.items() if value is not None}
    return str(create_customer(account, Call("POST", "/v1/customers", (), params))["id"])
