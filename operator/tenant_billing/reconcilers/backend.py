"""One BillingBackend: key, account, events. Gather, decide, apply, report."""

from dataclasses import dataclass
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.conditions import Conditions, ConditionStatus, ConditionType, set_condition
from tenant_billing.api.names import BILLING_PLAN, TENANT_SUBSCRIPTION
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import health, readiness
from tenant_billing.domain.errors import OutsideError, Unauthorized
from tenant_billing.domain.health import Health
from tenant_billing.domain.retry import recheck_after
from tenant_billing.ports import ObjectKey, Outcome, ProviderFactory
from tenant_billing.reconcilers.account_connector import AccountConnector
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.connection_life import ConnectionReconciler
from tenant_billing.reconcilers.event_reader import EventReader, EventsSeen, unreadable
from tenant_billing.reconcilers.reporting import (
    Surroundings,
    acknowledged,
    named,
    reconcile_token,
)

EVENT_INTERVAL: Final = 600.0
"""Seconds between two readings of the event list that nobody asked for (stripe.md 6: 4,320 reads a month)."""
SANDBOX_INTERVAL: Final = 1.0
"""Likewise where ``apiURL`` is set: a simulator's clock drives everything, and nobody counts its reads."""
CHECK_INTERVAL: Final = 600.0
"""Seconds after which the account is asked again whose it is."""

_WEBHOOK_NOT_YET: Final = (
    "spec.stripe.webhook: this version registers no endpoint; "
    "make one by hand and name its secret in webhookSecretRefs"
)


@dataclass
class _Watch:
    """What is remembered of one backend between passes; all of it can be found again.

    Attributes:
        reader: Reads its events.
        checked_at: Monotonic seconds of the last check that succeeded, None to check now.
        checked_for: Generation and reconcile token that it was made for.
        events: What ``EventsCurrent`` says, None before the list was read.
    """

    reader: EventReader
    checked_at: float | None = None
    checked_for: tuple[int, str | None] | None = None
    events: EventsSeen | None = None


