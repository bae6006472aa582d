"""Worlds for tests of a rehearsal: an outside in memory that notes every write, and the loop that works on it.

It carries writes out by itself, in a few lines of its own: what a rehearsal predicts is compared with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import kubernetes_bodies as bodies
from hand_clock import NOW
from led_loop import LedLoop
from tenant_billing.api.names import KINDS
from tenant_billing.api.timestamps import format_timestamp
from tenant_billing.domain import requests
from tenant_billing.domain.forecast import Call, Forecast, parameters_of
from tenant_billing.domain.metering import UsageReport
from tenant_billing.domain.observations import (
    Customer,
    Discount,
    Meter,
    Price,
    Product,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
    Tenant,
    Totals,
)
from tenant_billing.ports import ObjectKey, Subject
from tenant_billing.rehearsal.manifests import applied
from tenant_billing.rehearsal.rehearsal import Outside, rehearse
from tenant_loop import SellingAccount, WritableRegistry

MOST_ROUNDS: Final = 30
_ORDER: Final = {each.kind: position for position, each in enumerate(KINDS)}

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """One write that was carried out, or that was predicted."""

    subject: str
    operation: str
    parameters: Any


@dataclass
class NotingAccount(SellingAccount):
    """An account in which everything can be bought, and every write is noted."""

    first_status: str = "incomplete"
    done: list[tuple[Subject, str, object, str]] = field(default_factory=list)

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        made = await super().create_product(request, key, subject)
        self.done.append((subject, "CreateProduct", request, made.id))
        return made

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        self.done.append((subject, "UpdateProduct", change, ""))
        return await super().update_product(product_id, change, subject)

    async def create_meter(self, request: requests.NewMeter, key: str, subject: Subject) -> Meter:
        made = await super().create_meter(request, key, subject)
        self.done.append((subject, "CreateMeter", request, made.id))
        return made

    async def report_usage(self, report: UsageReport, subject: Subject) -> None:
        await super().report_usage(report, subject)
        said = {"quantity": report.quantity, "event_name": report.meter.event_name}
        self.done.append((subject, "ReportUsage", said, ""))

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        made = await super().create_price(request, key, subject)
        self.done.append((subject, "CreatePrice", request, made.id))
        return made

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        self.done.append((subject, "ArchivePrice", {}, ""))
        return await super().archive_price(price_id, subject)

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        made = await super().create_customer(request, key, subject)
        self.done.append((subject, "CreateCustomer", request, made.id))
        return made

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        made = await super().create_subscription(request, key, subject)
        price = self.prices[request.price_id]
        free = request.metered or price.unit_amount == 0
        status = "trialing" if request.trial_days else "active" if free else self.first_status
        item = replace(made.items[0], interval=price.interval, currency=price.currency)
        began = self.moment if request.trial_days else None
        invoiced = request.days_until_due is not None
        self.subscriptions[made.id] = replace(
            made,
            status="active" if invoiced and not request.trial_days else status,
            items=(item,),
            trial_start=began,
            collection_method="send_invoice" if invoiced else "charge_automatically",
            days_until_due=request.days_until_due,
            discounts=tuple(Discount(f"di_{coupon}", coupon) for coupon in request.coupon_ids),
        )
        self.done.append((subject, "CreateSubscription", request, made.id))
        return self.subscriptions[made.id]

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        self._wrote("change_item", subject)
        self.done.append((subject, "ChangeItem", change, ""))
        before = self.subscriptions[change.subscription_id]
        items = tuple(
            self._moved(each, change) if each.id == change.item_id else each for each in before.items
        )
        after = replace(before, items=items, metadata=dict(before.metadata) | dict(change.metadata))
        self.subscriptions[before.id] = after
        return after

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        self.done.append((subject, "ChangeSubscription", change, ""))
        after = await super().change_subscription(subscription_id, change, subject)
        if change.cancel_at_period_end is not None:
            after = replace(after, cancel_at_period_end=change.cancel_at_period_end)
        if change.clears_cancel_at:
            after = replace(after, cancel_at=None)
        if change.collection is not None:
            days = change.collection.days_until_due
            method = "charge_automatically" if days is None else "send_invoice"
            after = replace(after, collection_method=method, days_until_due=days)
        if change.discounts is not None:
            kept = [each for each in after.discounts if each.id in change.discounts.kept_ids]
            new = [Discount(f"di_{coupon}", coupon) for coupon in change.discounts.coupon_ids]
            after = replace(after, discounts=(*kept, *new))
        metadata = {key: value for key, value in after.metadata.items() if value}
        self.subscriptions[subscription_id] = replace(after, metadata=metadata)
        return self.subscriptions[subscription_id]

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        self._wrote("attach_schedule", subject)
        self.done.append((subject, "AttachSchedule", {}, ""))
        before = self.subscriptions[subscription_id]
        assert before.schedule_id is None, "a subscription has one schedule at the most"
        phase = SchedulePhase(tuple(each.price_id for each in before.items))
        schedule = Schedule(f"sub_sched_{subscription_id}", (phase,))
        self.subscriptions[subscription_id] = replace(before, schedule_id=schedule.id, schedule=schedule)
        return self.subscriptions[subscription_id]

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        self._wrote("plan_move", subject)
        self.done.append((subject, "PlanMove", move, ""))
        before = self.subscriptions[move.subscription_id]
        assert before.schedule is not None
        assert before.schedule_id == move.schedule_id
        prices = [each.price_id for each in before.items]
        then = [move.price_id if each == move.former_price_id else each for each in prices]
        phases = (SchedulePhase(tuple(prices)), SchedulePhase(tuple(then), move.metadata))
        schedule = Schedule(before.schedule.id, phases, move.schedule_metadata)
        self.subscriptions[before.id] = replace(before, schedule=schedule)
        return self.subscriptions[before.id]

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        self._wrote("release_schedule", subject)
        self.done.append((subject, "ReleaseSchedule", {"schedule_id": schedule_id}, ""))
        before = self.subscriptions[subscription_id]
        self.subscriptions[subscription_id] = replace(before, schedule_id=None, schedule=None)
        return self.subscriptions[subscription_id]

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        self.done.append((subject, "CancelSubscription", {}, ""))
        return await super().cancel_subscription(subscription_id, subject)

    def _moved(self, item: SubscriptionItem, change: requests.ItemChange) -> SubscriptionItem:
        price = self.prices[change.price_id]
        return _on_price(item, price)


@dataclass
class NotingRegistry(WritableRegistry):
    """A registry in which tenants can be made, and every write is noted."""

    done: list[tuple[Subject, str, object, str]] = field(default_factory=list)

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        self.done.append((subject, "CreateTenant", request, ""))
        return await super().create_tenant(request, subject)

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        self.done.append((subject, "UpdateTenant", change, ""))
        after = await super().update_tenant(tenant_id, change, subject)
        named = {
            name: value for name in ("name", "description") if (value := getattr(change, name)) is not None
        }
        self.tenants[tenant_id] = replace(after, **named)
        return self.tenants[tenant_id]


class Worked(LedLoop[NotingAccount, NotingRegistry]):
    """The operator over an outside in memory: objects are applied, and passes run until nothing changes any more."""

    def __init__(self) -> None:
        super().__init__(NotingAccount(), NotingRegistry())
        self._made = 0
        self.loop.see(bodies.a_namespace())

    def apply(self, *manifests: Manifest) -> None:
        """What ``kubectl apply`` leaves in the cluster."""
        for each in manifests:
            existing = self.loop.store.body(bodies.key(each))
            after = dict(applied(each, existing, NOW))
            if existing is None:  # what is made again is another object
                self._made += 1
                after["metadata"] = {**after["metadata"], "uid": f"uid-{self._made}"}
            self.loop.store.arrive(after)

    async def settle(self) -> None:
        """Run passes over everything, again and again, until one round changes nothing."""
        for _ in range(MOST_ROUNDS):
            before = self._picture()
            for key in self.loop.store.everything():
                await self.reconcilers[key.kind].reconcile(key)
                self._collect()
            if self._picture() == before:
                return
        raise AssertionError(f"not settled after {MOST_ROUNDS} rounds: {self.writes()[-5:]}")

    async def rehearse(self, *manifests: Manifest) -> Forecast:
        """What applying manifests would do, from what is in the cluster and outside now."""
        outside = Outside(
            connect_provider=self._provider,
            connect_registry=self._registry,
            read_secret=self.loop.kubernetes.secret,
            namespace="billing",
            clock=self.loop.clock,
        )
        return await rehearse(outside, self.bodies(), manifests)

    def bodies(self) -> list[Mapping[str, Any]]:
        """Everything that the cluster holds."""
        keys = [*self.loop.store.everything(), ObjectKey("Namespace", "", "tenants")]
        return [body for key in keys if (body := self.loop.store.body(key)) is not None]

    def writes(self) -> list[tuple[Subject, str, object, str]]:
        """Every write that was carried out."""
        return [*self.account.done, *self.registry.done]

    def standing(self) -> set[str]:
        """The objects that there are."""
        return {str(each) for each in self.loop.store.everything()}

    def ready(self, subject: str) -> tuple[str, str]:
        """Status and reason of an object's condition Ready."""
        key = next(each for each in self.loop.store.everything() if str(each) == subject)
        body = self.loop.store.body(key) or {}
        for each in (body.get("status") or {}).get("conditions", ()):
            if each["type"] == "Ready":
                return each["status"], each["reason"]
        return "Unknown", ""

    def forget_writes(self) -> None:
        self.account.done.clear()
        self.registry.done.clear()

    def done(self) -> list[Done]:
        """Every write that was carried out, in a form that can be compared."""
        made = {}
        for subject, operation, _, identity in self.writes():
            if identity:
                made[identity] = f"<{operation} for {subject.name}>"
                made[f"si_{identity}"] = f"<item for {subject.name}>"
        return _ordered(
            Done(f"{subject.kind} {subject.name}", operation, _named(parameters_of(request), made))
            for subject, operation, request, _ in self.writes()
        )

    # -- what people and time do outside -----------------------------------

    def pay_everything(self) -> None:
        """Every first invoice is paid."""
        for each in list(self.account.subscriptions.values()):
            if each.status == "incomplete":
                self.account.subscriptions[each.id] = replace(each, status="active")

    def owe(self, tenant: str, since: timedelta) -> None:
        """The payment for a tenant has been overdue for a time."""
        for each in self._of(tenant):
            self.account.owes(each.id, since=since)

    def pay_again(self, tenant: str) -> None:
        for each in self._of(tenant):
            self.account.subscriptions[each.id] = replace(each, status="active", open_invoices=())

    def cancel(self, tenant: str) -> None:
        """The customer ends the subscription."""
        for each in self._of(tenant):
            ended = replace(each, status="canceled", ended_at=NOW)
            self.account.subscriptions[each.id] = ended

    def move(self, tenant: str, price_id: str) -> None:
        """Somebody puts the subscription on another price in the dashboard."""
        for each in self._of(tenant):
            price = self.account.prices[price_id]
            items = tuple(_on_price(item, price) for item in each.items)
            self.account.subscriptions[each.id] = replace(each, items=items)

    def born(self, tenant: str, price_id: str) -> None:
        """A customer subscribes at the provider, with metadata that names a tenant."""
        if any(each.metadata.get("tenant-id") == tenant for each in self.account.subscriptions.values()):
            return
        number = len(self.account.subscriptions) + 1
        payer = Customer(f"cus_born_{number}", name="Born Ltd", email="ann@born.example", created=NOW)
        item = SubscriptionItem(f"si_born_{number}", price_id, 1, NOW, NOW + timedelta(days=30))
        bought = Subscription(
            f"sub_born_{number}",
            payer.id,
            "active",
            NOW,
            items=(_on_price(item, self.account.prices[price_id]),),
            metadata={"tenant-id": tenant},
        )
        self.account.customers[payer.id] = payer
        self.account.subscriptions[bought.id] = bought

    def count(self, tenant: str, devices: int) -> None:
        """A tenant's users register devices."""
        self.registry.known_totals[tenant] = Totals(end_devices=devices)

    def delete(self, deleted: Iterable[tuple[str, str]]) -> None:
        """Somebody deletes objects, by kind and name; what carries no finalizer of ours is gone at once."""
        for key in self.loop.store.everything():
            body = dict(self.loop.store.body(key) or {})
            if (key.kind, key.name) in deleted and body:
                generation = body["metadata"]["generation"] + 1
                moment = format_timestamp(NOW)
                self.loop.see(bodies.newer(body, deletionTimestamp=moment, generation=generation))
        self._collect()

    def _collect(self) -> None:
        """What is being deleted and is held by nobody is gone."""
        for key in self.loop.store.everything():
            body = self.loop.store.body(key) or {"metadata": {}}
            if body["metadata"].get("deletionTimestamp") and not body["metadata"].get("finalizers"):
                self.loop.store.forget(body)

    def limit(self, tenant: str, devices: int) -> None:
        """An administrator writes another limit in The Things Stack."""
        seen = self.registry.tenants.get(tenant)
        if seen is not None:
            limits = {**seen.limits, "end_devices": devices}
            self.registry.tenants[tenant] = replace(seen, limits=limits)

    def _of(self, tenant: str) -> list[Subscription]:
        marked = "tenantbilling.dev/tenant-id"
        return [
            each
            for each in self.account.subscriptions.values()
            if each.metadata.get(marked) == tenant and each.ended_at is None
        ]

    def _picture(self) -> object:
        bodies_ = [self.loop.store.body(key) for key in self.loop.store.everything()]
        return [(body or {}).get("status") for body in bodies_], len(self.writes())


