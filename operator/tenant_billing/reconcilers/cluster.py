"""One ThingsStackCluster: key, reachability, counts, the approval of what the brake holds."""

import hashlib
from collections import Counter
from typing import Final

from tenant_billing.api.conditions import Conditions, ConditionStatus, ConditionType, set_condition
from tenant_billing.api.names import TENANT_SUBSCRIPTION, THINGS_STACK_CLUSTER, Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.things_stack_cluster import (
    TenantCounts,
    ThingsStackCluster,
    ThingsStackClusterStatus,
)
from tenant_billing.domain import brake, health, readiness
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.health import Health
from tenant_billing.domain.observations import TenantState
from tenant_billing.domain.retry import recheck_after
from tenant_billing.ports import ObjectKey, Outcome, RegistryFactory
from tenant_billing.reconcilers.connection_life import ConnectionReconciler
from tenant_billing.reconcilers.registries import Registries, RegistryConnection
from tenant_billing.reconcilers.reporting import (
    Surroundings,
    acknowledged,
    key_of,
    named,
    reconcile_token,
)
from tenant_billing.reconcilers.turns import Turn
from tenant_billing.reconcilers.usage_metering import metering_key

PROBE_INTERVAL: Final = 600.0
"""Seconds after which address, key and licence are proved again, and all tenants are seen again."""
COUNT_INTERVAL: Final = 10.0
"""Seconds between two counts of tenants: they cost no call, and few writes."""