class BillingBackendReconciler(ConnectionReconciler[BillingBackend]):
    """Keeps the connection to each account healthy, and turns the account's events into work."""

    def __init__(
        self,
        surroundings: Surroundings,
        accounts: Accounts,
        connect: ProviderFactory,
        event_interval: float = EVENT_INTERVAL,
    ) -> None:
        super().__init__(surroundings)
        self._accounts = accounts
        self._event_interval = event_interval
        self._connector = AccountConnector(surroundings, accounts, connect)
        self._watches: dict[str, _Watch] = {}

    def _find(self, name: str) -> BillingBackend | None:
        return self._resources.backend(name)

    async def _kept(self, resource: BillingBackend) -> Outcome:
        name = resource.metadata.name
        watch = self._watches.setdefault(name, _Watch(EventReader(self._surroundings)))
        seen = await self._check(resource, watch)
        if seen.is_available:
            await self._read_events(resource, watch)
        changed = await self._report(resource, seen, watch)
        return self._outcome(resource, seen, watch, "changed" if changed else "settled")

    async def _check(self, resource: BillingBackend, watch: _Watch) -> Health:
        """The account's health: as known, or examined again where that is due."""
        name = resource.metadata.name
        known = self._accounts.health(name)
        if known is not None and known.is_available and not self._is_due(resource, watch):
            return known
        seen = await self._examine(resource, watch)
        watch.checked_for = (resource.metadata.generation, reconcile_token(resource))
        watch.checked_at = self._clock.monotonic() if seen.is_available else None
        if self._accounts.judged(name, seen):
            self._wake_dependents(name)
        return seen

    def _is_due(self, resource: BillingBackend, watch: _Watch) -> bool:
        if watch.checked_at is None or self._clock.monotonic() - watch.checked_at >= CHECK_INTERVAL:
            return True
        if self._accounts.is_suspected(resource.metadata.name):
            return True
        return watch.checked_for != (resource.metadata.generation, reconcile_token(resource))

    async def _examine(self, resource: BillingBackend, watch: _Watch) -> Health:
        connection = await self._connector.connect(resource)
        if isinstance(connection, Health):
            return connection
        try:
            seen = await self._connector.check(resource, connection)
            expired = await watch.reader.begin(resource, connection) if seen.is_available else None
            if expired is not None:
                watch.events = expired
                self._wake_dependents(resource.metadata.name)  # no event tells which of them changed
        except OutsideError as error:
            return health.of_provider_error(error)
        return seen

    async def _read_events(self, resource: BillingBackend, watch: _Watch) -> None:
        connection = self._accounts.of(resource.metadata.name)
        if connection is None:
            return
        try:
            watch.events = await watch.reader.read(resource, connection)
        except OutsideError as error:
            if isinstance(
                error, Unauthorized
            ):  # else the outcome of this pass asks for the next one, in time
                self._accounts.failed(connection.backend, error)
            watch.checked_at = None
            watch.events = unreadable(error)

    def _wake_dependents(self, backend: str) -> None:
        """Whatever waited for the account goes on."""
        subscriptions = list(self._resources.subscriptions_of_backend(backend))
        for plan in self._resources.plans_of(backend):
            self._queue.add(ObjectKey(BILLING_PLAN.kind, "", plan.metadata.name))
            subscriptions += self._resources.subscriptions_of_plan(plan.metadata.name)
        for each in subscriptions:
            key = ObjectKey(TENANT_SUBSCRIPTION.kind, each.metadata.namespace or "", each.metadata.name)
            self._queue.add(key, urgent=False)

    async def _report(self, resource: BillingBackend, seen: Health, watch: _Watch) -> bool:
        update: dict[str, object] = {"conditions": self._conditions(resource, seen, watch)}
        connection = self._accounts.of(resource.metadata.name)
        if connection is not None:
            update |= {"account_id": connection.account_id, "mode": resource.spec.stripe.mode}
        cursors = watch.reader.to_write()
        if cursors is not None:
            known = resource.status.events
            errors = known.meter_error_cursor if known is not None else None
            update["events"] = cursors.model_copy(update={"meter_error_cursor": errors})
        status = acknowledged(resource, resource.status).model_copy(update=update)
        changed = await self._reporter.store(resource, resource.status, status)
        if cursors is not None:
            watch.reader.stored(cursors)
        return changed

    def _conditions(self, resource: BillingBackend, seen: Health, watch: _Watch) -> Conditions:
        generation, now = resource.metadata.generation, self._clock.now()
        reason, message = seen.reason, seen.message
        if seen.is_available and resource.spec.stripe.webhook is not None:
            reason, message = Reason.NOT_YET_SUPPORTED, _WEBHOOK_NOT_YET
        if resource.metadata.is_being_deleted:
            message = f"kept while it is used by {named(self._users(resource))}; {message}".removesuffix("; ")
        conditions = readiness.ready(resource.status.conditions, reason, message, generation, now)
        events = watch.events
        if events is not None:
            conditions = set_condition(
                conditions,
                ConditionType.EVENTS_CURRENT,
                events.status,
                events.reason,
                events.message,
                generation,
                now,
            )
        receives = bool(resource.spec.stripe.webhook_secret_refs)
        return set_condition(
            conditions,
            ConditionType.WEBHOOK_READY,
            ConditionStatus.TRUE if receives else ConditionStatus.FALSE,
            Reason.RECEIVING if receives else Reason.NOT_CONFIGURED,
            "" if receives else "no spec.stripe.webhookSecretRefs: changes are found in the event list only",
            generation,
            now,
        )

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
        if resource.spec.stripe.api_url is not None:
            return Outcome(result, look_again_after=SANDBOX_INTERVAL, why=why)
        return Outcome(result, look_again_after=recheck_after(jitter, self._event_interval), why=why)

    def _users(self, resource: BillingBackend) -> list[str]:
        return [
            f"BillingPlan {each.metadata.name}" for each in self._resources.plans_of(resource.metadata.name)
        ]

    async def _forget(self, name: str) -> None:
        self._watches.pop(name, None)
        await self._accounts.forget(name)

    async def _tell_paused(self, resource: BillingBackend) -> bool:
        conditions = readiness.paused(
            resource.status.conditions, resource.metadata.generation, self._clock.now()
        )
        status = acknowledged(resource, resource.status).model_copy(update={"conditions": conditions})
        return await self._reporter.store(resource, resource.status, status)
