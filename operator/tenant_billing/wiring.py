"""Builds everything and runs it: the only file that sees every room."""

import asyncio
import functools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import kopf
import structlog
from kubernetes.aio.client import Configuration
from prometheus_client import CollectorRegistry

from tenant_billing.api.billing_backend import STRIPE
from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import KubernetesApi, access_of
from tenant_billing.clients.kubernetes_configuration import connected, load_configuration
from tenant_billing.clients.lease import KubernetesLease
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.clients.stripe_webhook import StripeWebhookVerifier
from tenant_billing.clients.things_stack_registry import connect_things_stack
from tenant_billing.clients.version import VERSION
from tenant_billing.domain.health import stripe_key_problem
from tenant_billing.handlers.session import watch
from tenant_billing.handlers.startup import connection
from tenant_billing.handlers.watching import build_registry
from tenant_billing.metrics.exposition import Exposition
from tenant_billing.metrics.instruments import Instruments
from tenant_billing.metrics.snapshot import Leading, Snapshot
from tenant_billing.ports import (
    AccountSeen,
    CallMeters,
    Clock,
    Cluster,
    Fence,
    Provider,
    Providers,
    Queue,
    Reconciler,
    Resources,
    System,
    unmeasured_calls,
)
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.assembly import assemble
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.runtime.arrivals import Arrivals
from tenant_billing.runtime.clock import SystemClock
from tenant_billing.runtime.deadlines import Deadlines
from tenant_billing.runtime.inventory import inventory
from tenant_billing.runtime.leadership import Leadership, LeaseTiming
from tenant_billing.runtime.passes import Passes
from tenant_billing.runtime.resources import ResourceStore
from tenant_billing.runtime.roll_call import RollCall
from tenant_billing.runtime.stopping import until
from tenant_billing.runtime.work_queue import WorkQueue
from tenant_billing.settings import Settings
from tenant_billing.webhooks.deliveries import Deliveries
from tenant_billing.webhooks.endpoint import webhook_application
from tenant_billing.webhooks.listening import listening
from tenant_billing.webhooks.metrics_route import add_metrics_route
from tenant_billing.webhooks.probes import probe_application
from tenant_billing.webhooks.push_tokens import PushTokens
from tenant_billing.webhooks.report_endpoint import add_report_route
from tenant_billing.webhooks.signing_secrets import SigningSecrets
from tenant_billing.webhooks.usage_reports import UsageReports


@dataclass(frozen=True)
class Loop:
    """What a leader works with; built anew for each leadership, because what it has seen outside grows old.

    Attributes:
        reconcilers: By kind.
        account_time: The present time of a BillingBackend's account, None while it is not known.
        close: Gives connections back.
        beside: What goes on beside the passes until the leadership ends.
        accounts: What is known of the payment accounts now; costs no call.
    """

    reconcilers: Mapping[str, Reconciler]
    account_time: Callable[[str], datetime | None]
    close: Callable[[], Awaitable[None]]
    beside: Callable[[], Coroutine[Any, Any, None]] | None = None
    accounts: Callable[[], tuple[AccountSeen, ...]] = tuple


MISSED_ROLL_CALLS: Final = 2.5
"""Intervals without an agreement after which the watches are too old to be ready: one roll call may fail."""

LoopFactory = Callable[[Resources, Cluster, Queue, Clock, Instruments, Fence], Loop]


@dataclass(frozen=True)
class Ports:
    """Where a running operator listens."""

    webhook: int
    probe: int


