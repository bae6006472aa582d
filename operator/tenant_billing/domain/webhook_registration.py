"""What should happen to the webhook endpoint that a BillingBackend asks to be registered.

An endpoint is of use only while its signing secret is known, and the secret is shown at its creation only. So an
endpoint whose secret is lost, or whose events are of another API version (fixed at its creation, stripe.md 3.2), is
replaced: first a new one whose secret is stored, then the old one is removed. One that a person has disabled stays so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from tenant_billing.api.billing_backend import BillingBackend, RegisteredWebhook
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.webhook_endpoints import (
    NewWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointChange,
    marks_of,
)

REGISTER: Final = "RegisterWebhookEndpoint"
"""Step of the intent."""
DISABLED: Final = "disabled"
"""Stripe's word for an endpoint that delivers nothing."""


@dataclass(frozen=True)
class SecretSeen:
    """The Secret of ``spec.stripe.webhook.secretName``, as far as decisions need it; never its value.

    Attributes:
        exists: Whether there is one.
        backend: The BillingBackend that it was written for; empty for a Secret that is not the operator's.
        endpoint_id: The endpoint whose secret it holds; empty where it holds none.
    """

    exists: bool = False
    backend: str = ""
    endpoint_id: str = ""


@dataclass(frozen=True)
class RegistrationWorld:
    """What one decision is made from.

    Attributes:
        endpoints: Those that carry this backend's marks, newest first.
        api_version: Of which the operator reads events.
        now: The local time: intents and their keys are nobody's money.
    """

    resource: BillingBackend
    endpoints: tuple[WebhookEndpoint, ...]
    secret: SecretSeen
    api_version: str
    now: datetime


@dataclass(frozen=True)
class StoreIntent:
    """Write down that an endpoint is about to be made, before it is."""

    intent: PendingOperation


@dataclass(frozen=True)
class CreateEndpoint:
    """Make the endpoint under the key of the intent, and store its secret."""

    request: NewWebhookEndpoint
    key: str
    secret_name: str


@dataclass(frozen=True)
class UpdateEndpoint:
    """Put an endpoint right that somebody changed."""

    endpoint_id: str
    change: WebhookEndpointChange


@dataclass(frozen=True)
class RemoveEndpoint:
    """Remove an endpoint that is of no use any more."""

    endpoint_id: str


Action = StoreIntent | CreateEndpoint | UpdateEndpoint | RemoveEndpoint


@dataclass(frozen=True)
class Registration:
    """What follows from a world.

    Attributes:
        action: What to do next, None when in sync. After it, look and decide again.
        endpoint: The endpoint to tell of.
        reason: Of ``WebhookReady``; True with Receiving only.
    """

    action: Action | None = None
    endpoint: WebhookEndpoint | None = None
    reason: Reason = Reason.NOT_CONFIGURED
    message: str = ""


def decide(world: RegistrationWorld) -> Registration:
    """Decide about the endpoint of a backend, and about those that it had before."""
    wanted = world.resource.spec.account.webhook
    if wanted is None or world.resource.metadata.is_being_deleted:
        return _removed(world, keep=None)
    foreign = _foreign_secret(world, wanted)
    if foreign:
        return Registration(endpoint=_known(world), message=foreign)
    usable = _usable(world)
    if usable is None:
        known = _known(world)
        mismatch = known is not None and known.api_version != world.api_version
        reason = Reason.VERSION_MISMATCH if mismatch else Reason.NOT_CONFIGURED
        return Registration(_creating(world, wanted), known, reason, _without_use(world, known))
    if (usable.url, usable.event_types) != (wanted.url, frozenset(EVENT_TYPES)):
        change = WebhookEndpointChange(wanted.url, EVENT_TYPES)
        return Registration(UpdateEndpoint(usable.id, change), usable, Reason.RECEIVING)
    return _removed(world, keep=usable)


def _foreign_secret(world: RegistrationWorld, wanted: RegisteredWebhook) -> str:
    """Why the Secret must not be written; empty where it may.

    An endpoint that was registered before stays: what a Secret says that is not ours must not end deliveries for good.
    """
    secret = world.secret
    if not secret.exists or secret.backend == world.resource.metadata.name:
        return ""
    whose = f"belongs to BillingBackend {secret.backend!r}" if secret.backend else "was made by somebody else"
    known = _known(world)
    stays = (
        f"; until then endpoint {known.id} stays at Stripe, and none of its deliveries can be verified"
        if known is not None
        else ""
    )
    return (
        f"spec.stripe.webhook.secretName: Secret {wanted.secret_name!r} {whose} and is not overwritten: "
        f"name another one, or delete it{stays}"
    )


def _known(world: RegistrationWorld) -> WebhookEndpoint | None:
    """The endpoint that was registered last."""
    return world.endpoints[0] if world.endpoints else None


def _usable(world: RegistrationWorld) -> WebhookEndpoint | None:
    """The endpoint of our version whose secret is stored."""
    return next(
        (
            each
            for each in world.endpoints
            if each.id == world.secret.endpoint_id and each.api_version == world.api_version
        ),
        None,
    )


def _without_use(world: RegistrationWorld, known: WebhookEndpoint | None) -> str:
    if known is None:
        return "spec.stripe.webhook: the endpoint is not registered yet"
    if known.api_version != world.api_version:
        return (
            f"endpoint {known.id} delivers events of API version {known.api_version}, not {world.api_version}: "
            "it is replaced"
        )
    return f"the signing secret of endpoint {known.id} is lost: it is replaced"


def _creating(world: RegistrationWorld, wanted: RegisteredWebhook) -> Action:
    """Intent first; the look at what a former attempt may have left precedes every decision."""
    resource = world.resource
    request = NewWebhookEndpoint(
        wanted.url, EVENT_TYPES, world.api_version, marks_of(resource.spec.owner, resource.metadata.name)
    )
    intent = resource.status.pending_operation
    parameters: dict[str, JsonValue] = {"url": request.url, "api_version": request.api_version}
    if intent is not None and dict(intent.parameters) == parameters:
        return CreateEndpoint(request, intent.idempotency_key, wanted.secret_name)
    attempt = intent.attempt + 1 if intent is not None else 1
    # The key of an earlier registration would only bring back what that one has made, and what may be removed by now:
    # whoever takes the field out and puts it back has made two generations, maybe within one second.
    replaced = world.endpoints[0].id if world.endpoints else "none"
    purpose = f"{REGISTER}-{replaced}-{resource.metadata.generation}-{int(world.now.timestamp())}"
    return StoreIntent(
        PendingOperation(
            step=REGISTER,
            attempt=attempt,
            idempotency_key=idempotency_key(resource.metadata.uid, purpose, attempt),
            parameters=parameters,
            start_time=world.now,
        )
    )


def _removed(world: RegistrationWorld, keep: WebhookEndpoint | None) -> Registration:
    """All but one endpoint are removed, one after the other; the one that is kept is told of."""
    action = next((RemoveEndpoint(each.id) for each in world.endpoints if each != keep), None)
    if keep is None:
        return Registration(action)
    if keep.status == DISABLED:
        message = (
            f"endpoint {keep.id} is disabled at Stripe: enable it there; "
            "until then changes are found in the event list only"
        )
        return Registration(action, keep, Reason.ENDPOINT_DISABLED, message)
    return Registration(action, keep, Reason.RECEIVING)
