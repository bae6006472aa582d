"""The calls on single subscription items; changing one is an update of its subscription."""

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.items import ITEM_NOT_SIMULATED
from tenant_billing_sandbox.stripe.engine.lists import found, listing
from tenant_billing_sandbox.stripe.engine.subscription_shapes import items_of, owner_of
from tenant_billing_sandbox.stripe.engine.updates import update
from tenant_billing_sandbox.stripe.operations import Call, operation

ITEM_MEMBERS = ("price", "quantity", "metadata", *ITEM_NOT_SIMULATED)


def _item(subscription: Object, identifier: str) -> Object:
    return next(item for item in items_of(subscription) if item["id"] == identifier)


@operation("GET", "/v1/subscription_items")
def _list(account: Account, call: Call) -> Object:
    subscription = found(account, "subscription", str(call.params["subscription"]))
    return listing("/v1/subscription_items", items_of(subscription)[::-1])


@operation("GET", "/v1/subscription_items/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return _item(owner_of(account, call.path[0]), call.path[0])


@operation("POST", "/v1/subscription_items/{}")
def _update(account: Account, call: Call) -> Object:
    subscription = owner_of(account, call.path[0])
    entry = {name: call.params[name] for name in ITEM_MEMBERS if name in call.params}
    _update_subscription(account, call, subscription, entry | {"id": call.path[0]})
    return _item(subscription, call.path[0])


@operation("POST", "/v1/subscription_items")
def _create(account: Account, call: Call) -> Object:
    subscription = found(account, "subscription", str(call.params["subscription"]))
    entry = {name: call.params[name] for name in ITEM_MEMBERS if name in call.params}
    _update_subscription(account, call, subscription, entry)
    return items_of(subscription)[-1]


@operation("DELETE", "/v1/subscription_items/{}")
def _delete(account: Account, call: Call) -> Object:
    subscription = owner_of(account, call.path[0])
    _update_subscription(account, call, subscription, {"id": call.path[0], "deleted": True})
    return {"id": call.path[0], "object": "subscription_item", "deleted": True}


def _update_subscription(account: Account, call: Call, subscription: Object, entry: Object) -> None:
    steering = ("payment_behavior", "proration_behavior", "proration_date")
    params = {name: call.params[name] for name in steering if name in call.params} | {"items": [entry]}
    template = "/v1/subscriptions/{}"
    update(
        account, Call("POST", template, (subscription["id"],), params, call.request_id, call.idempotency_key)
    )
