"""BillingBackend: one payment account."""

from enum import StrEnum
from typing import ClassVar, Final

from tenant_billing.api import names
from tenant_billing.api.fields import ApiModel, Count, SecretKeyReference
from tenant_billing.api.namespaces import NO_NAMESPACE, NamespaceRule
from tenant_billing.api.resource import CreatingStatus, Resource
from tenant_billing.api.timestamps import Timestamp

STRIPE: Final = "stripe"
"""The arm of the union for Stripe."""
LIVE_REQUESTS_PER_SECOND: Final = 40
TEST_REQUESTS_PER_SECOND: Final = 10


class StripeMode(StrEnum):
    """Whether money is real. A key of the other mode is refused (``ModeMismatch``)."""

    LIVE = "Live"
    TEST = "Test"


class ApiKeyReference(SecretKeyReference):
    """Where the secret or restricted key lies."""

    key: str = "api-key"


class WebhookSecretReference(SecretKeyReference):
    """Where a signing secret of the webhook lies."""

    key: str = "secret"


class RegisteredWebhook(ApiModel):
    """An endpoint that the operator registers at the provider by itself."""

    url: str
    secret_name: str
    """Secret in the operator's namespace that it writes the signing secret to."""


class PaymentAccount(ApiModel):
    """How to reach one account, whoever the provider is: the base of every arm of the union in the spec."""

    mode: StripeMode
    api_key_secret_ref: ApiKeyReference
    webhook_secret_refs: tuple[WebhookSecretReference, ...] = ()
    """Every one of them is tried: two are valid during a rotation."""
    webhook: RegisteredWebhook | None = None
    account_id: str | None = None
    """Pins the account; without it the first one seen is recorded in the status."""
    api_url: str | None = None
    """Another address than the provider's, with ``mode: Test`` only."""
    requests_per_second: Count | None = None

    @property
    def is_live(self) -> bool:
        """Whether money is real."""
        return self.mode is StripeMode.LIVE

    @property
    def request_budget(self) -> int:
        """Requests per second of all work together, the default of the mode included."""
        if self.requests_per_second is not None:
            return self.requests_per_second
        return LIVE_REQUESTS_PER_SECOND if self.is_live else TEST_REQUESTS_PER_SECOND


class StripeAccount(PaymentAccount):
    """How to reach one Stripe account."""


class BillingBackendSpec(ApiModel):
    """What the platform team says about the account."""

    stripe: StripeAccount
    owner: str = "default"
    """Name of this installation in Stripe's metadata; two installations on one account need two."""
    trusted_namespaces: NamespaceRule = NO_NAMESPACE
    """Whose authors may set the fields that borrow the account's power, such as ``customer.id``."""

    @property
    def provider(self) -> str:
        """Which arm of the union is set: the provider's name."""
        return STRIPE

    @property
    def account(self) -> PaymentAccount:
        """What that arm says; all but the client judge by this."""
        return self.stripe


class WebhookEndpointStatus(ApiModel):
    """The registered endpoint as Stripe last showed it."""

    id: str
    api_version: str | None = None
    status: str | None = None
    """Stripe's word, raw."""


class EventCursors(ApiModel):
    """How far the account's event list has been handled. Written at most once in 30 s."""

    cursor: str | None = None
    """Id of the last event that was handled; the next reading overlaps it."""
    last_event_time: Timestamp | None = None
    meter_error_cursor: str | None = None


class BillingBackendStatus(CreatingStatus):
    """What the operator knows about the account."""

    account_id: str | None = None
    mode: StripeMode | None = None
    webhook_endpoint: WebhookEndpointStatus | None = None
    events: EventCursors | None = None


class BillingBackend(Resource):
    """One payment account; cluster-scoped."""

    resource_kind: ClassVar = names.BILLING_BACKEND

    spec: BillingBackendSpec
    status: BillingBackendStatus = BillingBackendStatus()
