"""One BillingBackend: key, account, events. Gather, decide, apply, report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.names import BILLING_BACKEND
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import health, readiness
from tenant_billing.domain.errors import OutsideError, Unauthorized
from tenant_billing.domain.health import Health
from tenant_billing.domain.read_allowance import (
    ACCOUNT_INTERVAL,
    ENDPOINT_INTERVAL,
    LISTING_INTERVAL,
    AccountSize,
    event_interval,
    listing_interval,
)
from tenant_billing.domain.retry import recheck_after
from tenant_billing.ports import ObjectKey, Outcome, Providers
from tenant_billing.reconcilers.account_connector import AccountConnector
from tenant_billing.reconcilers.account_news import AccountNews
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.backend_status import conditions_of, users_of
from tenant_billing.reconcilers.connection_life import ConnectionReconciler
from tenant_billing.reconcilers.event_reader import EventReader, EventsSeen, unreadable
from tenant_billing.reconcilers.meter_error_reader import MeterErrorReader
from tenant_billing.reconcilers.reporting import Surroundings, acknowledged, key_of, reconcile_token
from tenant_billing.reconcilers.turns import Turn
from tenant_billing.reconcilers.usage_comparisons import comparison_key
from tenant_billing.reconcilers.webhook_registration import WebhookRegistrar, WebhookSeen

EVENT_INTERVAL: Final = 600.0
"""Seconds between two readings of the event list that nobody asked for (stripe.md 6: 4,320 reads a month)."""
SANDBOX_INTERVAL: Final = 1.0
"""Likewise where ``apiURL`` is set: a simulator's clock drives everything, and nobody counts its reads."""


@dataclass
class _Watch:
    """What is remembered of one backend between passes; all of it can be found again.

    Attributes:
        reader: Reads its events.
        checked: The last check of key and account that succeeded.
        listed: The last full listing, the one at the start included.
        webhook_looked_at: The last look at the webhook that left nothing to do.
        events: What ``EventsCurrent`` says, None before the list was read.
        webhook: What ``WebhookReady`` says, None before the first look.
    """

    reader: EventReader
    checked: Turn = field(default_factory=Turn)
    listed: Turn = field(default_factory=Turn)
    webhook_looked_at: Turn = field(default_factory=Turn)
    events: EventsSeen | None = None
    webhook: WebhookSeen | None = None


