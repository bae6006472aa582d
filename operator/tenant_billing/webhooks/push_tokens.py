"""What senders of usage reports prove themselves with: the bearer tokens of clusters, kept for a short time."""

from dataclasses import dataclass
from typing import Final

from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import Clock, Cluster, SecretKeyMissing, SecretNotFound

KEPT_FOR: Final = 30.0
"""Seconds until a Secret is read again: forged reports must not become requests to the API server."""


@dataclass(frozen=True)
class _Reading:
    generation: int
    read_at: float
    token: str | None


class PushTokens:
    """Tokens by cluster."""

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

    async def of(self, cluster: ThingsStackCluster) -> str | None:
        """The token of a cluster; None where none is named or the Secret is not there: then every report is refused.

        Raises:
            OutsideError: The API server gave no usable answer, and nothing was read before.
        """
        push, metadata = cluster.spec.metering.push, cluster.metadata
        if push is None:
            return None
        held, now = self._readings.get(metadata.name), self._clock.monotonic()
        known = held is not None and held.generation == metadata.generation
        if held is not None and known and now - held.read_at < KEPT_FOR:
            return held.token
        reference = push.bearer_token_secret_ref
        token: str | None = None
        try:
            value = await self._cluster.secret_value(self._namespace, reference.name, reference.key)
            token = value.strip() or None
        except (SecretNotFound, SecretKeyMissing):
            token = None
        except OutsideError:
            if held is None or not known:
                raise
            return held.token
        self._readings[metadata.name] = _Reading(metadata.generation, now, token)
        return token
