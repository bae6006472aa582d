"""Webhook endpoints of a payment account, as values: what is seen, and what can be asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain.observations import EMPTY


@dataclass(frozen=True)
class WebhookEndpoint:
    """An endpoint as the provider shows it; never its secret.

    Attributes:
        url: Where it delivers to.
        event_types: What it delivers.
        api_version: The version that its events are rendered in, fixed at creation; None: the account's default.
        status: The provider's word, raw.
    """

    id: str
    url: str
    event_types: frozenset[str]
    api_version: str | None
    status: str
    metadata: Mapping[str, str] = EMPTY


@dataclass(frozen=True)
class NewWebhookEndpoint:
    """An endpoint to create."""

    url: str
    event_types: tuple[str, ...]
    api_version: str
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class WebhookEndpointChange:
    """What an endpoint shall be from now on; its version cannot change."""

    url: str
    event_types: tuple[str, ...]


@dataclass(frozen=True)
class CreatedWebhookEndpoint:
    """A new endpoint with its signing secret, which is shown this once only (stripe.md 1.2)."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


def marks_of(owner: str, backend: str) -> dict[str, str]:
    """The metadata that marks an endpoint as registered for a BillingBackend of this installation."""
    return {StripeMetadata.OWNER: owner, StripeMetadata.BACKEND: backend}
