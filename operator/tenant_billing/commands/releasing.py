"""Letting go of every object: once no operator works, the finalizers go, and nothing else is written anywhere."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from tenant_billing.api import names
from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.lease import KubernetesLease
from tenant_billing.commands.leftovers import essentials
from tenant_billing.ports import ObjectConflict, ObjectGone
from tenant_billing.runtime.clock import SystemClock
from tenant_billing.runtime.leadership import Leadership, LeaseTiming
from tenant_billing.settings import Settings

AT_A_TIME: Final = 50
"""Objects per page, and writes under way: more would keep the API server from its other users."""

Body = dict[str, Any]


class Releasing:
    """Takes our finalizer off every object of our kinds.

    Attributes:
        seen: The essentials of every object when it was seen first, in the order of the API server.
        released: How many finalizers were taken off, by kind.
    """

    def __init__(self, api: KubernetesApi) -> None:
        """Write nothing yet."""
        self._api = api
        self._cluster = KubernetesCluster(api, SystemClock(), "release")
        self.seen: dict[str, Mapping[str, Any]] = {}
        self.released: dict[str, int] = {}

    async def run(self) -> None:
        """List everything and let go of it, again until nothing was changed by somebody else in between.

        Raises:
            OutsideError: The API server refused, or gave no usable answer; what was done stands.
        """
        while await self._round():
            pass

    async def _round(self) -> int:
        """Go once through all kinds; gives how many objects have to be looked at again."""
        again = 0
        for kind in names.KINDS:
            try:
                async for page in self._api.pages(f"/apis/{names.API_VERSION}/{kind.plural}", AT_A_TIME):
                    bodies = [{"apiVersion": names.API_VERSION, "kind": kind.kind, **each} for each in page]
                    again += sum(await asyncio.gather(*map(self._let_go, bodies)))
            except ObjectGone:
                continue  # the kind is not defined: nobody has such objects
        return again

    async def _let_go(self, body: Body) -> bool:
        """Take our finalizer off an object; True where it was changed meanwhile and keeps its finalizers."""
        metadata: Mapping[str, Any] = body["metadata"]
        self.seen.setdefault(metadata["uid"], essentials(body))
        finalizers = metadata.get("finalizers", [])
        if names.FINALIZER not in finalizers:
            return False
        try:
            await self._cluster.set_finalizers(body, [each for each in finalizers if each != names.FINALIZER])
        except ObjectConflict:
            return True
        except ObjectGone:
            return False
        self.released[body["kind"]] = self.released.get(body["kind"], 0) + 1
        return False


class KeptLease:
    """A Lease that is not given back: it runs out.

    A replica that has not been told yet to end would take a Lease that is free, and put every finalizer back.
    """

    def __init__(self, lease: KubernetesLease) -> None:
        """Hold this Lease."""
        self.identity = lease.identity
        self.acquire_or_renew = lease.acquire_or_renew
        self._lease = lease

    @property
    def free_after(self) -> float | None:
        """When another's Lease can be had."""
        return self._lease.free_after

    async def release(self) -> None:
        """Keep it."""


async def release_everything(api: KubernetesApi, settings: Settings, patience: float) -> Releasing:
    """Wait until no operator works, keep it so by holding its Lease, and let go of everything.

    Args:
        api: Where to call.
        settings: The operator's own: where its Lease lies, and for how long it is held.
        patience: Seconds for the waiting and the work together.

    Raises:
        OutsideError: The API server refused, or gave no usable answer; what was done stands.
        TimeoutError: They are over; what was done stands.
    """
    releasing, done = Releasing(api), asyncio.Event()

    async def work(_end: asyncio.Event) -> None:
        await releasing.run()
        done.set()

    where = (settings.namespace, settings.lease_name)
    identity = f"release-{settings.identity}"  # never the operator's own, whose Lease would be taken at once
    lease = KubernetesLease(api, SystemClock(), *where, identity, settings.lease_duration)
    async with asyncio.timeout(patience):
        await Leadership(KeptLease(lease), LeaseTiming(settings.lease_duration)).run(work, done)
    return releasing
