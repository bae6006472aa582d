"""Secrets that prove who sent a request, kept for a short time.

Forged requests must not become requests to the API server: not where many come at once, nor while it gives no answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, TypeVar

from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import Clock, Cluster, SecretKeyMissing, SecretNotFound

KEPT_FOR: Final = 30.0
"""Seconds until Secrets are read again."""
TRIED_AGAIN_AFTER: Final = 1.0
"""Seconds after the API server gave no answer, for whoever asks."""

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class _Reading(Generic[ValueT]):
    """What was read.

    Attributes:
        version: Which version of the resource named the Secrets.
        read_at: When, by the monotonic clock, in seconds.
        value: What they held.
    """

    version: Hashable
    read_at: float
    value: ValueT


@dataclass(frozen=True)
class _Failure:
    """What was not read; see :class:`_Reading`."""

    version: Hashable
    failed_at: float
    error: OutsideError


class KeptSecrets(Generic[ValueT]):
    """What the Secrets of each resource of one cluster-scoped kind held when they were read last."""

    _former_version_serves: ClassVar[bool]
    """Whether what another version of the resource named serves on while the API server gives no answer."""

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
        self._readings: dict[str, _Reading[ValueT]] = {}
        self._failures: dict[str, _Failure] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def _at_most_old(
        self, name: str, version: Hashable, seconds: float, read: Callable[[], Awaitable[ValueT]]
    ) -> ValueT:
        """What a resource's Secrets hold, read again where that is older, or of another version of the resource.

        Raises:
            OutsideError: The API server gave no usable answer, and nothing that was read before may serve.
        """
        held = self._fresh(name, version, seconds)
        if held is not None:
            return held.value
        async with self._turns.setdefault(name, asyncio.Lock()):
            held = self._fresh(name, version, seconds)  # who waited has it from the one who did not
            try:
                return held.value if held is not None else await self._read_now(name, version, read)
            except OutsideError:
                former = self._readings.get(name)
                if former is None or (former.version != version and not self._former_version_serves):
                    raise
                return former.value

    def _fresh(self, name: str, version: Hashable, seconds: float) -> _Reading[ValueT] | None:
        held = self._readings.get(name)
        if held is None or held.version != version:
            return None
        return held if self._clock.monotonic() - held.read_at < seconds else None

    async def _read_now(self, name: str, version: Hashable, read: Callable[[], Awaitable[ValueT]]) -> ValueT:
        """Read, unless that has just failed."""
        failure, now = self._failures.get(name), self._clock.monotonic()
        if failure is not None and failure.version == version and now - failure.failed_at < TRIED_AGAIN_AFTER:
            raise failure.error.with_traceback(None)
        try:
            value = await read()
        except OutsideError as error:
            self._failures[name] = _Failure(version, self._clock.monotonic(), error)
            raise
        self._readings[name] = _Reading(version, now, value)
        return value

    async def _value(self, name: str, key: str) -> str | None:
        """One value; None where there is no such Secret or key.

        Raises:
            OutsideError: The API server gave no usable answer.
        """
        try:
            return await self._cluster.secret_value(self._namespace, name, key)
        except (SecretNotFound, SecretKeyMissing):
            return None
