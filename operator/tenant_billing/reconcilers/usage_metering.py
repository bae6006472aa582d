"""Counting the devices of one cluster's metered tenants: one batch for each interval, and at the ends of periods.

What is counted goes into the book; the objects for which something follows from it are woken, and report by themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.things_stack_cluster import MeteringSource, ThingsStackCluster
from tenant_billing.domain import metering
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.metering import CountedTotals
from tenant_billing.domain.observations import Totals
from tenant_billing.ports import ObjectKey, Outcome
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.metered_tenants import MeteredTenant, MeteredTenants
from tenant_billing.reconcilers.registries import Registries, RegistryConnection
from tenant_billing.reconcilers.reporting import Surroundings, guarded, is_paused, key_of
from tenant_billing.reconcilers.usage_book import UsageBook

METERING: Final = "UsageMetering"
"""Kind of the unit of work; it is no kind of Kubernetes."""
SHORTEST_INTERVAL: Final = timedelta(minutes=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def metering_key(cluster: str) -> ObjectKey:
    """The unit of work that counts for a cluster."""
    return ObjectKey(METERING, "", cluster)


class UsageMetering:
    """Counts devices, and wakes whoever has something to report."""

    def __init__(
        self,
        surroundings: Surroundings,
        accounts: Accounts,
        registries: Registries,
        tenants: MeteredTenants,
        book: UsageBook,
    ) -> None:
        self._resources = surroundings.resources
        self._queue = surroundings.queue
        self._accounts = accounts
        self._registries = registries
        self._tenants = tenants
        self._book = book
        self._counted_in: dict[str, dict[str, int]] = {}

    async def reconcile(self, key: ObjectKey) -> Outcome:
        """One pass over one cluster."""
        return await guarded(self._pass(key.name))

    async def _pass(self, name: str) -> Outcome:
        cluster = self._resources.cluster(name)
        if cluster is None or is_paused(cluster):
            return Outcome("gone")
        registry = self._registries.of(name)
        members = self._tenants.of_cluster(name)
        if registry is None or not members:
            return Outcome("waiting", why="nobody to count" if registry else "the cluster is not ready")
        interval = max(cluster.spec.metering.interval, SHORTEST_INTERVAL)
        due = [each for each in members if self._is_due(name, each, interval)]
        begun = {each.uid: self._now(each) for each in members}
        reached, problem = await self._count(cluster, registry, due, begun)
        known = self._counted_in.get(name, {})
        self._counted_in[name] = {each.uid: known[each.uid] for each in members if each.uid in known} | {
            each.uid: _interval_of(begun[each.uid], interval) for each in reached
        }
        self._wake(due, interval)
        outcome = self._outcome(members, interval, begun, counted=bool(due))
        return outcome if problem is None else replace(outcome, result="failed", retry=True, why=str(problem))

    def _is_due(self, cluster: str, tenant: MeteredTenant, interval: timedelta) -> bool:
        """Whether an interval has begun since the last count, or a period ends for which a count is wanted."""
        now = self._now(tenant)
        if self._counted_in.get(cluster, {}).get(tenant.uid) != _interval_of(now, interval):
            return True
        if tenant.has_own_time:
            return False
        count = metering.count_of(tenant.facts.counted, tenant.counting)
        return metering.wants_count(tenant.metered, count, now)

    async def _count(
        self,
        cluster: ThingsStackCluster,
        registry: RegistryConnection,
        due: Sequence[MeteredTenant],
        begun: Mapping[str, datetime],
    ) -> tuple[Sequence[MeteredTenant], OutsideError | None]:
        """Count for those who are due: one call for each way of counting; one that fails holds the other not up.

        Gives those whose turn is over for this interval, and why others wait. A count is as old as its question
        (``begun``, by uid): one that was asked for before a period's end closes nothing.
        """
        if cluster.spec.metering.source is MeteringSource.PUSH:
            return due, None
        reached = [each for each in due if each.has_own_time]
        problem: OutsideError | None = None
        for counting in DeviceCounting:
            wanted = [each for each in due if each.counting is counting and not each.has_own_time]
            if not wanted:
                continue
            activated = counting is DeviceCounting.ONLY_ACTIVATED
            try:
                ids = sorted({each.tenant_id for each in wanted})
                found = await registry.totals.count(ids, activated=activated)
            except OutsideError as error:
                self._registries.failed(cluster.metadata.name, error)
                problem = error
                continue
            self._take(wanted, found, begun)
            reached += wanted
        return reached, problem

    def _take(
        self,
        counted: Iterable[MeteredTenant],
        found: Mapping[str, Totals],
        begun: Mapping[str, datetime],
    ) -> None:
        """Put totals into the book; one that is missing stays unknown."""
        for each in counted:
            totals = found.get(each.tenant_id)
            if totals is not None:
                self._book.note(each.uid, counted=CountedTotals(totals, begun[each.uid]))

    def _wake(self, due: Iterable[MeteredTenant], interval: timedelta) -> None:
        """Let those report who have something to say, and those say so who were not heard of for too long."""
        for each in due:
            now = self._now(each)
            facts = self._book.of(each.uid)
            count = metering.count_of(facts.counted, each.counting)
            silent = metering.is_silent(each.last, count, now, interval)
            if silent is not facts.silent:
                facts = self._book.note(each.uid, silent=silent)
            says = metering.due(each.metered, each.last, count, now) is not None
            if says or each.has_own_time or silent is not each.facts.silent:
                self._queue.add(key_of(each.resource), urgent=False)

    def _outcome(
        self,
        members: Sequence[MeteredTenant],
        interval: timedelta,
        begun: Mapping[str, datetime],
        *,
        counted: bool,
    ) -> Outcome:
        """When to count again: what has come while this was counted is due at once."""
        moments = [
            (moment, each.account.backend)
            for each in members
            for moment in _moments(each, interval, begun[each.uid])
        ]
        at, backend = min(moments)
        return Outcome("changed" if counted else "settled", look_again_at=at, backend=backend)

    def _now(self, tenant: MeteredTenant) -> datetime:
        return self._accounts.now(tenant.account.backend)


def _interval_of(now: datetime, interval: timedelta) -> int:
    """Intervals lie on the account's own time, so that every leader finds the same."""
    return (now - EPOCH) // interval


def _moments(tenant: MeteredTenant, interval: timedelta, now: datetime) -> Iterable[datetime]:
    """When a tenant is to be counted again."""
    yield EPOCH + (_interval_of(now, interval) + 1) * interval
    checkpoint = metering.next_checkpoint(tenant.metered, now)
    if checkpoint is not None and not tenant.has_own_time:
        yield checkpoint
