"""One BillingPlan: its product, its meter and its prices. Gather, decide, apply, report."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tenant_billing.api.billing_plan import BillingPlan, BillingPlanStatus
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import BILLING_PLAN, TENANT_SUBSCRIPTION
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain import readiness
from tenant_billing.domain.drift import was_in_sync
from tenant_billing.domain.errors import (
    Forbidden,
    KeyReused,
    NotFound,
    OutsideError,
    Refused,
    StoredFailure,
    Unauthorized,
)
from tenant_billing.domain.intents import next_attempt
from tenant_billing.domain.migration_progress import Progress, with_progress
from tenant_billing.domain.plan_actions import Action, LookAgain, StoreIntent, UpdateProduct
from tenant_billing.domain.plan_decision import PlanDecision, decide
from tenant_billing.domain.plan_status import REFUSED, judged, ready_reason, refusal_of, standing
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.readiness import Finding
from tenant_billing.domain.retry import recheck_after
from tenant_billing.ports import ObjectKey, Outcome
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.discovery import Discoverer
from tenant_billing.reconcilers.plan_reading import PlanReader
from tenant_billing.reconcilers.plan_writing import carry_out
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import (
    Reporter,
    Surroundings,
    acknowledged,
    guarded,
    is_paused,
)

MOST_ROUNDS: Final = 12
"""Decisions in one pass; a pass that needs more goes on in the next one."""
COUNT_INTERVAL: Final = 10.0
"""Seconds between two counts of subscriptions: they cost no call, and few writes."""


@dataclass(frozen=True)
class _Round:
    """One decision within a pass."""

    world: PlanWorld
    decision: PlanDecision


class _AccountError(Exception):
    """The account refused, or gave no answer: the API server is no reason to say so."""

    def __init__(self, error: OutsideError) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def _at_the_account() -> Iterator[None]:
    try:
        yield
    except OutsideError as error:
        raise _AccountError(error) from error


class BillingPlanReconciler:
    """Keeps the product, the meter and the prices of each plan true."""

    def __init__(self, surroundings: Surroundings, accounts: Accounts, registries: Registries) -> None:
        self._surroundings = surroundings
        self._resources = surroundings.resources
        self._clock = surroundings.clock
        self._accounts = accounts
        self._reader = PlanReader(surroundings, accounts)
        self._reporter = Reporter(surroundings)
        self._discoverer = Discoverer(surroundings, registries)

    async def reconcile(self, key: ObjectKey) -> Outcome:
        """One pass over one plan."""
        return await guarded(self._pass(key.name))

    async def _pass(self, name: str) -> Outcome:
        resource = self._resources.plan(name)
        if resource is None:
            return Outcome("gone")
        if is_paused(resource) or await self._is_orphaned(resource):
            return await self._left_alone(resource)
        missing = self._missing_backend(resource)
        connection = self._accounts.of(resource.spec.backend_ref.name)
        if missing is None and self._accounts.health(resource.spec.backend_ref.name) is None:
            # Since the start nothing was checked: what the status says stands until then.
            return Outcome("unchecked")
        if missing is not None or connection is None:
            return await self._waiting(resource, missing or self._unready(resource))
        await self._reporter.hold(resource)
        try:
            return await self._carried_out(resource, connection)
        except _AccountError as error:
            return await self._failed(name, connection, error.error)

    async def _carried_out(self, resource: BillingPlan, connection: AccountConnection) -> Outcome:
        name, looked, changed = resource.metadata.name, False, False
        refusal = refusal_of(resource)
        with _at_the_account():
            await self._reader.complete(resource, connection)
        for _ in range(MOST_ROUNDS):
            newest = self._resources.plan(name)
            if newest is None:
                return Outcome("gone")
            world = replace(self._reader.world(newest, connection), looked=looked, refusal=refusal)
            decision = decide(world)
            if not decision.actions:
                return await self._settled(_Round(world, decision), connection, changed=changed)
            for action in decision.actions:
                await self._apply(action, _Round(world, decision), connection)
                looked = looked or isinstance(action, LookAgain)
            changed = True
        return Outcome("changed", look_again_after=0.0)

    # Gather

    def _missing_backend(self, resource: BillingPlan) -> Finding | None:
        name = resource.spec.backend_ref.name
        if self._resources.backend(name) is not None:
            return None
        return Finding(Reason.BACKEND_NOT_FOUND, f"there is no BillingBackend {name!r}: create it")

    def _unready(self, resource: BillingPlan) -> Finding:
        name = resource.spec.backend_ref.name
        health = self._accounts.health(name)
        why = f"{health.reason}: {health.message}" if health is not None else "unknown"
        return Finding(Reason.BACKEND_NOT_READY, f"BillingBackend {name!r} is not ready ({why})")

    async def _is_orphaned(self, resource: BillingPlan) -> bool:
        """Whether the plan vanishes with its definition, or after its backend: then nothing outside is touched."""
        if not resource.metadata.is_being_deleted:
            return False
        if self._missing_backend(resource) is not None:
            return True
        return await self._surroundings.kubernetes.is_being_removed(BILLING_PLAN.kind, None)

    # Apply

    async def _apply(self, action: Action, seen: _Round, connection: AccountConnection) -> None:
        if isinstance(action, StoreIntent):
            resource = seen.world.resource
            status = _status(seen, connection).model_copy(update={"pending_operation": action.intent})
            await self._reporter.store(resource, resource.status, status)
        else:
            with _at_the_account():
                await carry_out(action, seen.world, connection)
            if isinstance(action, UpdateProduct) and was_in_sync(seen.world.resource, ConditionType.READY):
                self._surroundings.corrected(type(action).__name__)

    # Report

    async def _settled(self, seen: _Round, connection: AccountConnection, *, changed: bool) -> Outcome:
        resource, decision = seen.world.resource, seen.decision
        if decision.released:
            await self._reporter.let_go(resource)
            return Outcome("gone")
        with _at_the_account():
            waiting = await self._discoverer.look(resource, connection)
        status = _status(seen, connection)
        status = status.model_copy(update={"pending_operation": None, "waiting": waiting})
        status = judged(resource, self._clock.now(), status, decision.finding)
        progress = Progress()
        if decision.finding is None:
            progress = self._reader.progress(resource.model_copy(update={"status": status}), connection)
            status = with_progress(status, progress, resource.metadata.generation, self._clock.now())
        stored = await self._reporter.store(resource, resource.status, status)
        if (
            self._reader.allows_otherwise(resource, connection)
            or ready_reason(status) != ready_reason(resource.status)
            or status.price_id != resource.status.price_id
        ):
            self._wake(self._resources.subscriptions_of_plan(resource.metadata.name))
        self._wake(each.resource for each in progress.due)
        after = recheck_after(self._surroundings.jitter(), COUNT_INTERVAL)
        why = f"{decision.finding.reason}: {decision.finding.message}" if decision.finding is not None else ""
        return Outcome("changed" if changed or stored else "settled", look_again_after=after, why=why)

    def _wake(self, subscriptions: Iterable[TenantSubscription]) -> None:
        """What waited for the plan, or follows its price, looks again; whoever pays goes first."""
        for each in subscriptions:
            key = ObjectKey(TENANT_SUBSCRIPTION.kind, each.metadata.namespace or "", each.metadata.name)
            self._surroundings.queue.add(key, urgent=False)

    async def _waiting(self, resource: BillingPlan, finding: Finding) -> Outcome:
        """The plan waits for its backend; what is known of its prices stays in the status."""
        status = judged(resource, self._clock.now(), resource.status, finding)
        await self._reporter.store(resource, resource.status, status)
        after = recheck_after(self._surroundings.jitter())
        return Outcome("waiting", look_again_after=after, why=f"{finding.reason}: {finding.message}")

    async def _failed(self, name: str, connection: AccountConnection, error: OutsideError) -> Outcome:
        """Say what a call answered; what cannot be helped by asking again is not asked again."""
        self._accounts.failed(connection.backend, error)
        resource = self._resources.plan(name)
        if resource is None:
            return Outcome("gone")
        if isinstance(error, NotFound):
            connection.picture.stale(
                each
                for each in (resource.status.product_id, resource.status.meter_id, resource.status.price_id)
                if each
            )
        if isinstance(error, Refused):
            finding = Finding(Reason.INVALID_PRICE, f"{REFUSED}{error}")
        else:
            finding = Finding(Reason.BACKEND_NOT_READY, f"BillingBackend {connection.backend!r}: {error}")
        status = judged(resource, self._clock.now(), resource.status, finding)
        intent = resource.status.pending_operation
        if intent is not None and isinstance(error, StoredFailure | KeyReused):
            status = status.model_copy(
                update={"pending_operation": next_attempt(intent, self._now(connection))}
            )
        await self._reporter.store(resource, resource.status, status)
        if isinstance(error, Refused | Unauthorized | Forbidden):
            after = recheck_after(self._surroundings.jitter())
            return Outcome("waiting", look_again_after=after, why=str(error))
        return Outcome("failed", retry=True, why=str(error))

    def _now(self, connection: AccountConnection) -> datetime:
        return self._accounts.now(connection.backend)

    async def _left_alone(self, resource: BillingPlan) -> Outcome:
        """No call is made for it; a deletion only lets go."""
        if resource.metadata.is_being_deleted:
            await self._reporter.let_go(resource)
            return Outcome("gone")
        conditions = readiness.paused(
            resource.status.conditions, resource.metadata.generation, self._clock.now()
        )
        status = acknowledged(resource, resource.status).model_copy(update={"conditions": conditions})
        changed = await self._reporter.store(resource, resource.status, status)
        return Outcome("changed" if changed else "settled", why="Paused")


def _status(seen: _Round, connection: AccountConnection) -> BillingPlanStatus:
    numbers = connection.picture.subscriptions_by_price()
    return standing(seen.world.resource, seen.decision, numbers)
