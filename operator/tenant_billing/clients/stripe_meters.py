"""Billing meters of one Stripe account (stripe.md 1.2 and 4)."""

from collections.abc import AsyncIterator

from stripe.params.billing import MeterCreateParams

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_fields import Fields, to_fields, to_required_id, to_time
from tenant_billing.domain.observations import Meter
from tenant_billing.domain.requests import NewMeter
from tenant_billing.ports import Subject

ACTIVE = "active"
"""A meter's own status, not a subscription's."""


class StripeMeters(StripeAccess):
    """What counts usage. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def list_meters(self) -> AsyncIterator[Meter]:
        """All meters; without a filter Stripe lists inactive ones too."""
        async for meter in self._calls.pages(
            "ListMeters", self._connection.listing("/v1/billing/meters"), {}, to_meter
        ):
            yield meter

    async def meter(self, meter_id: str) -> Meter | None:
        """One meter, freshly read."""
        identifier = wire.from_id(meter_id, "meter")
        return await self._calls.find(
            "GetMeter", lambda: self._api.billing.meters.retrieve_async(identifier), to_meter
        )

    async def create_meter(self, request: NewMeter, key: str, subject: Subject) -> Meter:
        """Create a meter under an idempotency key; the last report of a period is what is billed (stripe.md 4.1)."""
        parameters: MeterCreateParams = {
            "display_name": request.display_name,
            "event_name": request.event_name,
            "default_aggregation": {"formula": "last"},
        }
        return await self._calls.create(
            "CreateMeter", self._api.billing.meters.create_async, parameters, to_meter, subject, key=key
        )


def to_meter(fields: Fields) -> Meter:
    """A meter, with the keys that its reports must carry."""
    return Meter(
        id=to_required_id(fields["id"]),
        event_name=str(fields["event_name"]),
        active=fields["status"] == ACTIVE,
        formula=str(fields["default_aggregation"]["formula"]),
        customer_key=str(to_fields(fields["customer_mapping"])["event_payload_key"]),
        value_key=str(to_fields(fields["value_settings"])["event_payload_key"]),
        created=to_time(fields.get("created")),
    )
