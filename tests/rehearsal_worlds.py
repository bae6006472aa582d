"""Worlds for tests of a rehearsal: an outside in memory that notes every write, and the loop that works on it.

It carries writes out by itself, in a few lines of its own: what a rehearsal predicts is compared with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import kubernetes_bodies as bodies
from hand_clock import NOW
from led_loop import LedLoop
from noting_outside import NotingAccount, NotingRegistry, on_price
from tenant_billing.api.names import KINDS
from tenant_billing.api.timestamps import format_timestamp
from tenant_billing.domain.forecast import Call, Forecast, parameters_of
from tenant_billing.domain.observations import (
    Customer,
    Subscription,
    SubscriptionItem,
    Totals,
)
from tenant_billing.ports import ObjectKey, Subject
from tenant_billing.rehearsal.manifests import applied
from tenant_billing.rehearsal.rehearsal import Outside, rehearse

MOST_ROUNDS: Final = 30
_ORDER: Final = {each.kind: position for position, each in enumerate(KINDS)}

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """One write that was carried out, or that was predicted."""

    subject: str
    operation: str
    parameters: Any


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
            items = tuple(on_price(item, price) for item in each.items)
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
            items=(on_price(item, self.account.prices[price_id]),),
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
