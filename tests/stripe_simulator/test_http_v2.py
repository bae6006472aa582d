"""Calls of the v2 namespace: JSON both ways (stripe.md 4.2, 5.3 and 8 item 1)."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from stripe_contract import Service, customer, simulated, unique
from tenant_billing_sandbox.stripe.server import StripeSettings

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def metered(service: Service) -> tuple[str, str]:
    """The ids of a customer and of an event name whose meter exists."""
    name = unique("devices")
    await service.client.v1.billing.meters.create_async(
        {"display_name": "Devices", "event_name": name, "default_aggregation": {"formula": "last"}}
    )
    return (await customer(service)).id, name


async def report(service: Service, key: str | None = None, **body: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await service.raw.post("/v2/billing/meter_events", json=body, headers=headers)


async def test_the_sdk_reports_usage_as_json(service: Service) -> None:
    of, name = await metered(service)
    event = await service.client.v2.billing.meter_events.create_async(
        {"event_name": name, "payload": {"stripe_customer_id": of, "value": "42"}, "identifier": unique("id")}
    )
    assert event.object == "v2.billing.meter_event"
    assert event.payload.to_dict() == {"stripe_customer_id": of, "value": "42"}
    assert datetime.fromisoformat(event.timestamp).tzinfo is not None


async def test_times_are_written_as_rfc_3339() -> None:
    async with simulated(StripeSettings(rate_limits="none", initial_time=START)) as (_, service):
        of, name = await metered(service)
        payload = {"stripe_customer_id": of, "value": "1"}
        answer = await report(
            service, event_name=name, payload=payload, timestamp="2026-11-01T12:30:00+01:00"
        )
    assert answer.json()["timestamp"] == "2026-11-01T11:30:00.000Z"
    assert answer.json()["created"] == "2026-11-01T12:00:00.000Z"


@pytest.mark.parametrize("content", [b"[1]", b"{", b"\xff"])
async def test_a_body_that_is_no_json_object_is_refused(service: Service, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await service.raw.post("/v2/billing/meter_events", content=content, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"timestamp": 17}, {"timestamp": "noon"}, {"timestamp": "2026-11-01T12:00:00"}],
)
async def test_parameters_are_checked_as_json(service: Service, change: dict[str, Any]) -> None:
    of, name = await metered(service)
    body = {"event_name": name, "payload": {"stripe_customer_id": of, "value": "1"}}
    assert (await report(service, **body | change)).status_code == 400


async def test_a_failed_call_is_carried_out_again_under_its_key(simulator: Service) -> None:
    of, name = await metered(simulator)
    body = {"event_name": name, "payload": {"stripe_customer_id": of, "value": "1"}}
    await simulator.raw.post(
        "/_sandbox/faults", json={"effect": "error", "status": 500, "point": "execution"}
    )
    assert (await report(simulator, "k", **body)).status_code == 500
    second = await report(simulator, "k", **body)
    assert (second.status_code, second.headers.get("Idempotent-Replayed")) == (200, None)
    third = await report(simulator, "k", **body)
    assert (third.status_code, third.headers.get("Idempotent-Replayed")) == (200, "true")


async def test_a_page_that_is_not_there_is_refused(service: Service) -> None:
    answer = await service.raw.get("/v2/core/events?page=evt_none")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "page")
