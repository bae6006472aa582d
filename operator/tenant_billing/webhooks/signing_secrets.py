"""The signing secrets of each BillingBackend."""

from collections.abc import Sequence
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.webhooks.kept_secrets import KEPT_FOR, KeptSecrets

REFRESHED_AT_MOST_EVERY: Final = 5.0
"""Seconds between two readings that a delivery asks for."""


class SigningSecrets(KeptSecrets[tuple[str, ...]]):
    """Secrets by backend; what cannot be read at present is what was read last."""

    _former_version_serves = True

    async def of(self, backend: BillingBackend) -> Sequence[str]:
        """The secrets that a delivery may be signed with.

        Raises:
            OutsideError: The API server gave no usable answer, and nothing was read before.
        """
        return await self._read_at_most(backend, KEPT_FOR)

    async def refreshed(self, backend: BillingBackend) -> Sequence[str] | None:
        """The secrets read anew, for a delivery that failed: one may have been rolled. None if read just before.

        Raises:
            OutsideError: The API server gave no usable answer, and nothing was read before.
        """
        before = self._readings.get(backend.metadata.name)
        await self._read_at_most(backend, REFRESHED_AT_MOST_EVERY)
        after = self._readings[backend.metadata.name]
        return after.value if after is not before else None

    async def _read_at_most(self, backend: BillingBackend, seconds: float) -> tuple[str, ...]:
        metadata, endpoint = backend.metadata, backend.status.webhook_endpoint
        version = (metadata.uid, metadata.generation, endpoint.id if endpoint is not None else None)
        return await self._at_most_old(metadata.name, version, seconds, lambda: self._read(backend))

    async def _read(self, backend: BillingBackend) -> tuple[str, ...]:
        account = backend.spec.account
        references = [(each.name, each.key) for each in account.webhook_secret_refs]
        if account.webhook is not None:
            references.append((account.webhook.secret_name, "secret"))
        found = [await self._value(name, key) for name, key in references]
        # The BillingBackend's own condition tells of those that are not there.
        return tuple(each for each in found if each is not None)
