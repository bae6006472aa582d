"""What the contract tests of Stripe speak to: the simulator, or a real sandbox account if a key is set.

A test that asks for the fixture ``service`` states a rule of Stripe itself; it runs against the simulator, and against
Stripe as well where ``STRIPE_SANDBOX_KEY`` is set. A test that asks for ``simulator`` needs what only a simulator has.
"""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import stripe

from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator

SANDBOX_KEY = os.environ.get("STRIPE_SANDBOX_KEY")
STRIPE_URL = "https://api.stripe.com"
API_VERSION = "2026-10-28.endive"
UNLIMITED = StripeSettings(rate_limits="none")


class RealTime:
    """Seconds of real time that stand still until a test moves them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Service:
    """A Stripe account to talk to.

    Attributes:
        client: The official SDK.
        raw: Plain HTTP with the key and the version set.
    """

    client: stripe.StripeClient
    raw: httpx.AsyncClient


@asynccontextmanager
async def connected(url: str, key: str) -> AsyncIterator[Service]:
    """Both clients of one key."""
    transport = stripe.HTTPXClient(timeout=httpx.Timeout(30))
    headers = {"Authorization": f"Bearer {key}", "Stripe-Version": API_VERSION}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as raw:
        try:
            yield Service(stripe.StripeClient(key, http_client=transport, base_addresses={"api": url}), raw)
        finally:
            await transport.close_async()


@asynccontextmanager
async def simulated(
    settings: StripeSettings = UNLIMITED, *, real_time: Callable[[], float] = time.monotonic
) -> AsyncIterator[tuple[StripeSimulator, Service]]:
    """A simulator of its own and the clients of its first key."""
    async with (
        StripeSimulator.serve(settings, real_time=real_time) as simulator,
        connected(simulator.url, simulator.api_key) as service,
    ):
        yield simulator, service


async def connect_ahead(service: Service, number: int) -> None:
    """Open connections, so that as many calls that begin together arrive together, however busy the machine is."""
    await asyncio.gather(*(service.raw.get("/v1/account") for _ in range(number)))


async def refused(call: Awaitable[Any]) -> stripe.StripeError:
    """The error that a call of the SDK ends with."""
    with pytest.raises(stripe.StripeError) as caught:
        await call
    return caught.value


def unique(name: str) -> str:
    """A name that nothing in a long-lived sandbox account has yet."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


async def product(service: Service, **changes: Any) -> stripe.Product:
    """A product."""
    params: Any = {"name": "Starter"} | changes
    return await service.client.v1.products.create_async(params)


async def price(service: Service, **changes: Any) -> stripe.Price:
    """A monthly price of 12.00 EUR, of a new product unless one is named."""
    params: Any = {"currency": "eur", "unit_amount": 1200, "recurring": {"interval": "month"}} | changes
    if "product" not in params and "product_data" not in params:
        params["product"] = (await product(service)).id
    given: Any = {name: value for name, value in params.items() if value is not None}
    return await service.client.v1.prices.create_async(given)


async def customer(service: Service, **changes: Any) -> stripe.Customer:
    """A customer."""
    params: Any = {"name": "Acme GmbH", "email": "billing@acme.example"} | changes
    return await service.client.v1.customers.create_async(params)


async def advance(service: Service, seconds: int) -> None:
    """Move the simulator's clock."""
    answer = await service.raw.post("/_sandbox/clock/advance", json={"seconds": seconds})
    assert answer.status_code == 200, answer.text
