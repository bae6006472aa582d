"""Calls about webhook endpoints."""

from outside_stubs import SUBJECT
from stripe_contract import Service, unique
from stripe_openapi.call_table import CallTable
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.clients.stripe_webhook_endpoints import EVENT_VERSION
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.webhook_endpoints import NewWebhookEndpoint, WebhookEndpointChange, marks_of

calls = CallTable()


def new_endpoint() -> NewWebhookEndpoint:
    """An endpoint as the operator registers it."""
    marks = marks_of("default", "main")
    return NewWebhookEndpoint("https://hooks.example.com/main", EVENT_TYPES, EVENT_VERSION, marks)


@calls("webhook_endpoints")
async def _all_webhook_endpoints(provider: StripeProvider, service: Service) -> None:
    created = await provider.create_webhook_endpoint(new_endpoint(), unique("key"), SUBJECT)
    assert created.endpoint in await provider.webhook_endpoints()


@calls("create_webhook_endpoint")
async def _a_new_webhook_endpoint(provider: StripeProvider, service: Service) -> None:
    key = unique("key")
    created = await provider.create_webhook_endpoint(new_endpoint(), key, SUBJECT)
    assert created.secret.startswith("whsec_")
    assert await provider.create_webhook_endpoint(new_endpoint(), key, SUBJECT) == created
    assert "whsec_" not in repr(created)


@calls("update_webhook_endpoint")
async def _a_changed_webhook_endpoint(provider: StripeProvider, service: Service) -> None:
    created = await provider.create_webhook_endpoint(new_endpoint(), unique("key"), SUBJECT)
    change = WebhookEndpointChange("https://hooks.example.com/other", EVENT_TYPES[:3])
    changed = await provider.update_webhook_endpoint(created.endpoint.id, change, SUBJECT)
    assert (changed.url, changed.event_types) == (change.url, frozenset(change.event_types))


@calls("delete_webhook_endpoint")
async def _no_webhook_endpoint_any_more(provider: StripeProvider, service: Service) -> None:
    created = await provider.create_webhook_endpoint(new_endpoint(), unique("key"), SUBJECT)
    for _ in range(2):
        await provider.delete_webhook_endpoint(created.endpoint.id, SUBJECT)
    assert created.endpoint.id not in {each.id for each in await provider.webhook_endpoints()}
