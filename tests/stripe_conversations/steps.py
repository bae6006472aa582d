"""Steps that conversations share: subscribing as the operator does, and what customers and time do."""

from typing import Any

import stripe

import stripe_contract
from stripe_contract import Service, customer, price

HOUR = 3600
DAY = 24 * HOUR
MONTH = 31 * DAY + HOUR
EVENTS_KEPT = 29 * DAY
"""Seconds that Stripe keeps events for (stripe.md 3.2), one day less."""
AS_THE_OPERATOR = {
    "payment_behavior": "default_incomplete",
    "payment_settings": {"save_default_payment_method": "on_subscription"},
    "billing_mode": {"type": "flexible"},
}


async def subscribed(service: Service, **changes: Any) -> stripe.Subscription:
    """A subscription that waits for its first payment."""
    params: dict[str, Any] = AS_THE_OPERATOR | changes
    if "customer" not in params:
        params["customer"] = (await customer(service)).id
    if "items" not in params:
        params["items"] = [{"price": (await price(service)).id, "quantity": 1}]
    given: Any = {name: value for name, value in params.items() if value is not None}
    return await service.client.v1.subscriptions.create_async(given)


async def active(service: Service, **changes: Any) -> stripe.Subscription:
    """A subscription whose first invoice is paid."""
    subscription = await subscribed(service, **changes)
    await pay(service, subscription)
    return subscription


async def past_due(service: Service, **changes: Any) -> stripe.Subscription:
    """A subscription whose renewal was declined."""
    subscription = await active(service, **changes)
    await set_card(service, subscription, "declines")
    await advance(service, MONTH)
    assert (await read(service, subscription)).status == "past_due"
    return subscription


async def advance(service: Service, seconds: int) -> None:
    """Let time pass, and read the events of it before they are forgotten."""
    while seconds > 0:
        start, step = await now(service), min(seconds, EVENTS_KEPT)
        await stripe_contract.advance(service, step)
        await read_events(service, start)
        seconds -= step


async def read_events(service: Service, since: int) -> None:
    """Every event from a time on."""
    page = await service.client.v1.events.list_async({"created": {"gte": since}, "limit": 100})
    async for event in page.auto_paging_iter():
        assert event.created >= since


async def read(service: Service, subscription: stripe.Subscription, *expand: str) -> stripe.Subscription:
    """The subscription as it is now."""
    if expand:
        return await service.client.v1.subscriptions.retrieve_async(subscription.id, {"expand": list(expand)})
    return await service.client.v1.subscriptions.retrieve_async(subscription.id)


async def latest_invoice(service: Service, subscription: stripe.Subscription) -> str:
    """The id of the most recent invoice."""
    return str((await read(service, subscription)).latest_invoice)


async def pay(service: Service, subscription: stripe.Subscription, behavior: str = "succeeds") -> None:
    """What the customer does at the hosted invoice page."""
    await control(service, f"customers/{subscription.customer}/pay", behavior=behavior)


async def set_card(service: Service, subscription: stripe.Subscription, behavior: str) -> None:
    """How charges on the customer's cards end from now on."""
    await control(service, f"customers/{subscription.customer}/card", behavior=behavior)


async def control(service: Service, path: str, **body: Any) -> None:
    """One of the simulator's own routes."""
    answer = await service.raw.post(f"/_sandbox/{path}", json=body)
    assert answer.status_code == 200, answer.text


async def now(service: Service) -> int:
    """The account's time."""
    return int((await service.raw.get("/_sandbox/clock")).json()["now"])