class Operator:
    """One process of the operator: it watches, serves the webhook and the probes, and works while it leads."""

    def __init__(
        self,
        settings: Settings,
        build_loop: LoopFactory,
        clock: Clock | None = None,
        on_watching: Callable[[], None] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            settings: What differs from one installation to the next.
            build_loop: Makes what a leader works with.
            clock: Time as this process sees it; the operating system's unless given.
            on_watching: Called once kopf has begun, and taken SIGINT and SIGTERM for itself.
        """
        self._settings = settings
        self._on_watching = on_watching
        self._build_loop = build_loop
        self._clock = clock or SystemClock()
        self._store = ResourceStore()
        self._queue = WorkQueue()
        self._arrivals = Arrivals(self._store, self._queue)
        self._counters = CollectorRegistry()
        self._instruments = Instruments(self._counters)
        self._loop: Loop | None = None
        self._log = structlog.get_logger("operator")

    async def run(self, stop: asyncio.Event, on_listening: Callable[[Ports], None] | None = None) -> None:
        """Run until told to stop: passes under way end, the Lease is given back, then the rest ends.

        Args:
            stop: Ends it.
            on_listening: Told the ports, once they are open.

        Raises:
            ExceptionGroup: A part of it failed, so that the process has to be started anew.
        """
        configuration = await load_configuration(self._settings.kubeconfig)
        async with connected(configuration) as api_client:
            api = KubernetesApi(api_client, meter=self._instruments.calls(System.KUBERNETES, ""))
            cluster = KubernetesCluster(api, self._clock, self._settings.identity)
            roll_call = RollCall(self._store, cluster.existing, self._clock)
            async with self._serving(cluster, roll_call) as ports:
                self._log.info("listening", webhook=ports.webhook, probe=ports.probe)
                if on_listening is not None:
                    on_listening(ports)
                stop_watching = asyncio.Event()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._watch(configuration, stop, stop_watching))
                    comparing = group.create_task(self._compare(roll_call))
                    leading = group.create_task(self._lead(api, cluster, stop, stop_watching))
                    leading.add_done_callback(lambda _: comparing.cancel())

    @asynccontextmanager
    async def _serving(self, cluster: KubernetesCluster, roll_call: RollCall) -> AsyncIterator[Ports]:
        settings = self._settings
        secrets = SigningSecrets(cluster, self._clock, settings.namespace)
        verify, complete = StripeWebhookVerifier(self._clock), self._arrivals.complete.is_set
        deliveries = Deliveries(self._store, cluster, secrets, verify, complete)
        application = webhook_application(deliveries)
        tokens = PushTokens(cluster, self._clock, settings.namespace)
        reports = UsageReports(self._store, cluster, tokens, self._clock, complete)
        add_report_route(application, reports)
        probes = probe_application(
            cluster.is_reachable, lambda: roll_call.age, MISSED_ROLL_CALLS * settings.roll_call_interval
        )
        add_metrics_route(probes, self._exposition(roll_call, deliveries, reports).answer)
        async with (
            listening(application, settings.host, settings.port) as webhook,
            listening(probes, settings.host, settings.probe_port) as probe,
        ):
            yield Ports(webhook, probe)

    def _exposition(self, roll_call: RollCall, deliveries: Deliveries, reports: UsageReports) -> Exposition:
        begun = self._clock.monotonic()

        def look() -> Snapshot:
            age = roll_call.age
            return Snapshot(
                version=VERSION,
                now=self._clock.now(),
                watch_age=self._clock.monotonic() - begun if age is None else age,
                deliveries=deliveries.numbers(),
                reports=reports.numbers(),
                skipped_entries=reports.skipped,
                leading=self._leading(),
            )

        return Exposition(self._counters, look, tenants_too=self._settings.tenant_metrics)

    def _leading(self) -> Leading | None:
        loop = self._loop
        if loop is None:
            return None
        return Leading(inventory(self._store.held().values()), loop.accounts(), self._queue.seen())

    async def _watch(
        self, configuration: Configuration, stop: asyncio.Event, stop_watching: asyncio.Event
    ) -> None:
        async def login() -> kopf.ConnectionInfo:
            return connection(await access_of(configuration))

        try:
            await watch(build_registry(self._arrivals, login), stop_watching, self._on_watching)
        finally:
            stop.set()  # without watches there is nothing to work on

    async def _compare(self, roll_call: RollCall) -> None:
        await self._arrivals.complete.wait()
        await roll_call.run(self._settings.roll_call_interval)

    async def _lead(
        self,
        api: KubernetesApi,
        cluster: KubernetesCluster,
        stop: asyncio.Event,
        stop_watching: asyncio.Event,
    ) -> None:
        settings = self._settings
        where = (settings.namespace, settings.lease_name)
        lease = KubernetesLease(api, self._clock, *where, settings.identity, settings.lease_duration)
        leadership = Leadership(lease, LeaseTiming(settings.lease_duration))
        try:
            await until(self._arrivals.fill(cluster.existing), stop)
            fenced = KubernetesCluster(api.fenced(leadership.fence), self._clock, settings.identity)
            work = functools.partial(self._work, fenced, leadership.fence)
            await leadership.run(work, stop, settings.stop_timeout)
        finally:
            stop_watching.set()

    async def _work(self, cluster: Cluster, fence: Fence, end: asyncio.Event) -> None:
        """What only the leader does."""
        loop = self._build_loop(self._store, cluster, self._queue, self._clock, self._instruments, fence)
        deadlines = Deadlines(loop.account_time)
        passes = Passes(loop.reconcilers, self._store, deadlines, self._clock, self._instruments)
        self._loop = loop
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(deadlines.run(self._queue))]
                if loop.beside is not None:
                    beside.append(group.create_task(loop.beside()))
                self._arrivals.enqueue_everything()
                await self._queue.work(passes, self._settings.workers, end)
                for each in beside:
                    each.cancel()
        finally:
            self._loop = None
            await loop.close()


def providers(clock: Clock, fence: Fence, meters: CallMeters = unmeasured_calls) -> Providers:
    """Every provider that a BillingBackend can name."""
    connect = functools.partial(connect_stripe, clock=clock, fence=fence, meters=meters)
    return {STRIPE: Provider(connect, stripe_key_problem)}


def build_loop_of(settings: Settings) -> LoopFactory:
    """What a leader works with in earnest: Stripe, The Things Stack, and the four reconcilers."""

    def build_loop(
        resources: Resources,
        cluster: Cluster,
        queue: Queue,
        clock: Clock,
        instruments: Instruments,
        fence: Fence,
    ) -> Loop:
        surroundings = Surroundings(
            resources=resources,
            kubernetes=cluster,
            queue=queue,
            clock=clock,
            namespace=settings.namespace,
            jitter=random.random,
            corrected=instruments.corrected,
        )
        accounts = Accounts(clock, queue)
        registries = Registries(clock, queue, resources, cluster)

        async def close() -> None:
            await accounts.close()
            await registries.close()

        reconcilers = assemble(
            surroundings,
            accounts,
            registries,
            providers(clock, fence, instruments.calls),
            functools.partial(connect_things_stack, clock=clock, fence=fence, meters=instruments.calls),
            resync_interval=settings.resync_interval,
            event_interval=settings.event_interval,
        )
        beside = functools.partial(surroundings.secrets.run, settings.secret_interval)
        return Loop(reconcilers, accounts.now, close, beside, accounts.seen)

    return build_loop
