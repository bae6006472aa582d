"""Calls about what meters count."""

from datetime import timedelta

from outside_stubs import SUBJECT
from stripe_contract import Service, customer, unique
from stripe_openapi.call_table import START, CallTable
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain import requests
from tenant_billing.domain.metering import UsageReport
from tenant_billing.domain.observations import Meter

calls = CallTable()


@calls("report_usage")
async def _reported_usage(provider: StripeProvider, service: Service) -> None:
    meter = await provider.create_meter(
        requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT
    )
    reported = usage_report(meter, (await customer(service)).id)
    await provider.report_usage(reported, SUBJECT)
    await provider.report_usage(reported, SUBJECT)


@calls("usage_sum")
async def _what_usage_comes_to(provider: StripeProvider, service: Service) -> None:
    meter = await provider.create_meter(
        requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT
    )
    payer, other = (await customer(service)).id, (await customer(service)).id
    await provider.report_usage(usage_report(meter, payer), SUBJECT)
    end = START + timedelta(minutes=1)
    assert await provider.usage_sum(meter.id, payer, START, end) == 7
    assert await provider.usage_sum(meter.id, other, START, end) is None


@calls("meter_errors")
async def _what_was_wrong_with_usage(provider: StripeProvider, service: Service) -> None:
    meter = await provider.create_meter(
        requests.NewMeter(unique("devices"), "Devices"), unique("key"), SUBJECT
    )
    await provider.report_usage(usage_report(meter, "cus_none"), SUBJECT)
    (found,) = [each async for each in provider.meter_errors(None)]
    assert found.meter_id == meter.id


def usage_report(meter: Meter, customer_id: str) -> UsageReport:
    """Seven devices at the simulator's start."""
    return UsageReport(customer_id, meter, 7, START, unique("uid-of-acme"))
