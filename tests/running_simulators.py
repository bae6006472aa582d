"""Both simulators for tests of the command line, and what the sandbox tells of their addresses."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator

BEGIN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Simulators:
    """Both, with a directory in which a sandbox was started."""

    stripe: StripeSimulator
    things_stack: ThingsStackSimulator
    directory: Path
    client: httpx.AsyncClient

    async def subscribe(self, tenant: str) -> str:
        """A customer of that tenant, subscribed and not paid yet; gives the subscription's id."""
        customer = await self.post("/v1/customers", {"email": "billing@acme.example"})
        subscription = await self.post(
            "/v1/subscriptions",
            {
                "customer": customer["id"],
                "items[0][price]": await self.price(),
                "payment_behavior": "default_incomplete",
                "payment_settings[save_default_payment_method]": "on_subscription",
                "metadata[tenantbilling.dev/tenant-id]": tenant,
            },
        )
        return str(subscription["id"])

    async def price(self) -> str:
        """A price of EUR 49 a month; gives its id."""
        product = await self.post("/v1/products", {"name": "Starter"})
        price = await self.post(
            "/v1/prices",
            {
                "product": product["id"],
                "currency": "eur",
                "unit_amount": "4900",
                "recurring[interval]": "month",
            },
        )
        return str(price["id"])

    async def status(self, subscription: str) -> str:
        """The subscription's status."""
        answer = await self.client.get(f"/v1/subscriptions/{subscription}")
        return str(answer.json()["status"])

    async def post(self, path: str, fields: dict[str, str]) -> dict[str, Any]:
        """Write to Stripe."""
        answer = await self.client.post(path, data=fields)
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def make_tenant(self, tenant: str, devices: int) -> None:
        """An approved tenant that may have so many devices."""
        body = {"name": tenant, "state": "STATE_APPROVED", "max_end_devices": devices}
        async with httpx.AsyncClient(base_url=self.things_stack.url, trust_env=False) as client:
            answer = await client.post(f"/_sandbox/tenants/{tenant}", json=body)
        assert answer.is_success, answer.text


@asynccontextmanager
async def running_simulators(directory: Path) -> AsyncIterator[Simulators]:
    """Serve both, and write the file that ``make sandbox`` writes."""
    async with (
        StripeSimulator.serve(StripeSettings(initial_time=BEGIN)) as stripe,
        ThingsStackSimulator.serve() as things_stack,
        httpx.AsyncClient(base_url=stripe.url, auth=(stripe.api_key, ""), trust_env=False) as client,
    ):
        state = directory / ".sandbox" / "state.json"
        state.parent.mkdir()
        state.write_text(json.dumps({"stripe": stripe.url, "thingsStack": things_stack.url}))
        yield Simulators(stripe, things_stack, directory, client)
