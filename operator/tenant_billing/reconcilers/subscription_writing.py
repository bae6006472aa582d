"""Carrying out what was decided for a TenantSubscription: the apply step, one call for each action."""

from tenant_billing.api.names import FINALIZER, TENANT_SUBSCRIPTION
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.actions import (
    Action,
    AddFinalizer,
    CancelSubscription,
    ChangeItem,
    ChangeSubscription,
    CreateCustomer,
    CreateSubscription,
    CreateTenant,
    DeleteTenant,
    LookAgain,
    RemoveFinalizer,
    StoreIntent,
    UpdateTenant,
)
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.report import with_intent
from tenant_billing.domain.world import World
from tenant_billing.ports import Cluster, ObjectGone, ObjectKey, Resources, Subject
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.registries import Registries, RegistryConnection


class SubscriptionWriter:
    """Carries out actions, and takes every answer into the pictures so that the next decision knows it."""

    def __init__(
        self, resources: Resources, kubernetes: Cluster, accounts: Accounts, registries: Registries
    ) -> None:
        self._resources = resources
        self._kubernetes = kubernetes
        self._accounts = accounts
        self._registries = registries

    async def carry_out(self, action: Action, world: World) -> None:
        """Do one thing.

        Raises:
            tenant_billing.domain.errors.OutsideError: The outside refused, or gave no answer.
            ObjectConflict: The object changed meanwhile.
            ObjectGone: The object does not exist any more.
        """
        match action:
            case AddFinalizer():
                await self._set_finalizers(world, (*world.resource.metadata.finalizers, FINALIZER))
            case RemoveFinalizer():
                kept = tuple(each for each in world.resource.metadata.finalizers if each != FINALIZER)
                await self._set_finalizers(world, kept)
            case StoreIntent(intent):
                await self.write_status(world.resource, with_intent(world, intent).to_kubernetes())
            case (
                CreateCustomer()
                | CreateSubscription()
                | ChangeItem()
                | ChangeSubscription()
                | CancelSubscription()
            ):
                await self._at_the_provider(action, world)
            case CreateTenant() | UpdateTenant() | DeleteTenant():
                await self._in_the_registry(action, world)
            case LookAgain():
                raise ValueError("looking again is the reader's")

    async def write_status(self, resource: TenantSubscription, status: dict[str, object]) -> None:
        """Write the whole status, and know it at once."""
        metadata = resource.metadata
        body = await self._kubernetes.apply_status(
            TENANT_SUBSCRIPTION.kind, metadata.namespace, metadata.name, metadata.uid, status
        )
        self._resources.observe(body)

    async def _set_finalizers(self, world: World, finalizers: tuple[str, ...]) -> None:
        metadata = world.resource.metadata
        key = ObjectKey(TENANT_SUBSCRIPTION.kind, metadata.namespace or "", metadata.name)
        body = self._resources.body(key)
        if body is None or body["metadata"].get("uid") != metadata.uid:
            raise ObjectGone(f"{key} is gone")
        self._resources.observe(await self._kubernetes.set_finalizers(body, finalizers))

    async def _at_the_provider(
        self,
        action: CreateCustomer | CreateSubscription | ChangeItem | ChangeSubscription | CancelSubscription,
        world: World,
    ) -> None:
        connection = self._account(world)
        provider, picture = connection.provider, connection.picture
        subject = _subject(world, type(action).__name__)
        match action:
            case CreateCustomer(request, key):
                picture.take(await provider.create_customer(request, key, subject))
            case CreateSubscription(request, key):
                picture.take(await provider.create_subscription(request, key, subject))
            case ChangeItem(change, key):
                picture.take(await provider.change_item(change, key, subject))
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
