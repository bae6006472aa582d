"""The life of an object that stands for a connection: held while used, left alone while paused, let go at last."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from tenant_billing.api.resource import Resource
from tenant_billing.ports import ObjectKey, Outcome
from tenant_billing.reconcilers.reporting import Reporter, Surroundings, guarded, is_paused

ConnectionT = TypeVar("ConnectionT", bound=Resource)


class ConnectionReconciler(ABC, Generic[ConnectionT]):
    """What BillingBackends and ThingsStackClusters have in common."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._resources = surroundings.resources
        self._kubernetes = surroundings.kubernetes
        self._queue = surroundings.queue
        self._clock = surroundings.clock
        self._reporter = Reporter(surroundings)
        self._uids: dict[str, str] = {}

    async def reconcile(self, key: ObjectKey) -> Outcome:
        """One pass over one object."""
        return await guarded(self._pass(key.name))

    async def _pass(self, name: str) -> Outcome:
        resource = self._find(name)
        if resource is None:
            return await self._gone(name)
        if self._uids.setdefault(name, resource.metadata.uid) != resource.metadata.uid:
            await self._gone(name)  # and made anew, before anybody looked: nothing of it is the new one's
            self._uids[name] = resource.metadata.uid
        if is_paused(resource):
            return await self._paused(resource)
        await self._reporter.hold(resource)
        if resource.metadata.is_being_deleted and not self._users(resource):
            return await self._ended(resource)
        return await self._kept(resource)

    async def _paused(self, resource: ConnectionT) -> Outcome:
        """Left alone: no call is made for it; a deletion only lets go."""
        await self._forget(resource.metadata.name)
        if resource.metadata.is_being_deleted:
            await self._reporter.let_go(resource)
            return Outcome("gone")
        changed = await self._tell_paused(resource)
        return Outcome("changed" if changed else "settled", why="Paused")

    async def _ended(self, resource: ConnectionT) -> Outcome:
        """Nobody uses it any more."""
        await self._reporter.let_go(resource)
        return await self._gone(resource.metadata.name)

    async def _gone(self, name: str) -> Outcome:
        self._uids.pop(name, None)
        await self._forget(name)
        return Outcome("gone")

    @abstractmethod
    def _find(self, name: str) -> ConnectionT | None:
        """The object as last seen."""

    @abstractmethod
    def _users(self, resource: ConnectionT) -> Sequence[str]:
        """Names of those who keep it from going."""

    @abstractmethod
    async def _kept(self, resource: ConnectionT) -> Outcome:
        """The pass over an object that is there to stay."""

    @abstractmethod
    async def _tell_paused(self, resource: ConnectionT) -> bool:
        """Say in the status that the object is left alone; gives whether that had to be written."""

    @abstractmethod
    async def _forget(self, name: str) -> None:
        """Close the connection, and drop what is remembered."""
