"""Registers the webhook endpoint of a BillingBackend, and keeps its signing secret in a Secret."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend, WebhookEndpointStatus
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import SecretAnnotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.drift import was_in_sync
from tenant_billing.domain.errors import OutsideError, StoredFailure, Throttled, Unreachable
from tenant_billing.domain.health import Health
from tenant_billing.domain.intents import next_attempt
from tenant_billing.domain.webhook_endpoints import WebhookEndpoint, marks_of
from tenant_billing.domain.webhook_registration import (
    Action,
    CreateEndpoint,
    Registration,
    RegistrationWorld,
    RemoveEndpoint,
    SecretSeen,
    StoreIntent,
    UpdateEndpoint,
    decide,
)
from tenant_billing.ports import ObjectGone, StoredSecret, Subject, WebhookEndpoints
from tenant_billing.reconcilers.reporting import Reporter, Surroundings, key_of, reconcile_token

SIGNING_SECRET: Final = "secret"  # noqa: S105 - the name of a key, not a secret
"""Key in the Secret."""
MOST_ROUNDS: Final = 8
"""Looks in one pass: an intent, a create, a repair, and some old endpoints to remove."""


@dataclass(frozen=True)
class WebhookSeen:
    """What one look at the registration has shown.

    Attributes:
        reason: Of ``WebhookReady``; True with Receiving only.
        endpoint: For the status, None where none is registered.
        retry: Whether an answer that did not come is worth another try soon.
    """

    reason: Reason
    message: str = ""
    endpoint: WebhookEndpointStatus | None = None
    retry: bool = False


class WebhookRegistrar:
    """Looks, decides, and does one thing after the other until nothing is left to do.

    Attributes:
        counts: How often a look has ended with which reason, by BillingBackend.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._resources = surroundings.resources
        self._kubernetes = surroundings.kubernetes
        self._secrets = surroundings.secrets
        self._namespace = surroundings.namespace
        self._clock = surroundings.clock
        self._reporter = Reporter(surroundings)
        self._corrected = surroundings.corrected
        self.counts: Counter[tuple[str, Reason]] = Counter()

    def basis(self, resource: BillingBackend) -> Hashable:
        """What a look is made on: spec, token and Secrets, of which one may be read for the API key, too."""
        user, names = key_of(resource), _secrets_of(resource)
        changed = self._secrets.have_changed(user, *names)
        asked = resource.metadata.generation, reconcile_token(resource)
        return *asked, *self._secrets.versions(user, *names), changed

    async def look(self, resource: BillingBackend, provider: WebhookEndpoints) -> WebhookSeen:
        """Bring the account's endpoints to what the spec says; an account that refuses it works on all the same.

        Raises:
            ObjectGone: The BillingBackend does not exist any more.
            OutsideError: A Secret cannot be read.
        """
        status, account = resource.status, resource.spec.account
        begun = status.webhook_endpoint is not None or status.pending_operation is not None
        seen = await self._register(resource, provider) if account.webhook is not None or begun else None
        if account.webhook is None and (seen is None or not seen.retry):
            seen = await self._by_hand(resource)
        assert seen is not None
        self.counts[resource.metadata.name, seen.reason] += 1
        return seen

    async def _register(self, resource: BillingBackend, provider: WebhookEndpoints) -> WebhookSeen:
        known = resource.status.webhook_endpoint
        try:
            settled = await self._until_settled(resource.metadata.name, provider)
        except OutsideError as error:
            retry = isinstance(error, Unreachable | Throttled)
            remedy = "" if retry else "; or register one by hand and name its secret in webhookSecretRefs"
            message = f"spec.{resource.spec.provider}.webhook cannot be carried out: {error}{remedy}"
            is_old = known is not None and known.api_version != provider.event_version
            return WebhookSeen(
                Reason.VERSION_MISMATCH if is_old else Reason.NOT_CONFIGURED, message, known, retry
            )
        # What is left to do waits for a list that lags behind; nobody else looks again for hours.
        left = settled.action is not None
        return WebhookSeen(settled.reason, settled.message, _told(settled.endpoint), retry=left)

    async def _by_hand(self, resource: BillingBackend) -> WebhookSeen:
        """Endpoints that people make: whether what they sign with is known."""
        references = resource.spec.account.webhook_secret_refs
        problems = [
            found
            for each in references
            if isinstance(found := await self._secrets.value(key_of(resource), each), Health)
        ]
        if references and len(problems) < len(references):
            return WebhookSeen(Reason.RECEIVING, problems[0].message if problems else "")
        if problems:
            return WebhookSeen(Reason.NOT_CONFIGURED, problems[0].message)
        return WebhookSeen(
            Reason.NOT_CONFIGURED,
            f"spec.{resource.spec.provider} has neither webhook nor webhookSecretRefs: "
            "changes are found in the event list only",
        )

    async def remove(self, resource: BillingBackend, provider: WebhookEndpoints) -> None:
        """Remove every endpoint that was registered for a backend.

        Raises:
            OutsideError: The account could not be read or changed.
        """
        await self._until_settled(resource.metadata.name, provider)

    async def _until_settled(self, name: str, provider: WebhookEndpoints) -> Registration:
        created = False
        for _ in range(MOST_ROUNDS):
            resource = self._resources.backend(name)
            if resource is None:
                raise ObjectGone(f"there is no BillingBackend {name!r}")
            secret = await self._secret(resource)
            registration = decide(await self._world(resource, provider, secret))
            action = registration.action
            if action is None or (created and isinstance(action, StoreIntent | CreateEndpoint)):
                break  # an endpoint that was made just now and is not listed yet is not made once more
            await self._apply(action, resource, provider, secret)
            created = created or isinstance(action, CreateEndpoint)
        return registration

    async def _world(
        self, resource: BillingBackend, provider: WebhookEndpoints, secret: StoredSecret | None
    ) -> RegistrationWorld:
        marks = marks_of(resource.spec.owner, resource.metadata.name)
        endpoints = await provider.webhook_endpoints()
        ours = tuple(each for each in endpoints if marks.items() <= each.metadata.items())
        return RegistrationWorld(resource, ours, _seen(secret), provider.event_version, self._clock.now())

    async def _secret(self, resource: BillingBackend) -> StoredSecret | None:
        webhook = resource.spec.account.webhook
        if webhook is None:
            return None
        return await self._secrets.secret(key_of(resource), webhook.secret_name)

    async def _apply(
        self,
        action: Action,
        resource: BillingBackend,
        provider: WebhookEndpoints,
        secret: StoredSecret | None,
    ) -> None:
        subject = Subject(
            "BillingBackend", resource.metadata.name, resource.metadata.uid, type(action).__name__
        )
        match action:
            case StoreIntent(intent):
                await self._intend(resource, intent)
            case CreateEndpoint():
                await self._create(action, resource, provider, secret, subject)
            case UpdateEndpoint(endpoint_id, change):
                await provider.update_webhook_endpoint(endpoint_id, change, subject)
                if was_in_sync(resource, ConditionType.WEBHOOK_READY):
                    self._corrected(type(action).__name__)
            case RemoveEndpoint(endpoint_id):
                await provider.delete_webhook_endpoint(endpoint_id, subject)

    async def _create(
        self,
        action: CreateEndpoint,
        resource: BillingBackend,
        provider: WebhookEndpoints,
        secret: StoredSecret | None,
        subject: Subject,
    ) -> None:
        """Make an endpoint and store its secret at once; killed in between, the replay of the key shows it again."""
        try:
            created = await provider.create_webhook_endpoint(action.request, action.key, subject)
        except StoredFailure:
            intent = resource.status.pending_operation
            if intent is not None:
                await self._intend(resource, next_attempt(intent, self._clock.now()))
            raise
        annotations = {
            SecretAnnotation.BACKEND: resource.metadata.name,
            SecretAnnotation.ENDPOINT: created.endpoint.id,
        }
        await self._kubernetes.apply_secret(
            self._namespace,
            action.secret_name,
            {SIGNING_SECRET: created.secret},
            annotations,
            instead_of=secret,
        )
        status = resource.status.model_copy(
            update={"pending_operation": None, "webhook_endpoint": _told(created.endpoint)}
        )
        await self._reporter.store(resource, resource.status, status)

    async def _intend(self, resource: BillingBackend, intent: PendingOperation) -> None:
        status = resource.status.model_copy(update={"pending_operation": intent})
        await self._reporter.store(resource, resource.status, status)


def _secrets_of(resource: BillingBackend) -> list[str]:
    """Names of the Secrets that deliveries are verified with."""
    account = resource.spec.account
    registered = [account.webhook.secret_name] if account.webhook is not None else []
    return [*registered, *(each.name for each in account.webhook_secret_refs)]


def _seen(secret: StoredSecret | None) -> SecretSeen:
    if secret is None:
        return SecretSeen()
    holds = bool(secret.values.get(SIGNING_SECRET))
    return SecretSeen(
        exists=True,
        backend=secret.annotations.get(SecretAnnotation.BACKEND, ""),
        endpoint_id=secret.annotations.get(SecretAnnotation.ENDPOINT, "") if holds else "",
    )


def _told(endpoint: WebhookEndpoint | None) -> WebhookEndpointStatus | None:
    if endpoint is None:
        return None
    return WebhookEndpointStatus(id=endpoint.id, api_version=endpoint.api_version, status=endpoint.status)
