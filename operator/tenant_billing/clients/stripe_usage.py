"""Reported usage of one Stripe account: meter events, their sums, and the reports of errors (stripe.md 4)."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from stripe import StripeResponse

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_fields import Fields, to_fields, to_id, to_list, to_required_id
from tenant_billing.clients.stripe_limits import REPORT_USAGE
from tenant_billing.domain.errors import AlreadyExists
from tenant_billing.domain.meter_errors import MeterErrors, Mistake, Sample
from tenant_billing.domain.metering import UsageReport
from tenant_billing.ports import Subject

ERROR_TYPES: Final = ("v1.billing.meter.error_report_triggered", "v1.billing.meter.no_meter_found")
"""They exist as thin events only (stripe.md 3.1)."""
EVENTS: Final = "/v2/core/events"
PAGE: Final = 100
MINUTE: Final = 60


class StripeUsage(StripeAccess):
    """Reports usage. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def report_usage(self, report: UsageReport, subject: Subject) -> None:
        """Report usage; one report at a time for each customer (stripe.md 4.2).

        The identifier takes the place of an idempotency key, which is not sent: Stripe would repeat a stored failure
        under it for a day (stripe.md 5.3), while a repeated identifier is answered with "already exists": success.
        """
        parameters: Any = {
            "event_name": report.meter.event_name,
            "payload": {
                report.meter.customer_key: wire.from_id(report.customer_id, "customer"),
                report.meter.value_key: str(report.quantity),
            },
            "timestamp": wire.from_time(report.timestamp),
            "identifier": report.identifier,
        }
        try:
            await self._calls.write(
                REPORT_USAGE,
                lambda: self._api.billing.meter_events.create_async(parameters),
                lambda fields: fields["identifier"],
                subject,
                key=report.identifier,
                owner=report.customer_id,
            )
        except AlreadyExists:
            return

    async def usage_sum(
        self, meter_id: str, customer_id: str, start: datetime, end: datetime
    ) -> Decimal | None:
        """What the reports of a customer come to in a span of whole minutes; None where nothing was counted."""
        identifier = wire.from_id(meter_id, "meter")
        filters: Any = {
            "customer": wire.from_id(customer_id, "customer"),
            "start_time": wire.from_time(start),
            "end_time": wire.from_time(end),
            "limit": 1,
        }
        return await self._calls.read(
            "ListMeterEventSummaries",
            lambda: self._api.billing.meters.event_summaries.list_async(identifier, filters),
            _to_sum,
            urgent=False,
        )

    async def meter_errors(self, after: str | None) -> AsyncIterator[MeterErrors]:
        """What Stripe found wrong with reports that it had taken, newest first, up to the one read before."""
        page, following = await self._error_page(EVENTS, types=list(ERROR_TYPES), limit=PAGE)
        while True:
            for fields in page:
                if fields["id"] == after:
                    return
                yield _to_errors(fields if "data" in fields else await self._whole(str(fields["id"])))
            if following is None:
                return
            page, following = await self._error_page(following)

    async def _error_page(self, path: str, **wanted: Any) -> tuple[list[Fields], str | None]:
        """A page of thin events, and the path of the next one."""

        async def send() -> StripeResponse:
            answer: StripeResponse = await self._connection.client.raw_request_async("get", path, **wanted)
            return answer

        return await self._calls.read("ListMeterErrors", send, _to_page, urgent=False)

    async def _whole(self, event_id: str) -> Fields:
        """A thin event with its data.

        The SDK's own way from a notification to its event sends a stray parameter in 16.1.0 (stripe.md 4.6).
        """
        identifier = wire.from_id(event_id, "event")
        return await self._calls.read(
            "GetMeterError",
            lambda: self._connection.client.v2.core.events.retrieve_async(identifier),
            lambda fields: fields,
            urgent=False,
        )


def _to_page(fields: Fields) -> tuple[list[Fields], str | None]:
    """The next page is asked for in Stripe's own words, but for the server: a filter may stand there more than once."""
    url = fields.get("next_page_url")
    following = f"{EVENTS}?{urlsplit(str(url)).query}" if url else None
    return to_list(fields["data"]), following


def _to_sum(fields: Fields) -> Decimal | None:
    found = to_list(fields["data"])
    return Decimal(str(found[0]["aggregated_value"])) if found else None


def _to_errors(fields: Fields) -> MeterErrors:
    reason = to_fields(to_fields(fields["data"]).get("reason"))
    return MeterErrors(
        id=to_required_id(fields["id"]),
        meter_id=to_id(fields.get("related_object")),
        mistakes=tuple(_to_mistake(each) for each in to_list(reason.get("error_types"))),
    )


def _to_mistake(fields: Fields) -> Mistake:
    return Mistake(
        code=str(fields["code"]),
        count=int(fields.get("error_count") or 0),
        samples=tuple(_to_sample(each) for each in to_list(fields.get("sample_errors"))),
    )


def _to_sample(fields: Fields) -> Sample:
    """Stripe's pages show the identifier in one place and the idempotency key in another: ours are the same."""
    request = to_fields(fields.get("request"))
    identifier = request.get("identifier") or request.get("idempotency_key") or ""
    return Sample(str(identifier), str(fields.get("error_message") or ""))
