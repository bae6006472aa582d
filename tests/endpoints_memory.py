"""Webhook endpoints of a payment account, with a memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from recorded_calls import Failing
from tenant_billing.domain.webhook_endpoints import (
    CreatedWebhookEndpoint,
    NewWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointChange,
)
from tenant_billing.ports import Subject


@dataclass
class EndpointsMemory(Failing):
    """Webhook endpoints of one account; a secret is told at creation, and again to a replay of its key.

    Attributes:
        unlisted: Ids that lists do not show yet.
    """

    event_version: str = "2026-10-28.endive"
    endpoints: dict[str, WebhookEndpoint] = field(default_factory=dict)
    made: dict[str, CreatedWebhookEndpoint] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)

    async def webhook_endpoints(self) -> Sequence[WebhookEndpoint]:
        self.called("webhook_endpoints")
        return [each for each in reversed(self.endpoints.values()) if each.id not in self.unlisted]

    async def create_webhook_endpoint(
        self, request: NewWebhookEndpoint, key: str, subject: Subject
    ) -> CreatedWebhookEndpoint:
        self.called("create_webhook_endpoint")
        if key not in self.made:
            number = len(self.made) + 1
            types, version = frozenset(request.event_types), request.api_version
            endpoint = WebhookEndpoint(
                f"we_{number}", request.url, types, version, "enabled", request.metadata
            )
            self.endpoints[endpoint.id] = endpoint
            self.made[key] = CreatedWebhookEndpoint(endpoint, f"whsec_{number}")
        self.called("create_webhook_endpoint:committed")
        return self.made[key]

    async def update_webhook_endpoint(
        self, endpoint_id: str, change: WebhookEndpointChange, subject: Subject
    ) -> WebhookEndpoint:
        self.called("update_webhook_endpoint")
        before = self.endpoints[endpoint_id]
        after = replace(before, url=change.url, event_types=frozenset(change.event_types))
        self.endpoints[endpoint_id] = after
        return after

    async def delete_webhook_endpoint(self, endpoint_id: str, subject: Subject) -> None:
        self.called("delete_webhook_endpoint")
        self.endpoints.pop(endpoint_id, None)
