"""What becomes of one delivery: verified, routed, stored as a nudge, and only then accepted (product.md, "Events")."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import structlog

from tenant_billing.api import names
from tenant_billing.api.billing_backend import STRIPE, BillingBackend
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.events import Receiver, Route, route
from tenant_billing.domain.observations import Event
from tenant_billing.ports import (
    Cluster,
    ObjectConflict,
    ObjectGone,
    ObjectKey,
    Resources,
    WebhookVerifier,
)
from tenant_billing.webhooks.signing_secrets import SigningSecrets


class Result(StrEnum):
    """What became of a delivery."""

    STORED = "stored"
    DROPPED = "dropped"
    """It is genuine and none of our business."""
    NOT_VERIFIED = "not verified"
    NOT_STORED = "not stored"
    """It is to be delivered again."""
    UNKNOWN_BACKEND = "unknown backend"


class Deliveries:
    """Takes deliveries in.

    Attributes:
        counts: How many had which result, and for dropped ones which reason (empty otherwise).
    """

    def __init__(
        self,
        resources: Resources,
        cluster: Cluster,
        secrets: SigningSecrets,
        verify: WebhookVerifier,
        watches_are_complete: Callable[[], bool],
    ) -> None:
        """Take nothing in yet.

        Args:
            resources: The watched objects, which say whom an event concerns.
            cluster: Where nudges are written.
            secrets: What deliveries are signed with.
            verify: Whether a signature is right.
            watches_are_complete: Before that, an object that is not seen may be there all the same.
        """
        self._resources = resources
        self._cluster = cluster
        self._secrets = secrets
        self._verify = verify
        self._watches_are_complete = watches_are_complete
        self._log = structlog.get_logger("webhook")
        self.counts: Counter[tuple[Result, str]] = Counter()

    def numbers(self) -> Mapping[tuple[str, str], int]:
        """The counts in words, every result among them."""
        return {(each.name.lower(), ""): 0 for each in Result if each is not Result.DROPPED} | {
            (result.name.lower(), reason): number for (result, reason), number in self.counts.items()
        }

    async def take(self, payload: bytes, signature: str, backend: str | None) -> Result:
        """Take one delivery in.

        Args:
            payload: The body as it came.
            signature: The header of the signature.
            backend: The BillingBackend that the address names; None: any whose secret verifies it.
        """
        result, reason = await self._take(payload, signature, backend)
        self.counts[result, reason] += 1
        return result

    async def _take(self, payload: bytes, signature: str, name: str | None) -> tuple[Result, str]:
        if not self._watches_are_complete():
            return Result.NOT_STORED, ""  # what it concerns would not be found, and a stranger's is dropped
        candidates = self._candidates(name)
        if not candidates and name is not None:
            return Result.UNKNOWN_BACKEND, ""
        try:
            found = await self._verified(payload, signature, candidates)
        except OutsideError as error:
            self._log.warning("signing secrets cannot be read", error=str(error))
            return Result.NOT_STORED, ""
        if found is None:
            return Result.NOT_VERIFIED, ""
        backend, event = found
        return await self._store(event, backend)

    def _candidates(self, name: str | None) -> Sequence[BillingBackend]:
        """The Stripe accounts that it may come from; another provider would deliver elsewhere."""
        named = self._resources.backends() if name is None else [self._resources.backend(name)]
        return [each for each in named if each is not None and each.spec.provider == STRIPE]

    async def _verified(
        self, payload: bytes, signature: str, candidates: Sequence[BillingBackend]
    ) -> tuple[BillingBackend, Event] | None:
        """The backend whose secret signed it; secrets are read again before a delivery is refused.

        Raises:
            OutsideError: No secret that could be read signed it, and some could not be read.
        """
        problem: OutsideError | None = None
        for read in (self._secrets.of, self._secrets.refreshed):
            for backend in candidates:
                try:
                    secrets = await read(backend)
                except OutsideError as error:
                    problem = error
                    continue
                event = self._verify(payload, signature, secrets) if secrets else None
                if event is not None:
                    return backend, event
        if problem is not None:
            raise problem
        return None

    async def _store(self, event: Event, backend: BillingBackend) -> tuple[Result, str]:
        livemode = backend.spec.account.is_live
        account = backend.status.account_id or backend.spec.account.account_id or ""
        receiver = Receiver(backend.metadata.name, backend.spec.owner, account, livemode)
        found = route(event, receiver, self._resources)
        if found.dropped:
            self._log.debug("event dropped", event_id=event.id, type=event.type, why=found.dropped)
            return Result.DROPPED, found.dropped
        try:
            await self._nudge(_keys(found, receiver.backend), event.id, receiver.backend)
        except (OutsideError, ObjectConflict, ObjectGone) as error:
            self._log.warning("event not stored", event_id=event.id, type=event.type, error=str(error))
            return Result.NOT_STORED, ""
        return Result.STORED, ""

    async def _nudge(self, keys: Sequence[ObjectKey], event_id: str, backend: str) -> None:
        """Write the event's id on each object; where one is gone, its BillingBackend looks instead."""
        for key in keys:
            try:
                await self._annotate(key, event_id)
            except ObjectGone:
                await self._annotate(ObjectKey(names.BILLING_BACKEND.kind, "", backend), event_id)

    async def _annotate(self, key: ObjectKey, event_id: str) -> None:
        annotations = {names.Annotation.NUDGE: event_id}
        await self._cluster.annotate(key.kind, key.namespace or None, key.name, annotations)
        self._log.info(
            "event stored", event_id=event_id, kind=key.kind, namespace=key.namespace, name=key.name
        )


def _keys(found: Route, backend: str) -> Sequence[ObjectKey]:
    subscriptions = [
        ObjectKey(names.TENANT_SUBSCRIPTION.kind, namespace, name) for namespace, name in found.subscriptions
    ]
    plans = [ObjectKey(names.BILLING_PLAN.kind, "", name) for name in found.plans]
    whole = [ObjectKey(names.BILLING_BACKEND.kind, "", backend)] if found.backend else []
    return [*subscriptions, *plans, *whole]
