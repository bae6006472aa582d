"""Reported usage at Stripe's simulator, and on the wire (stripe.md 4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from outside_stubs import CUT, PATIENT, SUBJECT, Answer, Stub, operations, stripe_at, stripe_error
from plan_builders import a_meter
from stripe_contract import connected, customer
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain.errors import Refused, StoredFailure, Unreachable
from tenant_billing.domain.meter_errors import MeterErrors
from tenant_billing.domain.metering import UsageReport
from tenant_billing.domain.observations import Meter
from tenant_billing.domain.requests import NewMeter
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
REPORT = UsageReport("cus_1", a_meter(), 42, NOON, "uid-of-acme:1:2:42")
TAKEN = Answer({"object": "billing.meter_event", "identifier": REPORT.identifier})


async def test_a_report_names_customer_quantity_time_and_identifier(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(TAKEN)
    with capture_logs() as lines:
        await provider.report_usage(REPORT, SUBJECT)
    assert (stub.last.method, stub.last.path) == ("POST", "/v1/billing/meter_events")
    assert stub.last.form == {
        "event_name": "tenantbilling_default_starter",
        "payload[stripe_customer_id]": "cus_1",
        "payload[value]": "42",
        "timestamp": str(int(NOON.timestamp())),
        "identifier": REPORT.identifier,
    }
    assert [(line["idempotency_key"], line["result"]) for line in lines] == [(REPORT.identifier, "Ok")]


async def test_an_adopted_meter_gets_its_own_keys(provider: StripeProvider, stub: Stub) -> None:
    stub.will(TAKEN)
    meter = a_meter(customer_key="buyer", value_key="amount")
    await provider.report_usage(replace(REPORT, meter=meter), SUBJECT)
    assert stub.last.form["payload[buyer]"] == "cus_1"
    assert stub.last.form["payload[amount]"] == "42"


async def test_already_exists_is_success(provider: StripeProvider, stub: Stub) -> None:
    stub.will(stripe_error(400, "duplicate_meter_event"))
    with capture_logs() as lines:
        await provider.report_usage(REPORT, SUBJECT)
    assert operations(lines) == [("CreateMeterEvent", "AlreadyExists")]


FAILURES = [
    pytest.param(stripe_error(400, "parameter_invalid_integer"), Refused, id="refused"),
    pytest.param(stripe_error(500, kind="api_error"), StoredFailure, id="a failure"),
    pytest.param(CUT, Unreachable, id="no answer"),
]


@pytest.mark.parametrize(("answer", "error"), FAILURES)
async def test_what_fails_is_told(
    provider: StripeProvider, stub: Stub, answer: Answer, error: type[Exception]
) -> None:
    stub.will(answer)
    with pytest.raises(error):
        await provider.report_usage(REPORT, SUBJECT)


async def test_a_report_without_a_customer_goes_nowhere(provider: StripeProvider, stub: Stub) -> None:
    with pytest.raises(Refused):
        await provider.report_usage(replace(REPORT, customer_id=""), SUBJECT)
    assert stub.received == []


async def test_an_error_that_is_told_without_its_data_is_read(provider: StripeProvider, stub: Stub) -> None:
    """The list names events; the SDK's own way to the whole one sends a stray parameter (stripe.md 4.6)."""
    event: dict[str, Any] = {"id": "evt_1", "object": "v2.core.event"}
    sample = {"error_message": "no", "request": {"idempotency_key": REPORT.identifier}}
    reason = {"error_types": [{"code": "archived_meter", "error_count": 3, "sample_errors": [sample]}]}
    whole = event | {"data": {"reason": reason}, "related_object": {"id": "mtr_1", "type": "billing.meter"}}
    stub.will(Answer({"data": [event], "next_page_url": None}), Answer(whole))
    (found,) = [each async for each in provider.meter_errors(None)]
    assert stub.last.path == "/v2/core/events/evt_1"
    assert (found.id, found.meter_id) == ("evt_1", "mtr_1")
    (mistake,) = found.mistakes
    assert (mistake.code, mistake.count) == ("archived_meter", 3)
    assert [each.identifier for each in mistake.samples] == [REPORT.identifier]


