"""Webhook endpoints of one Stripe account (stripe.md 1.2 and 3)."""

from collections.abc import Sequence
from typing import Any, Final

import stripe
from stripe.params import WebhookEndpointCreateParams, WebhookEndpointUpdateParams

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_fields import Fields, to_id, to_metadata, to_required_id
from tenant_billing.domain.errors import NotFound
from tenant_billing.domain.webhook_endpoints import (
    CreatedWebhookEndpoint,
    NewWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointChange,
)
from tenant_billing.ports import Subject

EVENT_VERSION: Final = stripe.api_version
"""The version that the pinned SDK speaks."""
DESCRIPTION: Final = "Registered by the Tenant Billing Operator"


class StripeWebhookEndpoints(StripeAccess):
    """Where events are delivered to. Every method raises an ``OutsideError``."""

    @property
    def event_version(self) -> str:
        """The API version whose events the operator reads."""
        return EVENT_VERSION

    async def webhook_endpoints(self) -> Sequence[WebhookEndpoint]:
        """All endpoints of the account, newest first."""
        path = "/v1/webhook_endpoints"
        pages = self._calls.pages(
            "ListWebhookEndpoints", self._connection.listing(path), {}, to_webhook_endpoint
        )
        return [endpoint async for endpoint in pages]

    async def create_webhook_endpoint(
        self, request: NewWebhookEndpoint, key: str, subject: Subject
    ) -> CreatedWebhookEndpoint:
        """Make an endpoint under an idempotency key; the answer to a replay holds the secret, too."""
        parameters: WebhookEndpointCreateParams = {
            "url": request.url,
            "enabled_events": _literals(request.event_types),
            "api_version": request.api_version,  # type: ignore[typeddict-item]  # the SDK knows versions as literals only
            "description": DESCRIPTION,
            "metadata": wire.from_metadata(request.metadata),
        }
        return await self._calls.create(
            "CreateWebhookEndpoint",
            self._api.webhook_endpoints.create_async,
            parameters,
            lambda fields: CreatedWebhookEndpoint(to_webhook_endpoint(fields), str(fields["secret"])),
            subject,
            key=key,
        )

    async def update_webhook_endpoint(
        self, endpoint_id: str, change: WebhookEndpointChange, subject: Subject
    ) -> WebhookEndpoint:
        """Change what an endpoint delivers, and where to."""
        identifier = wire.from_id(endpoint_id, "webhook endpoint")
        parameters: WebhookEndpointUpdateParams = {
            "url": change.url,
            "enabled_events": _literals(change.event_types),
        }
        return await self._calls.write(
            "UpdateWebhookEndpoint",
            lambda: self._api.webhook_endpoints.update_async(identifier, parameters),
            to_webhook_endpoint,
            subject,
        )

    async def delete_webhook_endpoint(self, endpoint_id: str, subject: Subject) -> None:
        """Remove an endpoint; one that does not exist any more is success."""
        identifier = wire.from_id(endpoint_id, "webhook endpoint")
        try:
            await self._calls.write(
                "DeleteWebhookEndpoint",
                lambda: self._api.webhook_endpoints.delete_async(identifier),
                lambda fields: to_required_id(fields["id"]),
                subject,
            )
        except NotFound:
            return


def _literals(event_types: Sequence[str]) -> list[Any]:
    """Types of events, which the SDK knows as literals only."""
    return list(event_types)


def to_webhook_endpoint(fields: Fields) -> WebhookEndpoint:
    """An endpoint, without its secret."""
    return WebhookEndpoint(
        id=to_required_id(fields["id"]),
        url=str(fields["url"]),
        event_types=frozenset(str(each) for each in fields["enabled_events"]),
        api_version=to_id(fields.get("api_version")),
        status=str(fields["status"]),
        metadata=to_metadata(fields.get("metadata")),
    )
