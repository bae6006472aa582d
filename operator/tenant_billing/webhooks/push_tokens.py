"""What senders of usage reports prove themselves with: the bearer tokens of clusters."""

from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.webhooks.kept_secrets import KEPT_FOR, KeptSecrets


class PushTokens(KeptSecrets[str | None]):
    """Tokens by cluster; where a cluster names another Secret than before, the former token proves nothing."""

    _former_version_serves = False

    async def of(self, cluster: ThingsStackCluster) -> str | None:
        """The token of a cluster; None where none is named or the Secret is not there: then every report is refused.

        Raises:
            OutsideError: The API server gave no usable answer, and nothing was read before.
        """
        push, metadata = cluster.spec.metering.push, cluster.metadata
        if push is None:
            return None
        reference = push.bearer_token_secret_ref

        async def read() -> str | None:
            value = await self._value(reference.name, reference.key)
            return value.strip() or None if value is not None else None

        version = (metadata.uid, metadata.generation)
        return await self._at_most_old(metadata.name, version, KEPT_FOR, read)
