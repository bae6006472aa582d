"""The webhook endpoints of an account that is read and never written."""

from collections.abc import Sequence
from dataclasses import replace

from tenant_billing.domain.forecast import System
from tenant_billing.domain.webhook_endpoints import (
    CreatedWebhookEndpoint,
    NewWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointChange,
)
from tenant_billing.ports import Subject, WebhookEndpoints
from tenant_billing.rehearsal.record import Overlay, Record


class RehearsedWebhookEndpoints:
    """Reads from a real account; a write is noted, and answered by what it would bring.

    Args:
        real: Where reads go.
        record: Where writes are noted.
    """

    def __init__(self, real: WebhookEndpoints, record: Record) -> None:
        self._real_endpoints = real
        self._endpoint_record = record
        self._endpoints: Overlay[WebhookEndpoint] = Overlay(lambda each: each.id)
        self._removed_endpoints: set[str] = set()

    @property
    def event_version(self) -> str:
        """The API version whose events the operator reads."""
        return self._real_endpoints.event_version

    async def webhook_endpoints(self) -> Sequence[WebhookEndpoint]:
        """All endpoints of the account, newest first."""
        there = await self._real_endpoints.webhook_endpoints()
        laid_over = {each.id: each for each in self._endpoints.all()}
        made = [each for each in laid_over.values() if each.id not in {seen.id for seen in there}]
        seen = [*made, *(laid_over.get(each.id, each) for each in there)]
        return [each for each in seen if each.id not in self._removed_endpoints]

    async def create_webhook_endpoint(
        self, request: NewWebhookEndpoint, key: str, subject: Subject
    ) -> CreatedWebhookEndpoint:
        """Note that an endpoint would be made."""
        self._endpoint_record.note(System.STRIPE, "CreateWebhookEndpoint", subject, request.url, request)
        identity = self._endpoint_record.new_id("webhook-endpoint")
        made = WebhookEndpoint(
            identity,
            request.url,
            frozenset(request.event_types),
            request.api_version,
            "enabled",
            request.metadata,
        )
        return CreatedWebhookEndpoint(self._endpoints.put(made), f"whsec_of_{identity}")

    async def update_webhook_endpoint(
        self, endpoint_id: str, change: WebhookEndpointChange, subject: Subject
    ) -> WebhookEndpoint:
        """Note that an endpoint would be put right."""
        before = next(each for each in await self.webhook_endpoints() if each.id == endpoint_id)
        self._endpoint_record.note(
            System.STRIPE, "UpdateWebhookEndpoint", subject, endpoint_id, change, before
        )
        after = replace(before, url=change.url, event_types=frozenset(change.event_types))
        return self._endpoints.put(after)

    async def delete_webhook_endpoint(self, endpoint_id: str, subject: Subject) -> None:
        """Note that an endpoint would be removed."""
        self._endpoint_record.note(System.STRIPE, "DeleteWebhookEndpoint", subject, endpoint_id, {})
        self._removed_endpoints.add(endpoint_id)
