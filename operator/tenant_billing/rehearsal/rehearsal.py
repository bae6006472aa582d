"""The rehearsal itself: what the cluster holds, what is applied to it, and the passes that follow from that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tenant_billing.api import names
from tenant_billing.api.billing_backend import STRIPE
from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.domain.forecast import Forecast, Outlook
from tenant_billing.domain.health import stripe_key_problem
from tenant_billing.ports import (
    BillingProvider,
    Clock,
    ObjectKey,
    Provider,
    ProviderFactory,
    Reconciler,
    RegistryFactory,
    TenantRegistry,
)
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.assembly import assemble
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.rehearsal.cluster import RehearsedCluster, SecretReader
from tenant_billing.rehearsal.manifests import Body, applied
from tenant_billing.rehearsal.provider import RehearsedProvider
from tenant_billing.rehearsal.record import Record
from tenant_billing.rehearsal.registry import RehearsedRegistry
from tenant_billing.runtime.dependents import affected_by
from tenant_billing.runtime.observed import key_of
from tenant_billing.runtime.resources import Change, ResourceStore

MOST_RETRIES: Final = 3
"""Passes of one object that ask to be repeated at once, in a row: the operator would go on, a rehearsal tells."""
MOST_PASSES: Final = 50
"""Of one object in one rehearsal, whoever asks for them."""
NEVER: Final = 86_400.0
"""Seconds: nothing is looked at again for the mere passing of time."""

_ORDER: Final = {each.kind: position for position, each in enumerate(names.KINDS)}
_CONNECTING: Final = frozenset({names.BILLING_BACKEND.kind, names.THINGS_STACK_CLUSTER.kind})


@dataclass(frozen=True)
class Outside:
    """What a rehearsal reads.

    Attributes:
        connect_provider: Makes a connection to an account.
        connect_registry: Makes a connection to a registry.
        read_secret: Gives a Secret.
        namespace: The operator's own namespace, whose Secrets the cluster-scoped kinds name.
        clock: Time as this process sees it.
    """

    connect_provider: ProviderFactory
    connect_registry: RegistryFactory
    read_secret: SecretReader
    namespace: str
    clock: Clock


async def rehearse(outside: Outside, existing: Iterable[Body], manifests: Sequence[Body]) -> Forecast:
    """Find what applying manifests would do outside.

    Args:
        outside: What is read; nothing of it is written.
        existing: All objects of our kinds and all Namespaces that the cluster has.
        manifests: What would be applied, Namespaces among it.

    Raises:
        tenant_billing.domain.errors.OutsideError: Something that every pass needs cannot be read.
    """
    rehearsal = Rehearsal(outside, existing)
    try:
        await rehearsal.begin()
        return await rehearsal.apply(manifests)
    finally:
        await rehearsal.close()


class Rehearsal:
    """An operator whose writes go nowhere.

    Args:
        outside: What is read.
        existing: What the cluster has.
    """

    def __init__(self, outside: Outside, existing: Iterable[Body]) -> None:
        self._outside = outside
        self._record = Record()
        self._store = ResourceStore()
        for body in existing:
            self._store.arrive(body)
        self._existing = frozenset(self._store.everything())
        self._waiting: dict[ObjectKey, None] = {}
        self._passes: dict[ObjectKey, int] = {}
        self._looked_at: set[ObjectKey] = set()
        cluster = RehearsedCluster(self._store, outside.read_secret, outside.clock)
        self._accounts = Accounts(outside.clock, self)
        self._registries = Registries(outside.clock, self, self._store, cluster)
        surroundings = Surroundings(
            resources=self._store,
            kubernetes=cluster,
            queue=self,
            clock=outside.clock,
            namespace=outside.namespace,
            jitter=lambda: 0.5,
        )
        self._reconcilers: Mapping[str, Reconciler] = assemble(
            surroundings,
            self._accounts,
            self._registries,
            {STRIPE: Provider(self._provider, stripe_key_problem)},
            self._registry,
            resync_interval=NEVER,
            event_interval=NEVER,
        )
        self._store.listen(self._on_change)

    def add(self, key: ObjectKey, *, urgent: bool = True) -> None:
        """Look at an object: the queue that the reconcilers know."""
        self._waiting[key] = None

    async def begin(self) -> None:
        """What a new leader does first: connect, and go on with what it had not seen through."""
        for key in self._store.everything():
            if key.kind in _CONNECTING:
                await self._look(key)
        self._waiting = {key: None for key in self._store.everything() if self._is_behind(key)}
        await self._work()

    async def apply(self, manifests: Sequence[Body]) -> Forecast:
        """Apply manifests and tell what follows: all calls, and how every object that was looked at would stand."""
        now = self._outside.clock.now()
        for manifest in manifests:
            self._store.arrive(applied(manifest, self._store.body(key_of(manifest)), now))
        self._looked_at |= {key_of(each) for each in manifests if each["kind"] in _ORDER}
        await self._work()
        outlooks = [self._outlook(key) for key in sorted(self._looked_at, key=_by_dependence)]
        return Forecast(tuple(self._record.calls), tuple(each for each in outlooks if each is not None))

    async def close(self) -> None:
        """Give connections back."""
        await self._accounts.close()
        await self._registries.close()

    # -- inside --------------------------------------------------------------

    async def _work(self) -> None:
        """Pass after pass until nobody asks for another."""
        while self._waiting:
            key = min(self._waiting, key=_by_dependence)
            del self._waiting[key]
            if self._store.body(key) is not None and self._passes.get(key, 0) < MOST_PASSES:
                self._looked_at.add(key)
                await self._look(key)

    async def _look(self, key: ObjectKey) -> None:
        """One pass, and those that it asks for at once."""
        for _ in range(MOST_RETRIES):
            self._passes[key] = self._passes.get(key, 0) + 1
            self._waiting.pop(key, None)
            outcome = await self._reconcilers[key.kind].reconcile(key)
            self._let_vanish(key)
            if not outcome.retry and outcome.look_again_after != 0.0:
                return

    def _let_vanish(self, key: ObjectKey) -> None:
        """Do what the API server does once nobody holds an object any more that is being deleted."""
        body = self._store.body(key)
        metadata = body["metadata"] if body is not None else {}
        if body is not None and metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
            self._store.forget(body)

    def _on_change(self, change: Change) -> None:
        affected = affected_by(change, self._store)
        for key in (*affected.itself, *affected.others, *affected.soon):
            self.add(key)

    def _is_behind(self, key: ObjectKey) -> bool:
        """Whether the operator has not seen the present spec of an object yet."""
        resource = self._store.resource(key)
        return resource is not None and resource.status.observed_generation != resource.metadata.generation

    def _outlook(self, key: ObjectKey) -> Outlook | None:
        resource = self._store.resource(key)
        if resource is None:
            return None
        ready = find_condition(resource.status.conditions, ConditionType.READY)
        return Outlook(
            subject=str(key),
            is_new=key not in self._existing,
            ready=ready.status.value if ready is not None else ConditionStatus.UNKNOWN.value,
            reason=ready.reason if ready is not None else "",
            message=ready.message if ready is not None else "",
        )

    def _provider(
        self, *, backend: str, api_key: str, api_url: str | None, livemode: bool, requests_per_second: int
    ) -> BillingProvider:
        real = self._outside.connect_provider(
            backend=backend,
            api_key=api_key,
            api_url=api_url,
            livemode=livemode,
            requests_per_second=requests_per_second,
        )
        return RehearsedProvider(real, self._record, self._outside.clock)

    def _registry(
        self, *, cluster: str, url: str, admin_key: str, ca_bundle: str | None, requests_per_second: int
    ) -> TenantRegistry:
        real = self._outside.connect_registry(
            cluster=cluster,
            url=url,
            admin_key=admin_key,
            ca_bundle=ca_bundle,
            requests_per_second=requests_per_second,
        )
        return RehearsedRegistry(real, self._record)


def _by_dependence(key: ObjectKey) -> tuple[int, ObjectKey]:
    return _ORDER.get(key.kind, len(_ORDER)), key
