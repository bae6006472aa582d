"""Objects that another call holds (stripe.md 5.4 and 8 item 3)."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from stripe_contract import Service, connect_ahead, customer, product, simulated
from tenant_billing_sandbox.stripe.server import StripeSettings


@pytest.fixture
async def slow() -> AsyncIterator[Service]:
    """A simulator whose calls take a while."""
    async with simulated(StripeSettings(rate_limits="none", latency=0.5)) as (_, service):
        await connect_ahead(service, 3)
        yield service


async def meter_event(service: Service, customer_id: str) -> httpx.Response:
    form = {"event_name": "devices", "payload[stripe_customer_id]": customer_id, "payload[value]": "1"}
    return await service.raw.post("/v1/billing/meter_events", data=form)


async def test_two_calls_on_one_object_collide(slow: Service) -> None:
    made = await product(slow)
    path = f"/v1/products/{made.id}"
    answers = await asyncio.gather(*(slow.raw.post(path, data={"name": name}) for name in "AB"))
    assert sorted(answer.status_code for answer in answers) == [200, 429]
    locked = next(answer for answer in answers if answer.status_code == 429)
    assert locked.json()["error"]["code"] == "lock_timeout"
    assert locked.headers["Stripe-Should-Retry"] == "true"
    assert "Stripe-Rate-Limited-Reason" not in locked.headers
    assert "Request-Id" not in locked.headers


async def test_the_sdk_retries_a_lock_by_itself(slow: Service) -> None:
    made = await product(slow)
    products = slow.client.v1.products
    retried = await asyncio.gather(
        *(products.update_async(made.id, {"name": name}, {"max_network_retries": 2}) for name in "AB")
    )
    assert {one.name for one in retried} == {"A", "B"}


async def test_one_customer_has_one_meter_event_at_a_time(slow: Service) -> None:
    first, second = await asyncio.gather(customer(slow), customer(slow))
    meter = {
        "display_name": "Devices",
        "event_name": "devices",
        "default_aggregation[formula]": "last",
    }
    assert (await slow.raw.post("/v1/billing/meters", data=meter)).status_code == 200
    same = await asyncio.gather(*(meter_event(slow, first.id) for _ in range(2)))
    assert sorted(answer.status_code for answer in same) == [200, 429]
    different = await asyncio.gather(meter_event(slow, first.id), meter_event(slow, second.id))
    assert [answer.status_code for answer in different] == [200, 200]


async def test_reads_never_collide(slow: Service) -> None:
    made = await product(slow)
    answers = await asyncio.gather(*(slow.raw.get(f"/v1/products/{made.id}") for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
