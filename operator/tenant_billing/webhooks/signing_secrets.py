"""The signing secrets of each BillingBackend, read from Secrets and kept for a short time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import Clock, Cluster, SecretKeyMissing, SecretNotFound

KEPT_FOR: Final = 30.0
"""Seconds until Secrets are read again."""
REFRESHED_AT_MOST_EVERY: Final = 5.0
"""Seconds between two readings that a delivery asks for: forged ones must not become requests to the API server."""


@dataclass(frozen=True)
class _Reading:
    """What was read, and for which version of the BillingBackend: its generation, and its registered endpoint."""

    wanted: tuple[int, str | None]
    read_at: float
    secrets: tuple[str, ...]


class SigningSecrets:
    """Secrets by backend; what cannot be read at present is what was read last."""

    def __init__(self, cluster: Cluster, clock: Clock, namespace: str) -> None:
        """Read nothing yet.

        Args:
            cluster: Where Secrets are.
            clock: How old a reading is.
            namespace: The operator's own, where the Secrets of a cluster-scoped kind lie.
        """
        self._cluster = cluster
        self._clock = clock
        self._namespace = namespace
        self._readings: dict[str, _Reading] = {}

    async def of(self, backend: BillingBackend) -> Sequence[str]:
        """The secrets that a delivery may be signed with.

        Raises:
            OutsideError: The API server gave no usable answer, and nothing was read before.
        """
        return await self._at_most_old(backend, KEPT_FOR)

    async def refreshed(self, backend: BillingBackend) -> Sequence[str] | None:
        """The secrets read anew, for a delivery that failed: one may have been rolled. None if read just before.

        Raises:
            OutsideError: The API server gave no usable answer, and nothing was read before.
        """
        before = self._readings.get(backend.metadata.name)
        await self._at_most_old(backend, REFRESHED_AT_MOST_EVERY)
        after = self._readings[backend.metadata.name]
        return after.secrets if after is not before else None

    async def _at_most_old(self, backend: BillingBackend, seconds: float) -> Sequence[str]:
        name, endpoint = backend.metadata.name, backend.status.webhook_endpoint
        wanted = (backend.metadata.generation, endpoint.id if endpoint is not None else None)
        held = self._readings.get(name)
        now = self._clock.monotonic()
        if held is not None and held.wanted == wanted and now - held.read_at < seconds:
            return held.secrets
        try:
            secrets = await self._read(backend)
        except OutsideError:
            if held is None:
                raise
            return held.secrets
        self._readings[name] = _Reading(wanted, now, secrets)
        return secrets

    async def _read(self, backend: BillingBackend) -> tuple[str, ...]:
        account = backend.spec.account
        references = [(each.name, each.key) for each in account.webhook_secret_refs]
        if account.webhook is not None:
            references.append((account.webhook.secret_name, "secret"))
        secrets: list[str] = []
        for name, key in references:
            try:
                secrets.append(await self._cluster.secret_value(self._namespace, name, key))
            except (SecretNotFound, SecretKeyMissing):
                continue  # the BillingBackend's own condition says so
        return tuple(secrets)
