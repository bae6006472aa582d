"""Tenants as the Tenant Billing Server leaves them, many of them, at both simulators.

One customer subscribes and pays over HTTP as people do; the others are copies of what that left at Stripe.
"""

import asyncio
import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from command_line import Ran, tenant_billing
from tenant_billing_sandbox.environment.environment import Environment
from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.engine.memory import index

LIMITS: Final = {"max-end-devices": "500", "max-gateways": "10"}
_COPIED: Final = ("customer", "subscription", "invoice")

Object = dict[str, Any]


async def run_with_keys(environment: Environment, directory: Path, *arguments: str) -> Ran:
    """A command as the person who moves runs it: keys in the environment, never among the arguments."""
    variables = {
        "STRIPE_API_KEY": environment.accounts.api_key,
        "STRIPE_URL": environment.stripe.url,
        "THINGS_STACK_URL": environment.things_stack.url,
        "THINGS_STACK_ADMIN_KEY": environment.accounts.admin_key,
        "KUBECONFIG": str(environment.plane.kubeconfig),
    }
    return await tenant_billing(*arguments, directory=directory, environment=variables)


async def sell_as_the_billing_server(
    environment: Environment, names: Sequence[str], *, metered_without_a_meter: bool = False
) -> None:
    """Have one customer, one paid subscription and one approved tenant for each name.

    Args:
        environment: Where.
        names: Of the tenants.
        metered_without_a_meter: Whether the price is of the old kind, which Stripe lets nobody make any more.
    """
    first, *others = names
    price = await _price(environment)
    await _subscribe(environment, first, price)
    account = environment.stripe.account
    for name in others:
        if metered_without_a_meter:  # a copy would not be renewed
            await _subscribe(environment, name, price)
        else:
            _copy(account, first, name)
    if metered_without_a_meter:
        for name in names:
            _make_legacy(account, name, price)
    slots = asyncio.Semaphore(32)

    async def made(client: httpx.AsyncClient, name: str) -> None:
        async with slots:
            answer = await client.post(f"/_sandbox/tenants/{name}", json=_tenant(account, name))
            answer.raise_for_status()

    url = environment.things_stack.url
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60.0) as client:
        await asyncio.gather(*(made(client, name) for name in names))


async def _price(environment: Environment) -> str:
    """The plan of the Tenant Billing Server: a price with limits in its metadata."""
    product = await environment.outside.to_stripe("/v1/products", {"name": "Starter"})
    fields = {
        "product": product["id"],
        "currency": "eur",
        "unit_amount": "4900",
        "recurring[interval]": "month",
        **{f"metadata[{key}]": value for key, value in LIMITS.items()},
    }
    return str((await environment.outside.to_stripe("/v1/prices", fields))["id"])


async def _subscribe(environment: Environment, name: str, price: str) -> None:
    outside = environment.outside
    customer = await outside.to_stripe("/v1/customers", {"email": f"billing@{name}.example", "name": name})
    fields = {
        "customer": customer["id"],
        "items[0][price]": price,
        "payment_behavior": "default_incomplete",
        "payment_settings[save_default_payment_method]": "on_subscription",
        "metadata[tenant-id]": name,
        "metadata[tenant-name]": name,
    }
    await outside.to_stripe("/v1/subscriptions", fields)
    await outside.drive_stripe(f"/_sandbox/customers/{customer['id']}/pay")


def subscription_of(account: Account, name: str) -> Object:
    """The subscription that is for a tenant."""
    found = account.table("subscription").values()
    return next(each for each in found if each["metadata"].get("tenant-id") == name)


def _copy(account: Account, template: str, name: str) -> None:
    """What one tenant has at Stripe, once more under other ids."""
    subscription = subscription_of(account, template)
    known = {subscription["id"], subscription["customer"], subscription["latest_invoice"]}
    known |= {item["id"] for item in subscription["items"]["data"]}
    renamed = {identity: f"{identity.partition('_')[0]}_{name.replace('-', '')}" for identity in known}
    renamed[template] = name
    for table in _COPIED:
        for identity, found in list(account.table(table).items()):
            if identity in known:
                index(account, table, _renamed(copy.deepcopy(found), renamed))


def _make_legacy(account: Account, name: str, price_id: str) -> None:
    """Let price and item be as they were made before there were meters (stripe.md 4.7)."""
    (item,) = subscription_of(account, name)["items"]["data"]
    for price in (account.table("price")[price_id], item["price"]):
        price["recurring"] |= {"usage_type": "metered", "meter": None}
    item.pop("quantity", None)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _tenant(account: Account, name: str) -> Object:
    """The tenant as the Tenant Billing Server writes it."""
    subscription = subscription_of(account, name)
    (item,) = subscription["items"]["data"]
    stripe = {
        "customer_id": subscription["customer"],
        "plan_id": item["price"]["id"],
        "subscription_id": subscription["id"],
        "subscription_item_id": item["id"],
    }
    return {
        "name": name,
        "state": "STATE_APPROVED",
        "max_end_devices": "500",
        "max_gateways": "10",
        "billing": {"stripe": stripe},
    }
