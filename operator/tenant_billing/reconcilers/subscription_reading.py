"""Reading all that one decision about a TenantSubscription is made from: the gather step.

What was seen before costs no call. A *fresh* reading asks the outside again, for this very decision.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from tenant_billing.api.names import TENANT_SUBSCRIPTION
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.domain.enrolment import SUBSCRIBE
from tenant_billing.domain.entitlement import may_read_payer
from tenant_billing.domain.errors import OutsideError, Unreachable
from tenant_billing.domain.observations import Customer, Tenant, Totals
from tenant_billing.domain.period_end import SCHEDULE
from tenant_billing.domain.remembered import is_remembered_gone, remembered_refusal
from tenant_billing.domain.world import Fresh, World
from tenant_billing.ports import OnTurn, SecretKeyMissing, SecretNotFound
from tenant_billing.reconcilers.absences import Absences
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.paying_backend import PayingBackends
from tenant_billing.reconcilers.payments_reading import Payments, read_payments
from tenant_billing.reconcilers.pushed_reports import PushedReports
from tenant_billing.reconcilers.registries import Registries, RegistryConnection
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.reconcilers.subscription_neighbours import Neighbours
from tenant_billing.reconcilers.tenant_picture import MAY_BE_OLD

_SEEN: Final = frozenset(TenantState) - {TenantState.ABSENT, TenantState.UNKNOWN}


class NotCheckedYet(Exception):
    """The account or the cluster was not checked since the start: nothing can be told, and nothing is."""


class SubscriptionReader:
    """Reads the world of one TenantSubscription."""

    def __init__(
        self,
        surroundings: Surroundings,
        accounts: Accounts,
        registries: Registries,
        pushed: PushedReports,
    ) -> None:
        self._resources = surroundings.resources
        self._pushed = pushed
        self._kubernetes = surroundings.kubernetes
        self._clock = surroundings.clock
        self._accounts = accounts
        self._registries = registries
        self._paying = PayingBackends(surroundings.resources, accounts, registries)
        self._neighbours = Neighbours(surroundings, accounts, self._paying)
        self._absences = Absences(surroundings.clock)

    async def read(
        self,
        resource: TenantSubscription,
        *,
        fresh: Fresh,
        on_turn: OnTurn | None = None,
        urgent: bool = True,
    ) -> World:
        """Read everything.

        Args:
            resource: The object.
            fresh: What to ask the outside for again.
            on_turn: Told when the account is asked: the answer covers what has happened until then.
            urgent: Whether that goes before what can wait.

        Raises:
            NotCheckedYet: The account or the cluster was not checked since the start.
        """
        self._must_be_checked(resource)
        world = self.watched(resource)
        account, account_problem = self._account(world)
        registry, registry_problem = self._registry(world)
        tenant, tenant_problem = await self._tenant(
            world, registry, fresh=Fresh.TENANT in fresh, urgent=urgent
        )
        asked = on_turn or _nobody if Fresh.PAYMENTS in fresh else None
        payments, payments_problem = await self._provider(world, account, tenant, asked, urgent=urgent)
        world = replace(
            _paid_by(payments, world),
            now=await self._now(account, payments.customer),
            provider_problem=account_problem or payments_problem,
            registry_problem=registry_problem or tenant_problem,
            tenant=tenant,
            totals=await self._totals(world, registry, tenant, MAY_BE_OLD),
            sharing=self._neighbours.others.of_customer(world, payments.customer),
            usage=self._pushed.take(resource, self._paying.of(resource)),
            fresh=fresh,
        )
        world = await self._with_password(self._about_absence(world))
        return replace(world, refusal=remembered_refusal(world))

    async def with_fresh_totals(self, world: World) -> World:
        """The same world with totals that were asked for now: a freeze is decided by them."""
        registry, _ = self._registry(world)
        return replace(world, totals=await self._totals(world, registry, world.tenant, 0.0))

    async def look_again(self, world: World) -> World:
        """Look for what a former attempt may have left, now that the intent is stored.

        Before something is bought, the account is searched; before a schedule is attached, the subscription is read;
        before a tenant is made, the registry is asked.

        Raises:
            OutsideError: The account could not be searched.
        """
        account, _ = self._account(world)
        step = world.intent.step if world.intent is not None else ""
        if account is not None and step == SUBSCRIBE:
            await account.picture.refresh_created_since()
        at_the_provider = step in {SUBSCRIBE, SCHEDULE}
        again = await self.read(
            world.resource,
            fresh=Fresh.EVERYTHING if at_the_provider else Fresh.TENANT,
            urgent=step != SCHEDULE,
        )
        found = again.provider_problem is None and again.registry_problem is None
        return replace(again, fresh=again.fresh | world.fresh, looked=found, refusal=world.refusal)

    async def with_fresh_tenant(self, world: World) -> World:
        """The same world with the tenant as it is now; all else is as it was read."""
        registry, _ = self._registry(world)
        tenant, problem = await self._tenant(world, registry, fresh=True)
        return replace(world, tenant=tenant, registry_problem=problem, fresh=world.fresh | Fresh.TENANT)

    def is_stale(self, world: World) -> bool:
        """Whether something of this object changed outside since it was last read."""
        account, _ = self._account(world)
        if account is None:
            return False
        seen = (*world.subscriptions, *world.bought_for_another)
        ids = [*world.rivals, *(each.id for each in seen)]
        ids += [world.customer.id] if world.customer is not None else []
        return any(account.picture.is_stale(each) for each in ids)

    def forget(self, resource: TenantSubscription) -> None:
        """Drop what is remembered of an object that is gone."""
        self._absences.forget(resource.metadata.uid)

    def _must_be_checked(self, resource: TenantSubscription) -> None:
        """Leave at once at a start, when a thousand objects wait for the first checks.

        Raises:
            NotCheckedYet: The account or the cluster was not checked since the start.
        """
        backend = self._resources.backend(self._paying.of(resource))
        cluster = self._resources.cluster(resource.spec.cluster_ref.name)
        if backend is not None and self._accounts.health(backend.metadata.name) is None:
            raise NotCheckedYet
        if cluster is not None and self._registries.health(cluster.metadata.name) is None:
            raise NotCheckedYet

    def watched(self, resource: TenantSubscription) -> World:
        """What the watches know: the resources around the object."""
        return self._neighbours.world(resource)

    def _account(self, world: World) -> tuple[AccountConnection | None, OutsideError | None]:
        if world.backend is None:
            return None, None
        name = world.backend.metadata.name
        connection = self._accounts.of(name)
        if connection is not None:
            return connection, None
        health = self._accounts.health(name)
        if health is None:
            raise NotCheckedYet
        return None, Unreachable(health.message)

    def _registry(self, world: World) -> tuple[RegistryConnection | None, OutsideError | None]:
        if world.cluster is None:
            return None, None
        name = world.cluster.metadata.name
        connection = self._registries.of(name)
        if connection is not None:
            return connection, None
        health = self._registries.health(name)
        if health is None:
            raise NotCheckedYet
        return None, Unreachable(health.message)

    async def _now(self, account: AccountConnection | None, customer: Customer | None) -> datetime:
        if account is None:
            return self._clock.now()
        try:
            return await self._accounts.now_of(account.backend, customer.test_clock_id if customer else None)
        except OutsideError:
            return self._accounts.now(account.backend)

    async def _tenant(
        self, world: World, registry: RegistryConnection | None, *, fresh: bool, urgent: bool = True
    ) -> tuple[Tenant | None, OutsideError | None]:
        if registry is None:
            return None, None
        tenant_id = world.resource.spec.tenant.id
        try:
            await registry.picture.ready()
            known = registry.picture.tenant(tenant_id)
            was_there = world.resource.status.tenant_state in _SEEN
            if fresh or (known is None and was_there):
                return await registry.picture.fresh(tenant_id, urgent=urgent), None
        except OutsideError as error:
            self._registries.failed(registry.cluster, error)
            return None, error
        return known, None

    async def _totals(
        self, world: World, registry: RegistryConnection | None, tenant: Tenant | None, oldest: float
    ) -> Totals | None:
        if registry is None or tenant is None:
            return None
        try:
            return await registry.totals.totals(world.resource.spec.tenant.id, oldest)
        except OutsideError:
            # What is only told stays as it was told; nothing is decided by totals that are not known now.
            return registry.totals.last_known(world.resource.spec.tenant.id) if oldest else None

    async def _provider(
        self,
        world: World,
        account: AccountConnection | None,
        tenant: Tenant | None,
        asked: OnTurn | None,
        *,
        urgent: bool,
    ) -> tuple[Payments, OutsideError | None]:
        if account is None or not may_read_payer(world, tenant):
            return Payments(), None
        try:
            await account.picture.ready()
            return await read_payments(world, account, tenant, asked, urgent=urgent), None
        except OutsideError as error:
            self._accounts.failed(account.backend, error)
            return Payments(), error

    def _about_absence(self, world: World) -> World:
        """A tenant that was there counts as gone when it is missing twice, a minute apart."""
        uid = world.resource.metadata.uid
        unreadable = world.registry_problem is not None or world.cluster is None
        if world.tenant is not None or unreadable:
            self._absences.present(uid)
            return replace(world, tenant_gone=world.tenant is None and is_remembered_gone(world.resource))
        if world.resource.status.tenant_state not in _SEEN:
            return replace(world, tenant_gone=is_remembered_gone(world.resource))
        gone = self._absences.absent(uid)
        return replace(world, tenant_gone=gone, tenant_missing=not gone)

    async def _with_password(self, world: World) -> World:
        admin = world.resource.spec.tenant.initial_admin
        reference = admin.password_secret_ref if admin is not None else None
        if reference is None or world.tenant is not None:
            return world
        try:
            password = await self._kubernetes.secret_value(
                world.namespace.name, reference.name, reference.key
            )
        except SecretNotFound:
            problem = (
                f"spec.tenant.initialAdmin.passwordSecretRef: there is no Secret {reference.name} "
                f"in namespace {world.namespace.name}; create it or leave the field out."
            )
            return replace(world, secret_problem=(Reason.SECRET_NOT_FOUND, problem))
        except SecretKeyMissing:
            problem = (
                f"spec.tenant.initialAdmin.passwordSecretRef: Secret {reference.name} has no key "
                f"{reference.key}; add it or leave the field out."
            )
            return replace(world, secret_problem=(Reason.SECRET_KEY_MISSING, problem))
        return replace(world, admin_password=password)

    async def with_namespace_going(self, world: World) -> World:
        """The same world, and whether the namespace or the kind's definition is being deleted."""
        going = await self._kubernetes.is_being_removed(TENANT_SUBSCRIPTION.kind, world.namespace.name)
        return replace(world, namespace=replace(world.namespace, going=going))


def _paid_by(payments: Payments, world: World) -> World:
    """The world with who pays, and by what."""
    return replace(
        world,
        customer=payments.customer,
        subscriptions=payments.subscriptions,
        rivals=payments.rivals,
        bought_for_another=payments.bought_for_another,
        had_trial=payments.had_trial,
        missing_customer_id=payments.missing_customer_id,
        missing_subscription_id=payments.missing_subscription_id,
    )


def _nobody() -> None:
    """Nobody asks when the account is asked."""
