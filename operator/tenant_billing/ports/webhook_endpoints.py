"""The webhook endpoints of a payment account."""

from collections.abc import Sequence
from typing import Protocol

from tenant_billing.domain.webhook_endpoints import (
    CreatedWebhookEndpoint,
    NewWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointChange,
)
from tenant_billing.ports.work import Subject


class WebhookEndpoints(Protocol):
    """Where an account delivers its events to. Every method that waits raises an ``OutsideError``."""

    @property
    def event_version(self) -> str:
        """The API version whose events the operator reads."""
        ...

    async def webhook_endpoints(self) -> Sequence[WebhookEndpoint]:
        """All endpoints of the account, newest first."""
        ...

    async def create_webhook_endpoint(
        self, request: NewWebhookEndpoint, key: str, subject: Subject
    ) -> CreatedWebhookEndpoint:
        """Make an endpoint under an idempotency key; a replay of the key shows the secret again while it is kept."""
        ...

    async def update_webhook_endpoint(
        self, endpoint_id: str, change: WebhookEndpointChange, subject: Subject
    ) -> WebhookEndpoint:
        """Change what an endpoint delivers, and where to."""
        ...

    async def delete_webhook_endpoint(self, endpoint_id: str, subject: Subject) -> None:
        """Remove an endpoint; one that does not exist any more is success."""
        ...