def _on_price(item: SubscriptionItem, price: Price) -> SubscriptionItem:
    quantity = None if price.metered else item.quantity or 1
    return replace(
        item,
        price_id=price.id,
        quantity=quantity,
        metered=price.metered,
        interval=price.interval,
        currency=price.currency,
    )


def predicted(calls: Sequence[Call]) -> list[Done]:
    """Predicted calls in the form of :meth:`Worked.done`."""
    made = {}
    for call in calls:
        if call.operation.startswith("Create") and call.operation != "CreateTenant":
            name = call.subject.partition(" ")[2]
            made[call.target] = f"<{call.operation} for {name}>"
            made[f"{call.target}-item"] = f"<item for {name}>"
    return _ordered(Done(call.subject, call.operation, _named(dict(call.parameters), made)) for call in calls)


def _ordered(done: Iterable[Done]) -> list[Done]:
    """By object, each in its own order: between objects no order is promised."""
    return sorted(done, key=lambda each: (_ORDER[each.subject.partition(" ")[0]], each.subject))


def _named(value: Any, made: Mapping[str, str]) -> Any:
    """Parameters in which what was made is named after what it was made for."""
    if isinstance(value, Mapping):
        return {
            key: "<schedule>" if key == "schedule_id" else _named(each, made) for key, each in value.items()
        }
    if isinstance(value, list):
        return [_named(each, made) for each in value]
    return made.get(value, value) if isinstance(value, str) else value
