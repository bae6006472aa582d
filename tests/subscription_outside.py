"""Stripe and The Things Stack in miniature: they carry out what was decided, and the world after it is read again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tenant_billing.api.names import FINALIZER
from tenant_billing.domain import report
from tenant_billing.domain.actions import (
    Action,
    AddFinalizer,
    AttachSchedule,
    CancelSubscription,
    ChangeItem,
    ChangeSubscription,
    CreateCustomer,
    CreateSubscription,
    CreateTenant,
    DeleteTenant,
    LookAgain,
    PlanMove,
    ReleaseSchedule,
    RemoveFinalizer,
    StoreIntent,
    UpdateTenant,
)
from tenant_billing.domain.observations import (
    Customer,
    Discount,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
    Tenant,
)
from tenant_billing.domain.requests import SubscriptionChange
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
            case (
                ChangeItem()
                | ChangeSubscription()
                | CancelSubscription()
                | AttachSchedule()
                | PlanMove()
                | ReleaseSchedule()
            ):
                return replace(
                    world,
                    subscriptions=tuple(
                        self._subscription_after(action, each, world) for each in world.subscriptions
                    ),
                )
            case _:
                raise AssertionError(f"nobody carries out {action}")

    def _subscription_after(self, action: Action, before: Subscription, world: World) -> Subscription:
        match action:
            case CancelSubscription(identity) if identity == before.id:
                ended = replace(before, status="canceled", ended_at=world.now)
                return replace(ended, schedule_id=None, schedule=None)
            case ChangeSubscription(identity, change) if identity == before.id:
                return _changed(before, change)
            case ChangeItem(change) if change.subscription_id == before.id:
                if change.only_when_paid and not self.upgrades_are_paid:
                    marked = _merged(before.metadata, change.metadata_while_waiting)
                    return replace(before, pending_change=True, metadata=marked)
                items = tuple(
                    replace(each, price_id=change.price_id) if each.id == change.item_id else each
                    for each in before.items
                )
                return replace(before, items=items, metadata=_merged(before.metadata, change.metadata))
            case AttachSchedule(identity, key) if identity == before.id:
                assert before.schedule_id is None, "a subscription has one schedule at the most"
                return _scheduled(before, Schedule(f"sub_sched_of_{key}", (_present(before),)))
            case PlanMove(move) if move.subscription_id == before.id:
                prices = tuple(
                    move.price_id if each == move.former_price_id else each
                    for each in _present(before).price_ids
                )
                phases = _present(before), SchedulePhase(prices, move.metadata)
                return _scheduled(before, Schedule(move.schedule_id, phases, move.schedule_metadata))
            case ReleaseSchedule(identity, schedule_id) if identity == before.id:
                assert before.schedule_id == schedule_id, "only what is attached is released"
                return replace(before, schedule_id=None, schedule=None)
            case _:
                return before


def _present(subscription: Subscription) -> SchedulePhase:
    return SchedulePhase(tuple(each.price_id for each in subscription.items))


def _scheduled(subscription: Subscription, schedule: Schedule) -> Subscription:
    return replace(subscription, schedule_id=schedule.id, schedule=schedule)


def _merged(metadata: Mapping[str, str], change: Mapping[str, str]) -> dict[str, str]:
    """Metadata after a write: an empty value removes its key."""
    return {key: value for key, value in {**metadata, **change}.items() if value}


def _changed(before: Subscription, change: SubscriptionChange) -> Subscription:
    after = replace(before, metadata=_merged(before.metadata, change.metadata))
    if change.cancel_at_period_end is not None:
        assert before.schedule_id is None, "Stripe refuses it while a schedule is attached"
        after = replace(after, cancel_at_period_end=change.cancel_at_period_end)
    if change.collection is not None:
        days = change.collection.days_until_due
        method = "charge_automatically" if days is None else "send_invoice"
        after = replace(after, collection_method=method, days_until_due=days)
    if change.discounts is not None:
        kept = [each for each in before.discounts if each.id in change.discounts.kept_ids]
        new = [Discount(f"di_of_{coupon}", coupon) for coupon in change.discounts.coupon_ids]
        after = replace(after, discounts=(*kept, *new))
    return after


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
