"""Lists inside objects that are made only when they are expanded: what a customer has, what paid an invoice."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.memory import of_customer

INLINE = 10
"""Objects that an inner list shows at most; ``has_more`` tells of others."""
ENDED = frozenset({"canceled", "incomplete_expired"})


def inner_lists(account: Account, object_: Object, wanted: AbstractSet[str]) -> Object:
    """The wanted inner lists of an object, by their name."""
    makers = MAKERS.get(str(object_.get("object")), {})
    return {name: makers[name](account, object_) for name in makers.keys() & wanted}


def _subscriptions(account: Account, customer: Object) -> Object:
    """The subscriptions that have not ended, newest first."""
    running = [
        sub for sub in of_customer(account, "subscription", customer["id"]) if sub["status"] not in ENDED
    ]
    return _listed(running, f"/v1/customers/{customer['id']}/subscriptions")


def _payments(_: Account, invoice: Object) -> Object:
    return _listed(invoice["payments"]["data"], f"/v1/invoice_payments?invoice={invoice['id']}")


def _listed(objects: list[Object], url: str) -> Object:
    return {"object": "list", "data": objects[::-1][:INLINE], "has_more": len(objects) > INLINE, "url": url}


MAKERS: Mapping[str, Mapping[str, Callable[[Account, Object], Object]]] = {
    "customer": {"subscriptions": _subscriptions},
    "invoice": {"payments": _payments},
}
