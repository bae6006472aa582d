"""Subscribers who are moved to a changed price, and the writes of it that the operator dies at."""

from typing import Any, Final

from crash_plans import PLURAL
from running_product import LOOK_INTERVAL, Manifest, Product, condition
from tenant_billing_sandbox.service.faults import Fault
from waiting import PATIENCE, wait_for

PLAN: Final = "repriced"
NAMES: Final = [f"moved-{number:02}" for number in range(12)]
EFFECTS: Final = ("hold_before", "hold_after")


def invoiced_changes(product: Product, name: str) -> list[int]:
    """What the customer was asked for by the move: one invoice for each."""
    invoices = product.invoices(name)
    return [each["amount_due"] for each in invoices if each["billing_reason"] == "subscription_update"]


def price_of(product: Product, name: str) -> str:
    """The price of the only item of a tenant's subscription."""
    (subscription,) = product.subscriptions(name)
    items: Any = subscription["items"]
    (item,) = items["data"] if isinstance(items, dict) else items
    return str(item["price"]["id"])


def hold_moves(product: Product) -> list[Fault]:
    """Hold the moves of every second tenant, before they are sent and after they were committed by turns."""
    held = [(name, EFFECTS[number % 2]) for number, name in enumerate(NAMES[::2])]
    return [
        product.script(
            "Stripe",
            effect=effect,
            method="POST",
            path=f"/v1/subscriptions/{product.subscriptions(name)[0]['id']}",
            times=None,
        )
        for name, effect in held
    ]


async def migrated(product: Product, price_before: str) -> Manifest:
    """Wait until the plan says that all are on its new price."""

    async def look() -> Manifest:
        plan = await product.get(PLAN, plural=PLURAL)
        assert plan is not None
        status = plan["status"]
        assert status["priceID"] != price_before
        assert (status.get("migration"), condition(plan, "PricesMigrated")[1]) == (
            {"total": len(NAMES), "moved": len(NAMES)},
            "UpToDate",
        )
        return plan

    return await wait_for(look, "all subscribers to be moved", PATIENCE, LOOK_INTERVAL)
