"""A customer who subscribes without any seller's program: at Checkout, by a Payment Link, through the dashboard.

Such a subscription carries the metadata that the seller put there, or none yet; its events name no request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.customers.customers import create_customer
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.creation import create
from tenant_billing_sandbox.stripe.engine.customer_actions import GOOD_CARD
from tenant_billing_sandbox.stripe.engine.lists import found
from tenant_billing_sandbox.stripe.engine.payment_methods import attach
from tenant_billing_sandbox.stripe.engine.standing import UPDATED
from tenant_billing_sandbox.stripe.operations import Call
from tenant_billing_sandbox.stripe.problems import invalid


@dataclass(frozen=True)
class Purchase:
    """What a customer chose.

    Attributes:
        price: Id or lookup key of the price.
        email: Address of a new customer; None leaves it out.
        name: Name of a new customer.
        customer: Id of a customer who is known already; then address and name are not asked.
        metadata: What the seller wrote into ``subscription_data.metadata`` of the session or the link.
        pays: Whether the first payment is made; else the subscription stays ``incomplete``.
    """

    price: str
    email: str | None = None
    name: str | None = None
    customer: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    pays: bool = True


def subscribe(account: Account, purchase: Purchase) -> Object:
    """Let a customer subscribe; gives the subscription.

    Raises:
        Problem: There is no such price or customer.
    """
    price = _price(account, purchase.price)
    customer = purchase.customer or _new_customer(account, purchase)
    found(account, "customer", customer)
    params: Object = {
        "customer": customer,
        "items": [{"price": price["id"]}],
        "metadata": dict(purchase.metadata),
        "payment_behavior": "default_incomplete",
    }
    if purchase.pays:
        params |= {
            "payment_behavior": "allow_incomplete",
            "default_payment_method": attach(account, GOOD_CARD, customer)["id"],
        }
    return create(account, Call("POST", "/v1/subscriptions", (), params))


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


def _new_customer(account: Account, purchase: Purchase) -> str:
    known = {"email": purchase.email, "name": purchase.name}
    params = {key: value for key, value in known.items() if value is not None}
    return str(create_customer(account, Call("POST", "/v1/customers", (), params))["id"])