async def test_the_next_page_of_errors_is_asked_for_as_stripe_says(
    provider: StripeProvider, stub: Stub
) -> None:
    """A filter may stand there more than once, and no other server than Stripe's is asked with the key."""
    event: dict[str, Any] = {"object": "v2.core.event", "data": {}, "related_object": None}
    following = "https://elsewhere.example/v2/core/events?types=one&types=other&limit=100&page=p2"
    stub.will(
        Answer({"data": [event | {"id": "evt_2"}], "next_page_url": following}),
        Answer({"data": [event | {"id": "evt_1"}], "next_page_url": None}),
    )
    assert [each.id for each in await errors_after(provider, None)] == ["evt_2", "evt_1"]
    assert stub.last.path == "/v2/core/events"
    assert stub.last.query == [("types", "one"), ("types", "other"), ("limit", "100"), ("page", "p2")]


# -- at the simulator


async def a_known_meter(provider: StripeProvider) -> Meter:
    return await provider.create_meter(NewMeter("devices", "Devices"), "meter", SUBJECT)


def report_of(meter: Meter, customer_id: str, number: int) -> UsageReport:
    return UsageReport(
        customer_id, meter, number, NOON + timedelta(seconds=number), f"uid-of-acme:m:{number}"
    )


async def errors_after(provider: StripeProvider, cursor: str | None) -> list[MeterErrors]:
    return [each async for each in provider.meter_errors(cursor)]


async def test_the_last_report_before_a_minute_s_end_is_what_the_simulator_counts() -> None:
    settings = StripeSettings(rate_limits="none", initial_time=NOON)
    async with (
        StripeSimulator.serve(settings) as simulator,
        stripe_at(simulator.url, key=simulator.api_key, backoff=PATIENT) as provider,
        connected(simulator.url, simulator.api_key) as service,
    ):
        meter, payer = await a_known_meter(provider), (await customer(service)).id
        for number in (3, 9, 4):
            await provider.report_usage(report_of(meter, payer, number), SUBJECT)
        assert await provider.usage_sum(meter.id, payer, NOON, NOON + MINUTE) == 9
        assert await provider.usage_sum(meter.id, payer, NOON + MINUTE, NOON + 2 * MINUTE) is None


async def test_errors_are_read_newest_first_over_pages_up_to_the_cursor() -> None:
    settings = StripeSettings(rate_limits="none", initial_time=NOON)
    async with (
        StripeSimulator.serve(settings) as simulator,
        stripe_at(simulator.url, key=simulator.api_key, backoff=PATIENT) as provider,
        connected(simulator.url, simulator.api_key) as service,
    ):
        assert await errors_after(provider, None) == []
        meter = await a_known_meter(provider)
        for number in range(105):
            await service.client.v1.billing.meter_events.create_async(
                {
                    "event_name": meter.event_name,
                    "payload": {"stripe_customer_id": "cus_none", "value": "1"},
                    "identifier": f"uid-of-acme:m:{number}",
                }
            )
        found = await errors_after(provider, None)
        named = [each.mistakes[0].samples[0].identifier for each in found]
        assert named == [f"uid-of-acme:m:{number}" for number in reversed(range(105))]
        assert {each.meter_id for each in found} == {meter.id}
        assert await errors_after(provider, found[0].id) == []
        assert [each.id for each in await errors_after(provider, found[2].id)] == [
            found[0].id,
            found[1].id,
        ]
        nameless = replace(meter, event_name="nothing_listens")
        await provider.report_usage(report_of(nameless, "cus_none", 250), SUBJECT)
        (newest,) = await errors_after(provider, found[0].id)
        assert (newest.meter_id, newest.mistakes[0].code) == (None, "no_meter")
