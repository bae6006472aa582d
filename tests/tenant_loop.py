"""The whole loop over fakes with a memory: a tenant that can be sold, paid for, and taken away from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import kubernetes_bodies as bodies
from account_memory import AccountMemory
from hand_clock import NOW
from led_loop import LedLoop
from registry_memory import RegistryMemory
from tenant_billing.api.conditions import Condition
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain import requests, subscription_predictions
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.observations import (
    Customer,
    Event,
    Invoice,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
    Tenant,
    TenantState,
)
from tenant_billing.ports import (
    ObjectKey,
    OnTurn,
    Outcome,
    Subject,
)

BACKEND: Final = ObjectKey("BillingBackend", "", "main")
CLUSTER: Final = ObjectKey("ThingsStackCluster", "", "eu1")
PLAN: Final = ObjectKey("BillingPlan", "", "starter")
MONTH: Final = timedelta(days=30)
ACME: Final = ObjectKey("TenantSubscription", "tenants", "acme")


@dataclass
class SellingAccount(AccountMemory):
    """An account in which customers and subscriptions can be made and ended."""

    first_status: str = "active"
    while_a_read_waits: list[Callable[[], None]] = field(default_factory=list)
    while_a_read_is_answered: list[Callable[[], None]] = field(default_factory=list)

    async def subscriptions_of(
        self, customer_id: str, on_turn: OnTurn | None = None, *, urgent: bool = True
    ) -> Sequence[Subscription]:
        while self.while_a_read_waits:
            self.while_a_read_waits.pop()()
        found = await super().subscriptions_of(customer_id, on_turn, urgent=urgent)
        while self.while_a_read_is_answered:
            self.while_a_read_is_answered.pop()()
        return found

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        self._wrote("create_customer", subject)
        identity = f"cus_{len(self.customers) + 1}"
        new = Customer(identity, name=request.name, email=request.email, metadata=request.metadata)
        known: Customer = self.answers.setdefault(key, replace(new, created=self.moment))
        self.customers.setdefault(known.id, known)
        return known

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        self._wrote("create_subscription", subject)
        identity = f"sub_{len(self.subscriptions) + 1}"
        item = SubscriptionItem(f"si_{identity}", request.price_id, 1, self.moment, self.moment)
        if request.metered:
            ends = (self.moment or NOW) + MONTH
            item = replace(item, quantity=None, metered=True, current_period_end=ends)
        new = Subscription(
            id=identity,
            customer_id=request.customer_id,
            status=self.first_status,
            created=self.moment or NOW,
            items=(replace(item, currency="EUR", interval="month"),),
            metadata=request.metadata,
        )
        known: Subscription = self.answers.setdefault(key, new)
        return self.subscriptions.setdefault(known.id, known)

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        self._wrote("change_item", subject)
        before = self.subscriptions[change.subscription_id]
        self.subscriptions[before.id] = subscription_predictions.item_changed(
            before, change, self.prices[change.price_id]
        )
        self.called("change_item:committed")
        return self.subscriptions[before.id]

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        self._wrote("change_subscription", subject)
        before = self.subscriptions[subscription_id]
        metadata = {key: value for key, value in {**before.metadata, **change.metadata}.items() if value}
        after = replace(before, metadata=metadata)
        self.subscriptions[subscription_id] = after
        return after

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        self._wrote("attach_schedule", subject)
        before = self.subscriptions[subscription_id]
        present = SchedulePhase(tuple(each.price_id for each in before.items))
        made: Schedule = self.answers.setdefault(key, Schedule(f"sub_sched_{len(self.calls)}", (present,)))
        return self._scheduled(before, made)

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        self._wrote("plan_move", subject)
        before = self.subscriptions[move.subscription_id]
        assert before.schedule is not None
        (present, *_) = before.schedule.phases
        prices = tuple(move.price_id if each == move.former_price_id else each for each in present.price_ids)
        phases = present, SchedulePhase(prices, move.metadata)
        return self._scheduled(before, Schedule(move.schedule_id, phases, move.schedule_metadata))

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        self._wrote("release_schedule", subject)
        return self._scheduled(self.subscriptions[subscription_id], None)

    def _scheduled(self, before: Subscription, schedule: Schedule | None) -> Subscription:
        identity = schedule.id if schedule is not None else None
        after = replace(before, schedule_id=identity, schedule=schedule)
        self.subscriptions[before.id] = after
        return after

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        self._wrote("cancel_subscription", subject)
        before = self.subscriptions[subscription_id]
        self.subscriptions[subscription_id] = replace(before, status="canceled", ended_at=self.moment)
        return self.subscriptions[subscription_id]

    def owes(self, subscription_id: str, *, since: timedelta) -> None:
        """A payment has been overdue for a time."""
        before = self.subscriptions[subscription_id]
        now = self.moment or NOW
        invoice = Invoice(f"in_of_{subscription_id}", subscription_id, "open", now - since)
        invoice = replace(invoice, due_date=now - since)
        self.subscriptions[subscription_id] = replace(before, status="past_due", open_invoices=(invoice,))

    def tells(
        self, identity: str, subscription: Subscription, type_: str = "customer.subscription.updated"
    ) -> None:
        """An event about a subscription joins the list."""
        self.events.append(
            Event(
                id=identity,
                type=type_,
                created=self.moment or NOW,
                livemode=False,
                object_id=subscription.id,
                object_kind="subscription",
                related={"customer": subscription.customer_id},
                metadata=subscription.metadata,
            )
        )


@dataclass
class WritableRegistry(RegistryMemory):
    """A registry in which tenants can be made and changed."""

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        self.called("create_tenant")
        self.tenants[request.id] = Tenant(
            id=request.id,
            state=request.state,
            name=request.name,
            description=request.description,
            attributes=request.attributes,
            limits=request.limits,
            billing=request.billing,
            counts_only_activated=request.counts_only_activated,
        )
        return self.tenants[request.id]

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        self.called("update_tenant")
        before = self.tenants[tenant_id]
        after = replace(
            before,
            attributes=before.attributes if change.attributes is None else change.attributes,
            limits=dict(before.limits) | dict(change.limits),
            billing=change.billing or before.billing,
            counts_only_activated=before.counts_only_activated
            if change.counts_only_activated is None
            else change.counts_only_activated,
        )
        if change.state is not None:
            after = replace(after, state=change.state, state_description=change.state_description)
        self.tenants[tenant_id] = after
        return after

    async def delete_tenant(self, tenant_id: str, subject: Subject) -> None:
        self.called("delete_tenant")
        self.tenants.pop(tenant_id, None)


class Selling(LedLoop[SellingAccount, WritableRegistry]):
    """A backend, a cluster, a plan and subscriptions, with the four reconcilers; passes are run by hand."""

    def __init__(self) -> None:
        super().__init__(SellingAccount(), WritableRegistry())
        self.loop.see(bodies.a_cluster(), bodies.a_backend(), bodies.a_plan(), bodies.a_namespace())

    async def run(self, *keys: ObjectKey) -> Outcome:
        """One pass of each; gives the last outcome."""
        outcomes = [await self.reconcilers[key.kind].reconcile(key) for key in keys]
        return outcomes[-1]

    async def begin(self) -> None:
        """What a leader begins with, up to the plan."""
        await self.run(CLUSTER, BACKEND, PLAN)

    async def sell(self) -> None:
        """Apply the object of tenant acme and settle it."""
        self.loop.see(bodies.a_subscription())
        await self.begin()
        await self.run(ACME, ACME)
        assert self.reason() == "Provisioned", self.condition()

    def is_paid_by_two_customers(self) -> None:
        """Subscriptions of two customers carry the mark of tenant acme, and nobody's claim."""
        key = TenantKey("default", "eu1", "acme")
        for number in (1, 2):
            self.account.customers[f"cus_{number}"] = Customer(f"cus_{number}", metadata=key.metadata())
            self.account.subscriptions[f"sub_{number}"] = Subscription(
                id=f"sub_{number}",
                customer_id=f"cus_{number}",
                status="active",
                created=NOW,
                items=(SubscriptionItem("si_1", "price_1", 1, NOW, NOW),),
                metadata=key.metadata("starter"),
            )

    @property
    def acme(self) -> TenantSubscription:
        found = self.loop.store.subscription("tenants", "acme")
        assert found is not None
        return found

    @property
    def tenant_state(self) -> TenantState:
        return self.registry.tenants["acme"].state

    def condition(self, type_: str = "Ready") -> Condition:
        return next(each for each in self.acme.status.conditions if each.type == type_)

    def reason(self, type_: str = "Ready") -> str:
        return str(self.condition(type_).reason)

    def annotate(self, **annotations: str) -> None:
        """Set annotations of acme's object under our prefix."""
        body = dict(self.loop.store.body(ACME) or {})
        ours = {f"tenantbilling.dev/{name}": value for name, value in annotations.items()}
        known: Mapping[str, Any] = body["metadata"].get("annotations") or {}
        self.loop.see(bodies.newer(body, annotations={**known, **ours}))

    def pass_time(self, seconds: float) -> None:
        """Time passes here and at the account."""
        self.loop.clock.advance(seconds)
        if self.account.moment is not None:
            self.account.moment += timedelta(seconds=seconds)

    def forget_calls(self) -> None:
        for each in (self.account, self.registry, self.loop.kubernetes):
            each.calls.clear()