class BillingBackendReconciler(ConnectionReconciler[BillingBackend]):
    """Keeps the connection to each account healthy, and turns the account's events into work."""

    def __init__(
        self,
        surroundings: Surroundings,
        accounts: Accounts,
        providers: Providers,
        meter_errors: MeterErrorReader,
        event_interval: float = EVENT_INTERVAL,
    ) -> None:
        super().__init__(surroundings)
        self._meter_errors = meter_errors
        self._accounts = accounts
        self._event_interval = event_interval
        self._connector = AccountConnector(surroundings, accounts, providers)
        self._secrets = surroundings.secrets
        self._news = AccountNews(self._resources, self._queue)
        self._webhook = WebhookRegistrar(surroundings)
        self._watches: dict[str, _Watch] = {}

    @property
    def webhook_counts(self) -> Mapping[tuple[str, Reason], int]:
        """How many looks at a backend's webhook have ended with which reason."""
        return self._webhook.counts

    def _find(self, name: str) -> BillingBackend | None:
        return self._resources.backend(name)

    async def _kept(self, resource: BillingBackend) -> Outcome:
        name = resource.metadata.name
        watch = self._watches.setdefault(name, _Watch(EventReader(self._surroundings)))
        self._accounts.follow(name, watch.reader)
        seen = await self._check(resource, watch)
        connection = self._accounts.of(name)
        if seen.is_available and connection is not None:
            await self._read_events(resource, watch, connection)
            await self._list_again(watch, connection)
            await self._look_at_webhook(resource, watch, connection)
            await self._meter_errors.read(resource, connection)
        newest = self._find(name)
        if newest is None or newest.metadata.uid != resource.metadata.uid:
            return await self._gone(name)
        # Of an edit that came meanwhile nothing was looked at.
        resource = resource.model_copy(update={"status": newest.status})
        changed = await self._report(resource, seen, watch)
        return self._outcome(resource, seen, watch, "changed" if changed else "settled")

    async def _check(self, resource: BillingBackend, watch: _Watch) -> Health:
        """The account's health: as known, or examined again where that is due."""
        name, now = resource.metadata.name, self._clock.monotonic()
        known, asked = self._accounts.health(name), _asked(resource)
        if known is not None and known.is_available and not self._is_due(resource, watch):
            return known
        seen = await self._examine(resource, watch)
        watch.checked.done(now, asked)
        if not seen.is_available:
            watch.checked.again()
        if self._accounts.judged(name, seen):
            self._news.to_everybody(name)
            self._queue.add(comparison_key(name), urgent=False)
        return seen

    def _is_due(self, resource: BillingBackend, watch: _Watch) -> bool:
        if watch.checked.is_due(self._clock.monotonic(), ACCOUNT_INTERVAL, _asked(resource)):
            return True
        secret = resource.spec.account.api_key_secret_ref.name
        return self._accounts.is_suspected(resource.metadata.name) or self._secrets.have_changed(
            key_of(resource), secret
        )

    async def _examine(self, resource: BillingBackend, watch: _Watch) -> Health:
        connection = await self._connector.connect(resource)
        if isinstance(connection, Health):
            return connection
        try:
            identified = await self._connector.check(resource, connection)
            if isinstance(identified, Health):
                return identified
            was_ready = identified.picture.is_ready
            expired = await watch.reader.begin(resource, identified)
        except OutsideError as error:
            return health.of_provider_error(error)
        if expired is not None:
            watch.events = expired
            await self._tell(resource, expired)
            self._news.to_everybody(resource.metadata.name)  # no event tells which of them changed
        if expired is not None or not was_ready:
            watch.listed.done(self._clock.monotonic(), None)
        return health.AVAILABLE

    async def _tell(self, resource: BillingBackend, expired: EventsSeen) -> None:
        """Tell people once; the condition says so only until the list is read again."""
        body = self._resources.body(key_of(resource))
        if body is not None:
            await self._kubernetes.event(body, "Warning", expired.reason, expired.message)

    async def _read_events(
        self, resource: BillingBackend, watch: _Watch, connection: AccountConnection
    ) -> None:
        try:
            watch.events = await watch.reader.read(resource, connection)
        except OutsideError as error:
            if isinstance(
                error, Unauthorized
            ):  # else the outcome of this pass asks for the next one, in time
                self._accounts.failed(connection.backend, error)
            watch.checked.again()
            watch.events = unreadable(error)

    async def _list_again(self, watch: _Watch, connection: AccountConnection) -> None:
        """See what no event has told, as often as the monthly allowance of reads lets it."""
        now = self._clock.monotonic()
        if not watch.listed.is_due(now, LISTING_INTERVAL, None):  # the size is counted only where it matters
            return
        if not watch.listed.is_due(
            now, listing_interval(self._event_interval, connection.picture.size), None
        ):
            return
        try:
            changed = await connection.picture.compare()
        except OutsideError as error:
            self._accounts.failed(connection.backend, error)
            return
        watch.listed.done(now, None)
        self._news.of(connection.backend, connection.picture, changed)

    async def _look_at_webhook(
        self, resource: BillingBackend, watch: _Watch, connection: AccountConnection
    ) -> None:
        now = self._clock.monotonic()
        if not watch.webhook_looked_at.is_due(now, ENDPOINT_INTERVAL, self._webhook.basis(resource)):
            return
        watch.webhook = await self._webhook.look(resource, connection.provider)
        watch.webhook_looked_at.done(now, self._webhook.basis(resource))
        if watch.webhook.retry:
            watch.webhook_looked_at.again()

    async def _report(self, resource: BillingBackend, seen: Health, watch: _Watch) -> bool:
        conditions = conditions_of(
            resource, seen, watch.events, watch.webhook, self._users(resource), self._clock.now()
        )
        update: dict[str, object] = {"conditions": conditions}
        connection = self._accounts.of(resource.metadata.name)
        if connection is not None:
            update |= {"account_id": connection.account_id, "mode": resource.spec.account.mode}
        cursors = watch.reader.to_write()
        with_errors = self._meter_errors.with_cursor(resource, cursors)
        if with_errors is not None:
            update["events"] = with_errors
        if watch.webhook is not None and not watch.webhook.retry:
            update |= {"webhook_endpoint": watch.webhook.endpoint, "pending_operation": None}
        status = acknowledged(resource, resource.status).model_copy(update=update)
        changed = await self._reporter.store(resource, resource.status, status)
        if cursors is not None:
            watch.reader.stored(cursors)
        return changed

    def _outcome(self, resource: BillingBackend, seen: Health, watch: _Watch, result: str) -> Outcome:
        why = f"{seen.reason}: {seen.message}" if seen.message else str(seen.reason)
        jitter = self._surroundings.jitter()
        if not seen.is_available:
            retry = seen.reason is Reason.UNREACHABLE
            return Outcome(
                "waiting", retry=retry, look_again_after=None if retry else recheck_after(jitter), why=why
            )
        if watch.events is not None and watch.events.reason is Reason.LAGGING:
            return Outcome("failed", retry=True, why=watch.events.message)
        if watch.webhook is not None and watch.webhook.retry:
            return Outcome("failed", retry=True, why=watch.webhook.message)
        if resource.spec.account.api_url is not None:
            return Outcome(result, look_again_after=SANDBOX_INTERVAL, why=why)
        connection = self._accounts.of(resource.metadata.name)
        size = connection.picture.size if connection is not None else AccountSize(())
        interval = event_interval(self._event_interval, size)
        return Outcome(result, look_again_after=recheck_after(jitter, interval), why=why)

    def _users(self, resource: BillingBackend) -> list[str]:
        return users_of(resource.metadata.name, self._resources)

    async def _ended(self, resource: BillingBackend) -> Outcome:
        """Nobody uses it any more: its webhook endpoint goes first, unless the definition itself goes with it."""
        problem = await self._remove_webhook(resource)
        if problem is None:
            return await super()._ended(resource)
        message = (
            f"kept until its webhook endpoint is removed: {problem.message or problem.reason}; "
            "or annotate it as paused to leave the endpoint where it is"
        )
        conditions = readiness.ready(
            resource.status.conditions,
            problem.reason,
            message,
            resource.metadata.generation,
            self._clock.now(),
        )
        status = acknowledged(resource, resource.status).model_copy(update={"conditions": conditions})
        await self._reporter.store(resource, resource.status, status)
        return Outcome("waiting", look_again_after=recheck_after(self._surroundings.jitter()), why=message)

    async def _remove_webhook(self, resource: BillingBackend) -> Health | None:
        """Remove the endpoint that was registered; gives why that cannot be done now."""
        status = resource.status
        if status.webhook_endpoint is None and status.pending_operation is None:
            return None
        if await self._kubernetes.is_being_removed(BILLING_BACKEND.kind, None):
            return None
        connection = await self._connector.connect(resource)
        if isinstance(connection, Health):
            return connection
        try:
            identified = await self._connector.check(resource, connection)
            if isinstance(identified, Health):
                return identified
            await self._webhook.remove(resource, identified.provider)
        except OutsideError as error:
            return health.of_provider_error(error)
        return None

    async def _forget(self, name: str) -> None:
        self._watches.pop(name, None)
        self._meter_errors.forget(name)
        self._secrets.forget(ObjectKey(BILLING_BACKEND.kind, "", name))
        await self._accounts.forget(name)

    async def _tell_paused(self, resource: BillingBackend) -> bool:
        conditions = readiness.paused(
            resource.status.conditions, resource.metadata.generation, self._clock.now()
        )
        status = acknowledged(resource, resource.status).model_copy(update={"conditions": conditions})
        return await self._reporter.store(resource, resource.status, status)


def _asked(resource: BillingBackend) -> tuple[int, str | None]:
    """What a person last asked for: an edit, or a look."""
    return resource.metadata.generation, reconcile_token(resource)
