"""One replica works at a time: the Lease, by the algorithm of client-go's leader election.

``kubernetes.aio.leaderelection`` (37.0.2) is not used: its ``LeaseLock`` cannot create a Lease (a boolean where
the client insists on a text), it writes local time marked as UTC, any connection error ends its loop without ending the
work, and it does not give the Lease back.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import Clock, ObjectConflict, ObjectGone


class KubernetesLease:
    """A Lease object that one identity holds at a time.

    Whether another's Lease has run out is judged by our own monotonic clock, from when we first saw its last renewal:
    clocks of different machines are never compared. A process that restarts under the identity it had takes its Lease
    back at once.
    """

    def __init__(
        self, api: KubernetesApi, clock: Clock, namespace: str, name: str, identity: str, duration: float
    ) -> None:
        """Compete for a Lease; no call is made yet.

        Args:
            api: Where to call.
            clock: What is written as the time of renewal, and how long another's renewal is ago.
            namespace: The operator's own.
            name: Name of the Lease.
            identity: Who we are: no two processes at a time may have the same.
            duration: Seconds after which a Lease that is not renewed belongs to nobody.
        """
        self.identity = identity
        self._api = api
        self._clock = clock
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._name = name
        self._duration = round(duration)
        self._seen: Mapping[str, Any] = {}
        self._seen_at = 0.0
        self._log = structlog.get_logger("lease")

    @property
    def free_after(self) -> float | None:
        """Seconds until another's Lease runs out unless it is renewed; None where none is known."""
        if not self._seen:
            return None
        return max(self._seen_at + self._lasts(self._seen) - self._clock.monotonic(), 0.0)

    async def acquire_or_renew(self) -> bool:
        """Try once to become or to stay the holder; False also where the API server gave no usable answer."""
        try:
            return await self._try()
        except ObjectConflict:
            return False  # another replica was faster
        except (OutsideError, ObjectGone) as error:
            self._log.warning("Lease neither acquired nor renewed", error=str(error))
            return False

    async def release(self) -> None:
        """Leave the Lease without a holder, so that the next replica need not wait; failing that, it runs out."""
        try:
            lease = await self._api.call("GET", f"{self._path}/{self._name}")
            if lease["spec"].get("holderIdentity") == self.identity:
                spec = lease["spec"] | {"holderIdentity": "", "leaseDurationSeconds": 1}
                await self._api.call("PUT", f"{self._path}/{self._name}", body=lease | {"spec": spec})
        except (OutsideError, ObjectConflict, ObjectGone) as error:
            self._log.warning("Lease not given back", error=str(error))

    async def _try(self) -> bool:
        try:
            lease = await self._api.call("GET", f"{self._path}/{self._name}")
        except ObjectGone:
            await self._create()
            return True
        before: Mapping[str, Any] = lease.get("spec") or {}
        if self._is_held_by_another(before):
            return False
        await self._api.call("PUT", f"{self._path}/{self._name}", body=lease | {"spec": self._ours(before)})
        return True

    async def _create(self) -> None:
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._name},
            "spec": self._ours({}),
        }
        await self._api.call("POST", self._path, body=lease)

    def _is_held_by_another(self, spec: Mapping[str, Any]) -> bool:
        if spec.get("holderIdentity", "") in ("", self.identity):
            self._seen = {}
            return False
        now = self._clock.monotonic()
        if spec != self._seen:
            self._seen, self._seen_at = spec, now
        return now < self._seen_at + self._lasts(spec)

    def _lasts(self, spec: Mapping[str, Any]) -> float:
        return float(spec.get("leaseDurationSeconds", self._duration))

    def _ours(self, before: Mapping[str, Any]) -> dict[str, Any]:
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        renewing = before.get("holderIdentity") == self.identity
        return {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": self._duration,
            "acquireTime": before.get("acquireTime", now) if renewing else now,
            "renewTime": now,
            "leaseTransitions": before.get("leaseTransitions", 0) + (0 if renewing or not before else 1),
        }
