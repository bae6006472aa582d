"""Stripe and The Things Stack in miniature: they carry out what was decided, and the world after it is read again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from tenant_billing.api.names import FINALIZER
from tenant_billing.domain import report
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
from tenant_billing.domain.observations import Customer, Subscription, SubscriptionItem, Tenant
from tenant_billing.domain.world import World

Decide = Callable[[World], Sequence[Action]]


@dataclass
class Outside:
    """What answers the writes.

    Attributes:
        first_status: The status of a subscription that was just made without a trial.
        upgrades_are_paid: Whether a change that waits for its payment is paid at once.
        done: Every action that was carried out, in order.
    """

    first_status: str = "incomplete"
    upgrades_are_paid: bool = True
    done: list[Action] = field(default_factory=list)
    _made: dict[str, Customer | Subscription] = field(default_factory=dict)

    def settle(self, world: World, decide: Decide, most_steps: int = 16) -> World:
        """Decide and carry out the first action until nothing is left to do."""
        for _ in range(most_steps):
            actions = decide(world)
            if not actions:
                return world
            world = self.carry_out(actions[0], world)
        raise AssertionError(f"not settled after {most_steps} steps: {self.done}")

    def carry_out(self, action: Action, world: World) -> World:
        """The world after one action."""
        self.done.append(action)
        match action:
            case AddFinalizer():
                return _with_metadata(world, finalizers=(*world.resource.metadata.finalizers, FINALIZER))
            case RemoveFinalizer():
                return _with_metadata(world, finalizers=())
            case StoreIntent(intent):
                status = report.with_intent(world, intent)
                resource = world.resource.model_copy(update={"status": status})
                return replace(world, resource=resource, looked=False)
            case LookAgain():
                return replace(world, looked=True)
            case CreateTenant() | UpdateTenant() | DeleteTenant():
                return replace(world, tenant=_tenant_after(action, world.tenant))
            case _:
                return self._at_the_provider(action, world)

    def _at_the_provider(self, action: Action, world: World) -> World:
        match action:
            case CreateCustomer(request, key):
                new = Customer(
                    f"cus_of_{key}", name=request.name, email=request.email, metadata=request.metadata
                )
                customer = self._made.setdefault(key, new)
                assert isinstance(customer, Customer)
                return replace(world, customer=customer)
            case CreateSubscription(request, key):
                trial = request.trial_days is not None
                bought = Subscription(
                    id=f"sub_of_{key}",
                    customer_id=request.customer_id,
                    status="trialing" if trial else self.first_status,
                    created=world.now,
                    items=(SubscriptionItem(f"si_of_{key}", request.price_id, 1, world.now, None),),
                    metadata=request.metadata,
                    trial_start=world.now if trial else None,
                )
                subscription = self._made.setdefault(key, bought)
                assert isinstance(subscription, Subscription)
                others = tuple(each for each in world.subscriptions if each.id != subscription.id)
                return replace(world, subscriptions=(*others, subscription))
            case ChangeItem() | ChangeSubscription() | CancelSubscription():
                return replace(
                    world,
                    subscriptions=tuple(
                        self._subscription_after(action, each, world) for each in world.subscriptions
                    ),
                )
            case _:
                raise AssertionError(f"nobody carries out {action}")

    def _subscription_after(
        self, action: ChangeItem | ChangeSubscription | CancelSubscription, before: Subscription, world: World
    ) -> Subscription:
        match action:
            case CancelSubscription(identity) if identity == before.id:
                return replace(before, status="canceled", ended_at=world.now)
            case ChangeSubscription(identity, change) if identity == before.id:
                after = replace(before, metadata=dict(before.metadata) | dict(change.metadata))
                ends = change.cancel_at_period_end
                return after if ends is None else replace(after, cancel_at_period_end=ends)
            case ChangeItem(change) if change.subscription_id == before.id:
                if change.only_when_paid and not self.upgrades_are_paid:
                    return replace(before, pending_change=True)
                items = tuple(
                    replace(each, price_id=change.price_id) if each.id == change.item_id else each
                    for each in before.items
                )
                return replace(before, items=items, metadata=dict(before.metadata) | dict(change.metadata))
            case _:
                return before


def _with_metadata(world: World, **update: object) -> World:
    metadata = world.resource.metadata.model_copy(update=update)
    return replace(world, resource=world.resource.model_copy(update={"metadata": metadata}))


def _tenant_after(action: CreateTenant | UpdateTenant | DeleteTenant, before: Tenant | None) -> Tenant | None:
    match action:
        case CreateTenant(request):
            assert before is None, "a tenant is never made over another"
            return Tenant(
                id=request.id,
                state=request.state,
                name=request.name,
                description=request.description,
                attributes=request.attributes,
                limits=request.limits,
                billing=request.billing,
                counts_only_activated=request.counts_only_activated,
            )
        case UpdateTenant(_, change):
            assert before is not None, "only what exists is updated"
            after = replace(
                before,
                name=before.name if change.name is None else change.name,
                description=before.description if change.description is None else change.description,
                attributes=before.attributes if change.attributes is None else change.attributes,
                limits=dict(before.limits) | dict(change.limits),
                billing=before.billing if change.billing is None else change.billing,
                counts_only_activated=before.counts_only_activated
                if change.counts_only_activated is None
                else change.counts_only_activated,
            )
            if change.state is None:
                return after
            return replace(after, state=change.state, state_description=change.state_description)
        case DeleteTenant():
            return None