class ThingsStackClusterReconciler(ConnectionReconciler[ThingsStackCluster]):
    """Keeps the connection to each tenant registry healthy, and the status of its brake true."""

    def __init__(self, surroundings: Surroundings, registries: Registries, connect: RegistryFactory) -> None:
        super().__init__(surroundings)
        self._secrets = surroundings.secrets
        self._registries = registries
        self._connect = connect
        self._turns: dict[str, Turn] = {}

    def _find(self, name: str) -> ThingsStackCluster | None:
        return self._resources.cluster(name)

    async def _kept(self, resource: ThingsStackCluster) -> Outcome:
        seen = await self._check(resource)
        await self._approve(resource)
        name, before = resource.metadata.name, resource.status
        if seen.is_available:
            self._queue.add(metering_key(name), urgent=False)
        after = await self._registries.write_status(name, lambda newest: self._status(newest, resource, seen))
        return self._outcome(seen, "changed" if after.status != before else "settled")

    async def _check(self, resource: ThingsStackCluster) -> Health:
        """The registry's health: as known, or examined again where that is due."""
        name = resource.metadata.name
        turn = self._turns.setdefault(name, Turn())
        known, now = self._registries.health(name), self._clock.monotonic()
        asked = (resource.metadata.generation, reconcile_token(resource))
        due = turn.is_due(now, PROBE_INTERVAL, asked) or self._has_other_secrets(resource)
        good = known is not None and known.is_available and not due
        if known is not None and good and not self._registries.is_suspected(name):
            return known
        seen = await self._examine(resource, tenants_too=not good)
        if not seen.is_available:
            turn.again()
        elif not good:
            turn.done(now, asked)
        if self._registries.judged(name, seen):
            for each in self._resources.subscriptions_of_cluster(name):
                self._wake(each.metadata.namespace or "", each.metadata.name)
        return seen

    def _has_other_secrets(self, resource: ThingsStackCluster) -> bool:
        references = (resource.spec.tenant_admin_key_secret_ref, resource.spec.ca_bundle_secret_ref)
        names = [each.name for each in references if each is not None]
        return self._secrets.have_changed(key_of(resource), *names)

    async def _examine(self, resource: ThingsStackCluster, *, tenants_too: bool) -> Health:
        user = key_of(resource)
        admin_key = await self._secrets.value(user, resource.spec.tenant_admin_key_secret_ref)
        if isinstance(admin_key, Health):
            return admin_key
        problem = health.admin_key_problem(admin_key)
        if problem is not None:
            return problem
        reference = resource.spec.ca_bundle_secret_ref
        ca_bundle = await self._secrets.value(user, reference) if reference is not None else None
        if isinstance(ca_bundle, Health):
            return ca_bundle
        try:
            connection = await self._connection(resource, admin_key, ca_bundle)
            await connection.registry.probe()
            if tenants_too or not connection.picture.is_ready:
                await self._see_tenants(connection)
        except OutsideError as error:
            return health.of_registry_error(error)
        return health.AVAILABLE

    async def _see_tenants(self, connection: RegistryConnection) -> None:
        """See all tenants; the objects of those that somebody else has changed are looked at again."""
        if not connection.picture.is_ready:
            await connection.picture.ready()
            return
        for tenant_id in await connection.picture.list_again():
            for each in self._resources.subscriptions_of_tenant(connection.cluster, tenant_id):
                self._wake(each.metadata.namespace or "", each.metadata.name)

    async def _connection(
        self, resource: ThingsStackCluster, admin_key: str, ca_bundle: str | None
    ) -> RegistryConnection:
        """The connection with these settings, made where they are others than before."""
        name, spec = resource.metadata.name, resource.spec
        parts = (admin_key, ca_bundle or "", spec.url, str(spec.requests_per_second))
        settings = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        known = self._registries.connection(name)
        if known is not None and known.settings == settings:
            return known
        registry = self._connect(
            cluster=name,
            url=spec.url,
            admin_key=admin_key,
            ca_bundle=ca_bundle,
            requests_per_second=spec.requests_per_second,
        )
        return await self._registries.open(name, registry, spec.url, settings)

    async def _approve(self, resource: ThingsStackCluster) -> None:
        """Let the very batch go ahead that an administrator named, and wake its objects."""
        state = resource.status.brake
        approved = resource.metadata.annotations.get(Annotation.APPROVE_DISRUPTIONS)
        if state is None or not state.engaged or approved != state.id:
            return
        name = resource.metadata.name
        await self._registries.write_brake(name, lambda newest: brake.approve(newest, approved))
        for tenant_id in state.tenants:
            for each in self._resources.subscriptions_of_tenant(name, tenant_id):
                self._wake(each.metadata.namespace or "", each.metadata.name)

    def _status(
        self, newest: ThingsStackCluster, resource: ThingsStackCluster, seen: Health
    ) -> ThingsStackClusterStatus:
        """What the newest version is to say: of the version that was looked at, whatever was edited since."""
        if newest.metadata.uid != resource.metadata.uid:
            return newest.status
        resource = resource.model_copy(update={"status": newest.status})
        status = acknowledged(resource, resource.status)
        update: dict[str, object] = {"conditions": self._conditions(resource, seen)}
        connection = self._registries.of(resource.metadata.name)
        if connection is not None:
            update["tenants"] = self._counts(resource.metadata.name, connection)
        return status.model_copy(update=update)

    def _counts(self, name: str, connection: RegistryConnection) -> TenantCounts:
        managed = {each.spec.tenant.id for each in self._resources.subscriptions_of_cluster(name)}
        tenants = (connection.picture.tenant(each) for each in managed)
        states = Counter(each.state for each in tenants if each is not None)
        return TenantCounts(
            approved=states[TenantState.APPROVED],
            flagged=states[TenantState.FLAGGED],
            suspended=states[TenantState.SUSPENDED],
        )

    def _conditions(self, resource: ThingsStackCluster, seen: Health) -> Conditions:
        generation, now = resource.metadata.generation, self._clock.now()
        reason, message = seen.reason, seen.message
        if resource.metadata.is_being_deleted:
            message = f"kept while it is used by {named(self._users(resource))}; {message}".removesuffix("; ")
        conditions = readiness.ready(resource.status.conditions, reason, message, generation, now)
        held, why, what = brake.condition(brake.from_status(resource.status.brake, now))
        status = ConditionStatus.TRUE if held else ConditionStatus.FALSE
        return set_condition(conditions, ConditionType.DISRUPTIONS_HELD, status, why, what, generation, now)

    def _outcome(self, seen: Health, result: str) -> Outcome:
        why = f"{seen.reason}: {seen.message}" if seen.message else str(seen.reason)
        jitter = self._surroundings.jitter()
        if seen.is_available:
            return Outcome(result, look_again_after=recheck_after(jitter, COUNT_INTERVAL), why=why)
        if seen.reason is Reason.UNREACHABLE:
            return Outcome("waiting", retry=True, why=why)
        return Outcome("waiting", look_again_after=recheck_after(jitter), why=why)

    def _wake(self, namespace: str, name: str) -> None:
        self._queue.add(ObjectKey(TENANT_SUBSCRIPTION.kind, namespace, name), urgent=False)

    def _users(self, resource: ThingsStackCluster) -> list[str]:
        users = self._resources.subscriptions_of_cluster(resource.metadata.name)
        return [f"{each.metadata.namespace}/{each.metadata.name}" for each in users]

    async def _forget(self, name: str) -> None:
        self._turns.pop(name, None)
        self._secrets.forget(ObjectKey(THINGS_STACK_CLUSTER.kind, "", name))
        await self._registries.forget(name)

    async def _tell_paused(self, resource: ThingsStackCluster) -> bool:
        def paused(newest: ThingsStackCluster) -> ThingsStackClusterStatus:
            conditions = readiness.paused(
                newest.status.conditions, newest.metadata.generation, self._clock.now()
            )
            return acknowledged(newest, newest.status).model_copy(update={"conditions": conditions})

        after = await self._registries.write_status(resource.metadata.name, paused)
        return after.status != resource.status
