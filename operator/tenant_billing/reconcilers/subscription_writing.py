"""Carrying out what was decided for a TenantSubscription: the apply step, one call for each action."""

from dataclasses import replace

from tenant_billing.api.names import TENANT_SUBSCRIPTION
from tenant_billing.api.tenant_subscription import TenantSubscription, TenantSubscriptionStatus
from tenant_billing.domain.actions import (
    Action,
    AddFinalizer,
    AttachSchedule,
    CancelSubscription,
    ChangeItem,
    ChangeSubscription,
    CountDevices,
    CreateCustomer,
    CreateSubscription,
    CreateTenant,
    DeleteTenant,
    LookAgain,
    PlanMove,
    ReleaseSchedule,
    RemoveFinalizer,
    ReportUsage,
    StoreIntent,
    UpdateTenant,
    is_urgent,
)
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.report import with_intent
from tenant_billing.domain.world import World
from tenant_billing.ports import Subject
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.registries import Registries, RegistryConnection
from tenant_billing.reconcilers.reporting import Reporter, Surroundings

AtTheProvider = (
    CreateCustomer
    | CreateSubscription
    | ChangeItem
    | AttachSchedule
    | PlanMove
    | ReleaseSchedule
    | ChangeSubscription
    | CancelSubscription
)


class SubscriptionWriter:
    """Carries out actions, and takes every answer into the pictures so that the next decision knows it."""

    def __init__(self, surroundings: Surroundings, accounts: Accounts, registries: Registries) -> None:
        self._accounts = accounts
        self._registries = registries
        self._reporter = Reporter(surroundings)

    async def carry_out(self, action: Action, world: World) -> None:
        """Do one thing.

        Raises:
            tenant_billing.domain.errors.OutsideError: The outside refused, or gave no answer.
            ObjectConflict: The object changed meanwhile.
            ObjectGone: The object does not exist any more.
        """
        match action:
            case AddFinalizer():
                await self._reporter.hold(world.resource)
            case RemoveFinalizer():
                await self._reporter.let_go(world.resource)
            case StoreIntent(intent):
                await self.write_status(world.resource, with_intent(world, intent))
            case CreateTenant() | UpdateTenant() | DeleteTenant():
                await self._in_the_registry(action, world)
            case LookAgain() | CountDevices() | ReportUsage():
                raise ValueError("looking again is the reader's, and usage its reporter's")
            case _:
                await self._at_the_provider(action, world)

    async def write_status(self, resource: TenantSubscription, status: TenantSubscriptionStatus) -> bool:
        """Write the whole status if it differs, and know it at once; gives whether it did."""
        return await self._reporter.store(resource, resource.status, status)

    async def _at_the_provider(self, action: AtTheProvider, world: World) -> None:
        connection = self._account(world)
        provider, picture = connection.provider, connection.picture
        subject = replace(_subject(world, type(action).__name__), urgent=is_urgent(action))
        match action:
            case CreateCustomer(request, key):
                picture.take(await provider.create_customer(request, key, subject))
            case CreateSubscription(request, key):
                picture.take(await provider.create_subscription(request, key, subject))
            case ChangeItem(change, key):
                picture.take(await provider.change_item(change, key, subject))
            case AttachSchedule(subscription_id, key):
                picture.take(await provider.attach_schedule(subscription_id, key, subject))
            case PlanMove(move):
                picture.take(await provider.plan_move(move, subject))
            case ReleaseSchedule(subscription_id, schedule_id):
                picture.take(await provider.release_schedule(subscription_id, schedule_id, subject))
            case ChangeSubscription(subscription_id, other):
                picture.take(await provider.change_subscription(subscription_id, other, subject))
            case CancelSubscription(subscription_id):
                picture.take(await provider.cancel_subscription(subscription_id, subject))

    async def _in_the_registry(
        self, action: CreateTenant | UpdateTenant | DeleteTenant, world: World
    ) -> None:
        connection = self._registry(world)
        registry, picture = connection.registry, connection.picture
        subject = _subject(world, type(action).__name__)
        match action:
            case CreateTenant(request):
                picture.take(await registry.create_tenant(request, subject))
            case UpdateTenant(tenant_id, change):
                picture.take(await registry.update_tenant(tenant_id, change, subject))
            case DeleteTenant(tenant_id):
                await registry.delete_tenant(tenant_id, subject)
                picture.forget(tenant_id)

    def _account(self, world: World) -> AccountConnection:
        connection = self._accounts.of(world.backend.metadata.name) if world.backend else None
        if connection is None:
            raise Unreachable("The account's connection was closed meanwhile.")
        return connection

    def _registry(self, world: World) -> RegistryConnection:
        connection = self._registries.of(world.cluster.metadata.name) if world.cluster else None
        if connection is None:
            raise Unreachable("The registry's connection was closed meanwhile.")
        return connection


def _subject(world: World, why: str) -> Subject:
    metadata = world.resource.metadata
    return Subject(
        kind=TENANT_SUBSCRIPTION.kind, name=f"{metadata.namespace}/{metadata.name}", uid=metadata.uid, why=why
    )
