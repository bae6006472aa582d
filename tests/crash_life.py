"""The life of a tenant in phases, and what stands at the end of each, whether or not the operator was killed."""

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from running_product import DAY, Manifest, Product, a_tenant, condition, is_gone, is_observed, is_provisioned

_ID: Final = re.compile(r"\b(cus|sub|si|in|pi|ii|pm)_[0-9A-Za-z]+")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_SECRET_PATH: Final = re.compile(r"https://invoice\.stripe\.com/[^\"]*")

PAID_BY_THE_YEAR: Final[dict[str, Any]] = {
    "metadata.name": "growth-yearly",
    "spec.displayName": "Growth, by the year",
    "spec.price.recurring.interval": "Year",
    "spec.price.recurring.unitAmount": 149000,
}
"""The plan that a tenant asks for last; it takes over while the customer falls behind."""

Deed = Callable[[Product, Sequence[str]], Awaitable[None]]


@dataclass(frozen=True)
class Phase:
    """One thing that happens to a tenant.

    Attributes:
        name: In the words of the product.
        begin: What people do.
        proceed: What the customer does as soon as they can, while the operator works; None for nothing.
        is_done: Whether the object says that all was carried out.
    """

    name: str
    begin: Deed
    is_done: Callable[[Manifest | None], bool]
    proceed: Deed | None = None


async def _create(product: Product, names: Sequence[str]) -> None:
    await product.apply(*(a_tenant(name) for name in names))


async def _pay_first(product: Product, names: Sequence[str]) -> None:
    await product.pay_when_asked(names)


async def _upgrade(product: Product, names: Sequence[str]) -> None:
    for name in names:
        await product.change(name, {"spec": {"planRef": {"name": "growth"}}})


async def _ask_for_a_year(product: Product, names: Sequence[str]) -> None:
    for name in names:
        await product.change(name, {"spec": {"planRef": {"name": PAID_BY_THE_YEAR["metadata.name"]}}})


async def _fall_behind(product: Product, names: Sequence[str]) -> None:
    for name in names:
        await product.card(name, "none")
    await product.environment.outside.advance(32 * DAY)


async def _stay_behind(product: Product, names: Sequence[str]) -> None:
    await product.environment.outside.advance(21 * DAY)


async def _pay(product: Product, names: Sequence[str]) -> None:
    for name in names:
        await product.pay(name)


async def _delete(product: Product, names: Sequence[str]) -> None:
    for name in names:
        await product.delete(name)


def _is_upgraded(resource: Manifest | None) -> bool:
    if resource is None or not is_provisioned(resource):
        return False
    status = resource["status"]
    synced = condition(resource, "SubscriptionSynced") == ("True", "Synced")
    return synced and status["planRef"]["name"] == "growth"


def _waits_for_the_year(resource: Manifest | None) -> bool:
    if resource is None or not is_provisioned(resource):
        return False
    synced = condition(resource, "SubscriptionSynced") == ("False", "Pending")
    return synced and "pendingOperation" not in resource["status"]


def _is(state: str, payment: str) -> Callable[[Manifest | None], bool]:
    def is_so(resource: Manifest | None) -> bool:
        return (
            resource is not None
            and is_observed(resource)
            and resource["status"].get("tenantState") == state
            and condition(resource, "PaymentCurrent")[1] == payment
        )

    return is_so


PHASES: Final = (
    Phase("create", _create, is_provisioned, _pay_first),
    Phase("change plan", _upgrade, _is_upgraded),
    Phase("change interval", _ask_for_a_year, _waits_for_the_year),
    Phase("fall behind", _fall_behind, _is("Flagged", "PastDue")),
    Phase("suspend", _stay_behind, _is("Suspended", "GraceExpired")),
    Phase("pay again", _pay, _is("Approved", "Paid")),
    Phase("delete", _delete, is_gone),
)


async def picture(product: Product, name: str) -> dict[str, Any]:
    """Everything that stands for a tenant in all three systems, without times, and ids by kind only."""
    resource = await product.get(name)
    seen = {
        "object": _object(resource),
        "customers": [_customer(each) for each in product.customers(name)],
        "subscriptions": [_subscription(each) for each in product.subscriptions(name)],
        "invoices": sorted(_invoice(each) for each in product.invoices(name)),
        "tenant": _tenant(product.tenant(name)),
    }
    text = json.dumps(seen, sort_keys=True).replace(name, "<name>")
    text = _TIME.sub("<time>", _ID.sub(r"<\1>", _SECRET_PATH.sub("<address>", text)))
    normal: dict[str, Any] = json.loads(text)
    return normal


def difference(expected: Any, seen: Any, path: str = "") -> list[str]:
    """Where two pictures differ, one line each."""
    if isinstance(expected, dict) and isinstance(seen, dict):
        keys = sorted(expected.keys() | seen.keys())
        return [
            line for key in keys for line in difference(expected.get(key), seen.get(key), f"{path}.{key}")
        ]
    if expected == seen:
        return []
    return [f"{path.lstrip('.')}: expected {json.dumps(expected)}, seen {json.dumps(seen)}"]


def _object(resource: Manifest | None) -> Manifest | None:
    if resource is None:
        return None
    status = dict(resource.get("status", {}))
    for of_the_request in ("lastHandledReconcile", "observedGeneration"):
        status.pop(of_the_request, None)
    conditions = status.pop("conditions", [])
    told = {each["type"]: [each["status"], each["reason"], each.get("message", "")] for each in conditions}
    finalizers = resource["metadata"].get("finalizers", [])
    return {"finalizers": finalizers, "status": status, "conditions": told}


def _customer(customer: Manifest) -> Manifest:
    return {name: customer[name] for name in ("name", "email", "metadata")}


def _subscription(subscription: Manifest) -> Manifest:
    items = subscription["items"]
    entries = items["data"] if isinstance(items, dict) else items
    return {
        "status": subscription["status"],
        "items": [[each["price"]["id"], each.get("quantity")] for each in entries],
        "metadata": subscription["metadata"],
        "cancelAtPeriodEnd": subscription["cancel_at_period_end"],
        "schedule": subscription["schedule"] is not None,
    }


def _invoice(invoice: Manifest) -> str:
    return f"{invoice['status']} {invoice['billing_reason']} {invoice['amount_due']}"


def _tenant(tenant: Manifest | None) -> Manifest | None:
    if tenant is None:
        return None
    return {name: value for name, value in tenant.items() if name not in {"created_at", "updated_at"}}
