"""One TenantSubscription: gather, decide, apply, report. Any step may be killed; the next pass goes on from what is."""

from dataclasses import replace
from typing import Final

from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.names import FINALIZER
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain import deletion, drift, enrolment, news, period_end, report
from tenant_billing.domain.actions import (
    OUTSIDE,
    Action,
    Disruption,
    LookAgain,
    RemoveFinalizer,
    StoreIntent,
    UsageAction,
    disruption_of,
    is_urgent,
)
from tenant_billing.domain.decision import Verdict, decide
from tenant_billing.domain.errors import (
    AlreadyExists,
    NotFound,
    OutsideError,
    StoredFailure,
    Throttled,
    Unreachable,
)
from tenant_billing.domain.intents import next_attempt
from tenant_billing.domain.refusals import refusal_of
from tenant_billing.domain.retry import recheck_after
from tenant_billing.domain.world import Fresh, World
from tenant_billing.ports import ObjectConflict, ObjectGone, ObjectKey, Outcome
from tenant_billing.reconcilers.absences import PROOF
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings, guarded, key_of
from tenant_billing.reconcilers.subscription_freshness import FreshReader
from tenant_billing.reconcilers.subscription_reading import NotCheckedYet, SubscriptionReader
from tenant_billing.reconcilers.subscription_writing import SubscriptionWriter
from tenant_billing.reconcilers.usage_reporting import UsageReporter
from tenant_billing.reconcilers.write_failures import after_failure, is_of_registry

MOST_STEPS: Final = 16
"""Steps of one pass; a pass that needs more goes on in the next one."""

PATIENCE: Final = 3
"""Passing errors in a row before the object says so: one lost answer is no news."""


