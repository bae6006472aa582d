"""One replica works at a time: the Lease, on the client's own election step.

``kubernetes.aio.leaderelection`` (37.0.2) is used for the step and not for its loop, which lets any connection error
end the election without ending the work, never notices that the work ended, and does not give the Lease back. Its
``LeaseLock`` writes local time marked as UTC; here times are aware.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import structlog
from kubernetes.aio import client
from kubernetes.aio.client.exceptions import ApiException
from kubernetes.aio.leaderelection.electionconfig import Config
from kubernetes.aio.leaderelection.leaderelection import LeaderElection
from kubernetes.aio.leaderelection.leaderelectionrecord import LeaderElectionRecord
from kubernetes.aio.leaderelection.resourcelock.leaselock import LeaseLock

_STEP_TIMEOUT: Final = 5.0


class _UtcLeaseLock(LeaseLock):
    """A Lease whose times are what they say, and that can be given back."""

    def time_str_to_iso(self, str_time: str) -> str:
        """The elector's text of a time (local where it names no zone) as Kubernetes spells it."""
        return datetime.fromisoformat(str_time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def election_record(self, lease: Any) -> LeaderElectionRecord:
        """The record that a Lease holds, its times with their zone; an empty holder means that it is free."""
        spec = lease.spec
        if not spec or not spec.holder_identity:
            return LeaderElectionRecord(None, None, None, None)
        return LeaderElectionRecord(
            spec.holder_identity,
            str(spec.lease_duration_seconds) if spec.lease_duration_seconds else None,
            spec.acquire_time.isoformat() if spec.acquire_time else None,
            spec.renew_time.isoformat() if spec.renew_time else None,
        )

    async def give_back(self) -> None:
        """Leave the Lease without a holder, so that the next replica need not wait for it to run out."""
        if self.lease_reference is None:
            return
        lease = await self.api_instance.read_namespaced_lease(self.name, self.namespace)
        if lease.spec is not None and lease.spec.holder_identity == self.identity:
            lease.spec.holder_identity = ""
            await self.api_instance.replace_namespaced_lease(self.name, self.namespace, lease)


async def _nothing() -> None:
    """Stands where the library's loop, which is not used, would call back."""


class KubernetesLease:
    """A Lease object that one identity holds at a time.

    A process that restarts under the identity it had takes its Lease back at once.
    """

    def __init__(
        self, api_client: client.ApiClient, namespace: str, name: str, identity: str, duration: float
    ) -> None:
        """Compete for a Lease; no call is made yet.

        Args:
            api_client: Where and how to call.
            namespace: The operator's own.
            name: Name of the Lease.
            identity: Who we are: no two processes at a time may have the same.
            duration: Seconds after which a Lease that is not renewed belongs to nobody.
        """
        self.identity = identity
        self._lock = _UtcLeaseLock(name, namespace, identity, api_client)
        renew_deadline, retry_period = duration * 2 / 3, max(1.0, duration / 7.5)
        self._election = LeaderElection(
            Config(self._lock, duration, renew_deadline, retry_period, _nothing, _nothing)
        )
        self._log = structlog.get_logger("lease")

    async def acquire_or_renew(self) -> bool:
        """Try once to become or to stay the holder; False also where the API server gave no usable answer."""
        try:
            async with asyncio.timeout(_STEP_TIMEOUT):
                held: bool = await self._election.try_acquire_or_renew()
        except (ApiException, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._log.warning("no answer about the Lease", error=type(error).__name__)
            return False
        return held

    async def release(self) -> None:
        """Give it back; where that fails it runs out by itself."""
        try:
            async with asyncio.timeout(_STEP_TIMEOUT):
                await self._lock.give_back()
        except (ApiException, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._log.warning("Lease not given back", error=type(error).__name__)
