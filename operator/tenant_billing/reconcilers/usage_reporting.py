"""Carrying out what was decided about usage: one count, one report. Nothing of it holds the object's other work."""

from dataclasses import replace

from tenant_billing.api.names import TENANT_SUBSCRIPTION
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.actions import CountDevices, ReportUsage, UsageAction
from tenant_billing.domain.errors import NotFound, OutsideError, Refused, Unauthorized, Unreachable
from tenant_billing.domain.metering import CountedTotals, UsageReport
from tenant_billing.domain.usage import UsageVerdict, is_pulled
from tenant_billing.domain.usage_comparison import closing_after
from tenant_billing.domain.usage_facts import UsageFacts
from tenant_billing.domain.world import World
from tenant_billing.ports import Queue, Subject
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.usage_book import UsageBook
from tenant_billing.reconcilers.usage_comparisons import comparison_key
from tenant_billing.reconcilers.usage_metering import metering_key


class UsageReporter:
    """Counts and reports for one tenant at a time."""

    def __init__(self, queue: Queue, accounts: Accounts, registries: Registries, book: UsageBook) -> None:
        self._queue = queue
        self._accounts = accounts
        self._registries = registries
        self._book = book

    def begin(self, resource: TenantSubscription) -> None:
        """A new pass: what was tried in the former one may be tried again."""
        self._book.begin_pass(resource.metadata.uid)

    def ask_for_a_count(self, world: World, verdict: UsageVerdict) -> None:
        """Have the cluster's devices counted, where something is to be reported and nobody has counted yet."""
        if verdict.wants_count and is_pulled(world):
            self._queue.add(metering_key(world.resource.spec.cluster_ref.name), urgent=False)

    def forget(self, resource: TenantSubscription) -> None:
        """Drop what is remembered of an object that is gone."""
        self._book.forget(resource.metadata.uid)

    async def carry_out(self, action: UsageAction, world: World) -> World:
        """Do one thing; gives the world after it, in which what failed is not tried again in this pass."""
        match action:
            case CountDevices():
                facts = await self._count(world)
            case ReportUsage(report):
                facts = await self._report(report, world)
        return replace(world, usage=facts)

    async def _count(self, world: World) -> UsageFacts:
        uid, tenant_id = world.resource.metadata.uid, world.resource.spec.tenant.id
        registry = self._registries.of(world.cluster.metadata.name) if world.cluster is not None else None
        if registry is None:
            return self._book.note(uid, asked=True)
        activated = _counting_of(world) is DeviceCounting.ONLY_ACTIVATED
        try:
            totals = (await registry.totals.count([tenant_id], activated=activated)).get(tenant_id)
        except OutsideError as error:
            self._registries.failed(registry.cluster, error)
            totals = None
        if totals is None:
            return self._book.note(uid, asked=True)
        return self._book.note(uid, asked=True, counted=CountedTotals(totals, world.now))

    async def _report(self, report: UsageReport, world: World) -> UsageFacts:
        uid = world.resource.metadata.uid
        backend = world.backend.metadata.name if world.backend is not None else ""
        account = self._accounts.of(backend)
        if account is None:
            problem = Unreachable("The account's connection was closed meanwhile.")
            return self._book.note(uid, tried=True, problem=problem)
        try:
            await account.provider.report_usage(report, _subject(world))
        except OutsideError as error:
            if isinstance(error, Unauthorized | Unreachable):
                self._accounts.failed(backend, error)
            refused = report.identifier if isinstance(error, Refused | NotFound) else ""
            return self._book.note(uid, tried=True, problem=error, refused=refused)
        facts = self._book.of(uid)
        comparison, accepted = facts.comparison, report.reported
        if facts.accepted is not None and facts.accepted.time > accepted.time:
            accepted = facts.accepted  # what was repaired lies before it
        closing = closing_after(facts.closing, report, world.now)
        if closing is not facts.closing:
            self._queue.add(comparison_key(backend), urgent=False)
        if comparison is not None and comparison.reported == report.reported:
            comparison = replace(comparison, repaired=True)
        return self._book.note(
            uid,
            tried=True,
            problem=None,
            refused="",
            accepted=accepted,
            comparison=comparison,
            closing=closing,
        )


def _counting_of(world: World) -> DeviceCounting:
    """Which devices the plan in force counts."""
    reference = world.resource.status.plan_ref
    offers = (offer for offer in world.offers if reference is not None and offer.name == reference.name)
    return next((offer.counting for offer in offers), DeviceCounting.ALL)


def _subject(world: World) -> Subject:
    metadata = world.resource.metadata
    return Subject(
        kind=TENANT_SUBSCRIPTION.kind,
        name=f"{metadata.namespace}/{metadata.name}",
        uid=metadata.uid,
        why="ReportUsage",
        urgent=False,
    )