class TenantSubscriptionReconciler:
    """Keeps one tenant and what pays for it true to each other."""

    def __init__(
        self,
        surroundings: Surroundings,
        registries: Registries,
        reader: SubscriptionReader,
        writer: SubscriptionWriter,
        usage: UsageReporter,
        resync: float,
    ) -> None:
        self._resources = surroundings.resources
        self._kubernetes = surroundings.kubernetes
        self._jitter = surroundings.jitter
        self._corrected = surroundings.corrected
        self._registries = registries
        self._reader = reader
        self._writer = writer
        self._usage = usage
        self._resync = resync
        self._fresh = FreshReader(surroundings, reader)
        self._failures: dict[str, int] = {}

    async def reconcile(self, key: ObjectKey) -> Outcome:
        """One pass."""
        return await guarded(self._pass(key))

    async def _pass(self, key: ObjectKey) -> Outcome:
        resource = self._resources.subscription(key.namespace, key.name)
        if resource is None:
            return Outcome("gone")
        self._fresh.note(resource)
        self._usage.begin(resource)
        try:
            if resource.metadata.is_being_deleted:
                return await self._let_go(resource)
            return await self._keep(resource)
        except NotCheckedYet:
            return Outcome("unchecked")

    async def _keep(self, resource: TenantSubscription) -> Outcome:
        world, verdict = await self._decided(await self._fresh.read(resource))
        changed = False
        for _ in range(MOST_STEPS):
            if not verdict.actions:
                break
            former, world = world, await self._step(verdict.actions[0], world)
            if world.provider_problem is not None:
                world = await self._although_the_provider_fails(former, world)
            changed = changed or world is not former
            world, verdict = await self._decided(world)
        return await self._told(world, verdict, changed=changed)

    async def _decided(self, world: World) -> tuple[World, Verdict]:
        """The world and what follows from it; a freeze is decided by totals that were asked for now."""
        verdict = decide(world)
        unseen = world.resource.status.frozen_limits is None
        if not verdict.standing.frozen or not unseen or world.tenant is None:
            return world, verdict
        world = await self._reader.with_fresh_totals(world)
        return world, decide(world)

    async def _step(self, action: Action, world: World) -> World:
        """Carry out one action, after a fresh read and past the brake; gives the world after it."""
        if isinstance(action, UsageAction):
            return await self._usage.carry_out(action, world)
        if isinstance(action, OUTSIDE) and self._fresh.lacks_something(world):
            return await self._fresh.read_the_rest(world, urgent=is_urgent(action))
        if disruption_of(action) is not Disruption.NONE and not await self._may_disrupt(world):
            return replace(world, held=True)
        if isinstance(action, OUTSIDE) and self._fresh.was_edited(world):
            raise ObjectConflict("the next pass decides by what was edited")
        try:
            if isinstance(action, LookAgain):
                return await self._reader.look_again(world)
            await self._writer.carry_out(action, world)
        except OutsideError as error:
            return await self._after_error(action, world, error)
        self._failures.pop(world.resource.metadata.uid, None)
        if drift.corrects_drift(action, world):
            self._corrected(type(action).__name__)
        again = await self._again(world)
        return replace(again, looked=False) if isinstance(action, StoreIntent) else again

    async def _although_the_provider_fails(self, former: World, world: World) -> World:
        """Do in the registry what was decided there: who paid is let in, whatever cannot be written to the account."""
        if Fresh.PAYMENTS not in former.fresh:
            return world
        if Fresh.TENANT not in former.fresh:
            former = await self._reader.with_fresh_tenant(former)
        due = next(filter(is_of_registry, decide(former).actions), None)
        if due is None:
            return world
        return replace(await self._step(due, former), provider_problem=world.provider_problem)

    async def _may_disrupt(self, world: World) -> bool:
        return await self._registries.disrupt(
            world.resource.spec.cluster_ref.name, world.resource.spec.tenant.id
        )

    async def _again(self, world: World, *, fresh: Fresh = Fresh.NOTHING) -> World:
        """The world after a write: its answer is in the pictures, so nothing is asked again."""
        metadata = world.resource.metadata
        resource = self._resources.subscription(metadata.namespace or "", metadata.name)
        if resource is None or resource.metadata.uid != metadata.uid:
            raise ObjectGone(f"{metadata.namespace}/{metadata.name} is gone")
        again = await self._reader.read(resource, fresh=fresh)
        return replace(
            again, fresh=fresh | world.fresh, looked=world.looked, held=world.held, refusal=world.refusal
        )

    async def _after_error(self, action: Action, world: World, error: OutsideError) -> World:
        """The world after a write that failed: what is taken or not found is looked for first."""
        if isinstance(error, AlreadyExists | NotFound):
            again = replace(await self._again(world, fresh=Fresh.EVERYTHING), namespace=world.namespace)
            if _next_step(again) != action:
                return again
            # The very same again: the id is taken, or something that the write names is not there. A registry may
            # read one that it does not find to write: its reads lag behind (T-25).
            if isinstance(error, NotFound) and is_of_registry(action):
                return after_failure(action, again, error)
            return replace(again, refusal=refusal_of(action, error))
        if isinstance(error, StoredFailure):
            await self._start_new_attempt(world)
            world = replace(await self._again(world), namespace=world.namespace)
        return after_failure(action, world, error)

    async def _start_new_attempt(self, world: World) -> None:
        """A stored 500 is looked up before a new attempt gets a new key (stripe.md 5.3)."""
        intent = world.intent
        if intent is None or intent.step not in {enrolment.SUBSCRIBE, period_end.SCHEDULE}:
            return
        looked = await self._reader.look_again(world)
        verdict = decide(looked)
        if verdict.actions and looked.looked:
            fresh = next_attempt(intent, looked.now)
            await self._writer.write_status(looked.resource, report.with_intent(looked, fresh))

    async def _told(self, world: World, verdict: Verdict, *, changed: bool) -> Outcome:
        """Write what differs in the status, tell what happened, and say when to look again."""
        problem = world.provider_problem or world.registry_problem or world.usage.problem
        if self._is_no_news(world, problem):
            return Outcome("failed", retry=True, why=str(problem))
        self._usage.ask_for_a_count(world, verdict.usage)
        unread = world.provider_problem or world.registry_problem
        if unread is None and not world.held and not verdict.actions:
            await self._registries.withdraw(
                world.resource.spec.cluster_ref.name, world.resource.spec.tenant.id
            )
        status = report.status_of(world, verdict)
        if await self._writer.write_status(world.resource, status):
            await self._tell(world.resource, news.between(world.resource.status, status))
            changed = True
        ready = find_condition(status.conditions, ConditionType.READY)
        settled = ready is not None and ready.status is ConditionStatus.TRUE
        return Outcome(
            "changed" if changed else "settled" if settled else "waiting",
            retry=problem is not None or bool(verdict.actions),
            look_again_after=self._rest(world, verdict),
            look_again_at=None if _is_on_a_test_clock(world) else verdict.look_again_at,
            backend=world.backend.metadata.name if world.backend else "",
            why=ready.reason if ready is not None else "",
        )

    def _rest(self, world: World, verdict: Verdict) -> float:
        """Seconds until the next look that nobody asks for."""
        if world.tenant_missing:
            return PROOF + 1.0
        if world.secret_problem is not None:
            return recheck_after(self._jitter())  # Secrets are not watched
        if _is_on_a_test_clock(world) and verdict.look_again_at is not None:
            # Its clock is not the account's, by which deadlines are kept.
            return recheck_after(self._jitter())
        return recheck_after(self._jitter(), self._resync)

    def _is_no_news(self, world: World, problem: OutsideError | None) -> bool:
        """Whether a passing error has not gone on for long enough to be told."""
        uid = world.resource.metadata.uid
        if not isinstance(problem, Unreachable | Throttled):
            self._failures.pop(uid, None)
            return False
        self._failures[uid] = self._failures.get(uid, 0) + 1
        return self._failures[uid] < PATIENCE

    async def _tell(self, resource: TenantSubscription, items: tuple[news.News, ...]) -> None:
        body = self._resources.body(key_of(resource))
        if body is not None:
            for item in items:
                await self._kubernetes.event(body, item.type, item.reason, item.message)

    async def _let_go(self, resource: TenantSubscription) -> Outcome:
        """Do what deletion means, one step at a time, then let the object go."""
        if FINALIZER not in resource.metadata.finalizers:
            self._forget(resource)
            return Outcome("gone")
        world = await self._reader.with_namespace_going(self._reader.watched(resource))
        if deletion.lets_go(world) is None:
            world = replace(await self._fresh.read(resource), namespace=world.namespace)
        for _ in range(MOST_STEPS):
            farewell = deletion.decide(world)
            if not farewell.actions:
                break
            action = farewell.actions[0]
            if isinstance(action, RemoveFinalizer):
                await self._tell(resource, (news.News(news.NORMAL, "LetGo", farewell.message),))
                await self._registries.withdraw(resource.spec.cluster_ref.name, resource.spec.tenant.id)
                await self._writer.carry_out(action, world)
                self._forget(resource)
                return Outcome("changed", why=farewell.message)
            going = world.namespace.going
            world = await self._step(action, world)
            world = replace(world, namespace=replace(world.namespace, going=going))
            if world.refusal is not None:
                return await self._refused_to_end(world)
        return await self._wait_to_end(world, deletion.decide(world))

    async def _wait_to_end(self, world: World, farewell: deletion.Farewell) -> Outcome:
        problem = world.provider_problem or world.registry_problem
        if farewell.finding is None or self._is_no_news(world, problem):
            return Outcome("waiting", retry=True)
        status = report.stalled_status(world, farewell.finding)
        if await self._writer.write_status(world.resource, status):
            await self._tell(world.resource, news.between(world.resource.status, status))
        return Outcome("waiting", retry=True, why=farewell.finding.reason)

    async def _refused_to_end(self, world: World) -> Outcome:
        refusal = world.refusal
        finding = deletion.refused(refusal) if refusal is not None else None
        return await self._wait_to_end(world, deletion.Farewell((), finding))

    def _forget(self, resource: TenantSubscription) -> None:
        self._fresh.forget(resource)
        self._failures.pop(resource.metadata.uid, None)
        self._usage.forget(resource)
        self._reader.forget(resource)


def _next_step(world: World) -> Action | None:
    leaves = world.resource.metadata.is_being_deleted
    actions = deletion.decide(world).actions if leaves else decide(world).actions
    return actions[0] if actions else None


def _is_on_a_test_clock(world: World) -> bool:
    return world.customer is not None and world.customer.test_clock_id is not None
