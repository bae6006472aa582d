"""Live connections to tenant registries, by ThingsStackCluster, and the gate of the brake."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from tenant_billing.api.names import THINGS_STACK_CLUSTER
from tenant_billing.api.things_stack_cluster import ThingsStackCluster, ThingsStackClusterStatus
from tenant_billing.domain import brake
from tenant_billing.domain.brake import BrakeState, Verdict
from tenant_billing.domain.errors import Forbidden, OutsideError, Unauthorized, Unreachable
from tenant_billing.domain.health import Health, of_registry_error
from tenant_billing.ports import Clock, Cluster, ObjectGone, ObjectKey, Queue, Resources, TenantRegistry
from tenant_billing.reconcilers.checks import Checks
from tenant_billing.reconcilers.grouping import GroupedCalls
from tenant_billing.reconcilers.reporting import write_status
from tenant_billing.reconcilers.tenant_picture import TenantPicture, TotalsReader


@dataclass(frozen=True)
class RegistryConnection:
    """One tenant registry that can be worked with.

    Attributes:
        cluster: Name of the ThingsStackCluster.
        url: Where the registry is.
        settings: What the connection was built from, as a digest: another digest needs another connection.
    """

    cluster: str
    url: str
    registry: TenantRegistry
    picture: TenantPicture
    totals: TotalsReader
    settings: str


class Registries:
    """The registries that the operator is connected to. The ThingsStackCluster's reconciler opens and closes them."""

    def __init__(self, clock: Clock, queue: Queue, resources: Resources, kubernetes: Cluster) -> None:
        self._clock = clock
        self._queue = queue
        self._resources = resources
        self._kubernetes = kubernetes
        self._connections: dict[str, RegistryConnection] = {}
        self._checks = Checks(clock)
        self._status_locks: dict[str, asyncio.Lock] = {}
        self._gates: dict[str, GroupedCalls[str, Verdict]] = {}
        self._gone_ahead: dict[str, tuple[datetime, set[str]]] = {}

    def of(self, cluster: str) -> RegistryConnection | None:
        """The connection to a cluster's registry, or None while it must not be called (see :meth:`health`)."""
        return self._connections.get(cluster) if self._checks.is_available(cluster) else None

    def connection(self, cluster: str) -> RegistryConnection | None:
        """The connection whatever its health: for the checks of the cluster itself."""
        return self._connections.get(cluster)

    def health(self, cluster: str) -> Health | None:
        """Why a cluster can or cannot be worked with; None before its first check."""
        return self._checks.health(cluster)

    async def open(
        self, cluster: str, registry: TenantRegistry, url: str, settings: str
    ) -> RegistryConnection:
        """Use a connection from now on, once it is judged healthy; the one before it is closed.

        What was seen of a registry is kept where only the key, or whom it is trusted by, is another one.
        """
        former = self._connections.get(cluster)
        if former is not None and former.url == url:
            picture, totals = former.picture, former.totals
            picture.go_on_with(registry)
            totals.go_on_with(registry)
        else:
            picture = TenantPicture(registry)
            totals = TotalsReader(registry, self._clock, lambda: self._managed(cluster, picture))
        connection = RegistryConnection(cluster, url, registry, picture, totals, settings)
        self._connections[cluster] = connection
        self._checks.forget(cluster)
        if former is not None:
            await former.registry.close()
        return connection

    def _managed(self, cluster: str, picture: TenantPicture) -> Iterator[str]:
        """The tenants that objects stand for, as far as they exist."""
        managed = self._resources.subscriptions_of_cluster(cluster)
        tenant_ids = (each.spec.tenant.id for each in managed)
        return (each for each in tenant_ids if picture.tenant(each) is not None)

    def judged(self, cluster: str, health: Health) -> bool:
        """Note the result of a check; gives whether others may judge differently by it: those who wait go on."""
        return self._checks.judged(cluster, health)

    def failed(self, cluster: str, error: OutsideError) -> None:
        """Note an error of a call: a refused key stops all calls of the cluster until its check succeeds again.

        An answer that did not come is reason for a check: while a registry is down, its tenants must not hold
        the workers that other registries need, each until its own call is given up.
        """
        if isinstance(error, Unauthorized | Forbidden):
            self._checks.refused(cluster, of_registry_error(error))
        elif not isinstance(error, Unreachable) or not self._checks.doubt(cluster):
            return
        self._queue.add(ObjectKey(THINGS_STACK_CLUSTER.kind, "", cluster))

    def is_suspected(self, cluster: str) -> bool:
        """Whether a call got no usable answer since the last check."""
        return self._checks.is_suspected(cluster)

    async def forget(self, cluster: str) -> None:
        """Close the connection of a cluster that is gone."""
        self._checks.forget(cluster)
        connection = self._connections.pop(cluster, None)
        if connection is not None:
            await connection.registry.close()

    async def close(self) -> None:
        """Close all connections."""
        for cluster in tuple(self._connections):
            await self.forget(cluster)

    async def disrupt(self, cluster: str, tenant_id: str) -> bool:
        """Ask to take away the access of a tenant: a suspension, a cancel or a deletion, all of one tenant once.

        The count is stored in ``status.brake`` before this returns True. Tenants that ask at the same time share
        one write. A tenant that went ahead in this hour may do so again (a write that failed is repeated).

        Returns:
            Whether it may go ahead; False: it is held until an administrator approves.

        Raises:
            ObjectGone: There is no such cluster any more.
            tenant_billing.domain.errors.Unreachable: The status could not be stored.
        """
        if tenant_id in self._gone_ahead_since(cluster):
            return True
        gate = self._gates.setdefault(cluster, GroupedCalls(lambda asked: self._pass_gate(cluster, asked)))
        return tenant_id in (await gate.ask(tenant_id)).allowed

    async def withdraw(self, cluster: str, tenant_id: str) -> None:
        """Take a tenant off the held batch: it need not lose access any more. Costs nothing if it is not held."""
        seen = self._resources.cluster(cluster)
        if seen is None or seen.status.brake is None or tenant_id not in seen.status.brake.tenants:
            return
        await self.write_brake(cluster, lambda state: brake.withdraw(state, [tenant_id]))

    async def write_brake(self, cluster: str, change: Callable[[BrakeState], BrakeState]) -> None:
        """Change the state of the brake and store it, if it differs."""

        def changed(seen: ThingsStackCluster) -> ThingsStackClusterStatus:
            state = change(brake.from_status(seen.status.brake, self._clock.now()))
            return seen.status.model_copy(update={"brake": state.to_status()})

        await self.write_status(cluster, changed)

    async def write_status(
        self, cluster: str, decide: Callable[[ThingsStackCluster], ThingsStackClusterStatus]
    ) -> ThingsStackCluster:
        """Store a status that is decided from the newest version; the only way to write one, one at a time.

        Raises:
            ObjectGone: There is no such cluster any more.
        """
        async with self._status_locks.setdefault(cluster, asyncio.Lock()):
            seen = self._resources.cluster(cluster)
            if seen is None:
                raise ObjectGone(f"there is no ThingsStackCluster {cluster!r}")
            status = decide(seen)
            if status == seen.status:
                return seen
            await write_status(self._resources, self._kubernetes, seen, status)
            return seen.model_copy(update={"status": status})

    async def _pass_gate(self, cluster: str, tenant_ids: Sequence[str]) -> Verdict:
        verdicts: list[Verdict] = []

        def counted(seen: ThingsStackCluster) -> ThingsStackClusterStatus:
            now = self._clock.now()
            managed = len(self._resources.subscriptions_of_cluster(cluster))
            limit = brake.limit_of(seen.spec.brake.max_disruptions_per_hour, managed)
            verdict = brake.request(brake.from_status(seen.status.brake, now), now, limit, tenant_ids)
            verdicts.append(verdict)
            return seen.status.model_copy(update={"brake": verdict.state.to_status()})

        await self.write_status(cluster, counted)
        verdict = verdicts[-1]
        self._remember(cluster, verdict.state.window_start, verdict.allowed)
        if verdict.held:
            self._queue.add(ObjectKey(THINGS_STACK_CLUSTER.kind, "", cluster))
        return verdict

    def _remember(self, cluster: str, window_start: datetime, allowed: Iterable[str]) -> None:
        began, gone_ahead = self._gone_ahead.get(cluster, (window_start, set()))
        if began != window_start:
            gone_ahead = set()
        self._gone_ahead[cluster] = (window_start, gone_ahead | set(allowed))

    def _gone_ahead_since(self, cluster: str) -> set[str]:
        began, gone_ahead = self._gone_ahead.get(cluster, (self._clock.now(), set()))
        return gone_ahead if began <= self._clock.now() < began + brake.WINDOW else set()
