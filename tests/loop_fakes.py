"""The outside of the loop with a memory: an account, a tenant registry, a Kubernetes cluster, a queue, a clock.

Each records its calls by name; ``fail`` makes the next call of a name raise. They decide nothing.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from tenant_billing.domain import predictions, requests
from tenant_billing.domain.meter_errors import MeterErrors
from tenant_billing.domain.metering import UsageReport
from tenant_billing.domain.observations import (
    Account,
    Customer,
    Event,
    Invoice,
    Meter,
    Price,
    Product,
    Subscription,
    Tenant,
    Totals,
)
from tenant_billing.domain.webhook_endpoints import (
    CreatedWebhookEndpoint,
    NewWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointChange,
)
from tenant_billing.ports import (
    ObjectConflict,
    ObjectGone,
    ObjectKey,
    OnTurn,
    SecretKeyMissing,
    SecretNotFound,
    StoredSecret,
    Subject,
)
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.runtime.resources import ResourceStore

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
T = TypeVar("T")


@dataclass
class HandClock:
    """Stands still until a test moves it."""

    moment: datetime = NOW
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class WaitingKeys:
    """A queue that nobody works off."""

    keys: list[ObjectKey] = field(default_factory=list)

    def add(self, key: ObjectKey, *, urgent: bool = True) -> None:
        self.keys.append(key)

    def names(self) -> set[str]:
        return {str(each) for each in self.keys}


@dataclass
class Failing:
    """Records calls, and raises where a test asked for it."""

    calls: list[str] = field(default_factory=list)
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    closed: bool = False

    def fail(self, name: str, error: Exception, times: int = 1) -> None:
        self.failures.setdefault(name, []).extend([error] * times)

    def called(self, name: str) -> None:
        self.calls.append(name)
        planned = self.failures.get(name)
        if planned:
            raise planned.pop(0)

    def count(self, name: str) -> int:
        return self.calls.count(name)

    async def close(self) -> None:
        self.closed = True


@dataclass
class KubernetesMemory(Failing):
    """Writes into the store of watched objects, as a watch would bring it back."""

    store: ResourceStore = field(default_factory=ResourceStore)
    secrets: dict[tuple[str, str, str], str] = field(default_factory=dict)
    annotations: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    removed: set[tuple[str, str | None]] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    created: list[Mapping[str, Any]] = field(default_factory=list)

    async def create(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.called("create")
        metadata = body["metadata"]
        if self.store.body(ObjectKey(body["kind"], metadata["namespace"], metadata["name"])) is not None:
            raise ObjectConflict(metadata["name"])
        self.created.append(body)
        known = {
            "uid": f"uid-{len(self.created)}-of-{metadata['name']}",
            "resourceVersion": "1",
            "generation": 1,
        }
        return {**body, "metadata": {**metadata, **known, "creationTimestamp": "2026-11-20T10:00:00Z"}}

    async def apply_status(
        self, kind: str, namespace: str | None, name: str, uid: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        self.called("apply_status")
        return self._written(ObjectKey(kind, namespace or "", name), {"status": dict(status)})

    async def set_finalizers(self, body: Mapping[str, Any], finalizers: Sequence[str]) -> Mapping[str, Any]:
        self.called("set_finalizers")
        metadata = body["metadata"]
        key = ObjectKey(body["kind"], metadata.get("namespace", ""), metadata["name"])
        return self._written(key, {"metadata": {**metadata, "finalizers": list(finalizers)}})

    async def annotate(
        self, kind: str, namespace: str | None, name: str, annotations: Mapping[str, str]
    ) -> None:
        self.called("annotate")
        key = ObjectKey(kind, namespace or "", name)
        metadata = (self.store.body(key) or {}).get("metadata")
        if metadata is not None:
            merged = {**(metadata.get("annotations") or {}), **annotations}
            self.store.observe(self._written(key, {"metadata": {**metadata, "annotations": merged}}))

    async def secret_value(self, namespace: str, name: str, key: str) -> str:
        self.called("secret_value")
        value = self.secrets.get((namespace, name, key))
        if value is not None:
            return value
        known = any(each[:2] == (namespace, name) for each in self.secrets)
        raise SecretKeyMissing(key) if known else SecretNotFound(name)

    async def secret(self, namespace: str, name: str) -> StoredSecret | None:
        self.called("secret")
        values = {
            key: value.strip()
            for (where, which, key), value in self.secrets.items()
            if (where, which) == (namespace, name)
        }
        if not values:
            return None
        version = hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()
        return StoredSecret(version, self.annotations.get((namespace, name), {}), values)

    async def apply_secret(
        self,
        namespace: str,
        name: str,
        values: Mapping[str, str],
        annotations: Mapping[str, str],
        *,
        instead_of: StoredSecret | None,
    ) -> None:
        self.called("apply_secret")
        if await self.secret(namespace, name) != instead_of:
            raise ObjectConflict(name)
        self.secrets |= {(namespace, name, key): value for key, value in values.items()}
        self.annotations[namespace, name] = dict(annotations)

    async def is_being_removed(self, kind: str, namespace: str | None) -> bool:
        return (kind, namespace) in self.removed

    async def event(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        self.events.append(reason)
        self.told.append(message)

    def _written(self, key: ObjectKey, change: Mapping[str, Any]) -> Mapping[str, Any]:
        body = self.store.body(key)
        if body is None:
            raise ObjectGone(str(key))
        written = {**body, **change}
        version = str(int(body["metadata"]["resourceVersion"]) + 1)
        written["metadata"] = {**written["metadata"], "resourceVersion": version}
        return written


@dataclass
class EndpointsMemory(Failing):
    """Webhook endpoints of one account; a secret is told at creation, and again to a replay of its key."""

    event_version: str = "2026-10-28.endive"
    endpoints: dict[str, WebhookEndpoint] = field(default_factory=dict)
    made: dict[str, CreatedWebhookEndpoint] = field(default_factory=dict)

    async def webhook_endpoints(self) -> Sequence[WebhookEndpoint]:
        self.called("webhook_endpoints")
        return list(reversed(self.endpoints.values()))

    async def create_webhook_endpoint(
        self, request: NewWebhookEndpoint, key: str, subject: Subject
    ) -> CreatedWebhookEndpoint:
        self.called("create_webhook_endpoint")
        if key not in self.made:
            number = len(self.made) + 1
            types, version = frozenset(request.event_types), request.api_version
            endpoint = WebhookEndpoint(
                f"we_{number}", request.url, types, version, "enabled", request.metadata
            )
            self.endpoints[endpoint.id] = endpoint
            self.made[key] = CreatedWebhookEndpoint(endpoint, f"whsec_{number}")
        self.called("create_webhook_endpoint:committed")
        return self.made[key]

    async def update_webhook_endpoint(
        self, endpoint_id: str, change: WebhookEndpointChange, subject: Subject
    ) -> WebhookEndpoint:
        self.called("update_webhook_endpoint")
        before = self.endpoints[endpoint_id]
        after = replace(before, url=change.url, event_types=frozenset(change.event_types))
        self.endpoints[endpoint_id] = after
        return after

    async def delete_webhook_endpoint(self, endpoint_id: str, subject: Subject) -> None:
        self.called("delete_webhook_endpoint")
        self.endpoints.pop(endpoint_id, None)


@dataclass
class AccountMemory(EndpointsMemory):
    """One account of a payment provider."""

    identity: Account = field(default_factory=lambda: Account("acct_1", livemode=False))
    moment: datetime | None = NOW
    products: dict[str, Product] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    meters: dict[str, Meter] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    invoices: list[Invoice] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    clocks: dict[str, datetime] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)
    reports: list[UsageReport] = field(default_factory=list)
    mistakes: list[MeterErrors] = field(default_factory=list)

    async def account(self) -> Account:
        self.called("account")
        return self.identity

    def time(self) -> datetime | None:
        return self.moment

    async def clock_time(self, test_clock_id: str) -> datetime | None:
        return self.clocks.get(test_clock_id)

    async def list_products(self) -> AsyncIterator[Product]:
        async for each in self._listed("list_products", self.products.values()):
            yield each

    async def list_prices(self) -> AsyncIterator[Price]:
        async for each in self._listed("list_prices", self.prices.values()):
            yield each

    async def list_meters(self) -> AsyncIterator[Meter]:
        async for each in self._listed("list_meters", self.meters.values()):
            yield each

    async def list_customers(self) -> AsyncIterator[Customer]:
        async for each in self._listed("list_customers", self.customers.values()):
            if not each.deleted:
                yield each

    async def list_subscriptions(self) -> AsyncIterator[Subscription]:
        async for each in self._listed("list_subscriptions", self.subscriptions.values()):
            yield each

    async def created_since(self, moment: datetime) -> Sequence[Customer | Subscription]:
        self.called("created_since")
        customers = [each for each in self.customers.values() if not each.deleted]
        return [
            *(each for each in customers if (each.created or NOW) >= moment),
            *(each for each in self.subscriptions.values() if each.created >= moment),
        ]

    async def list_open_invoices(self) -> AsyncIterator[Invoice]:
        async for each in self._listed("list_open_invoices", self.invoices):
            if each.status == "open":
                yield each

    async def subscriptions_of(
        self, customer_id: str, on_turn: OnTurn | None = None
    ) -> Sequence[Subscription]:
        if on_turn is not None:
            on_turn()
        self.called("subscriptions_of")
        return [each for each in self.subscriptions.values() if each.customer_id == customer_id]

    async def subscription(self, subscription_id: str) -> Subscription | None:
        self.called("subscription")
        return self.subscriptions.get(subscription_id)

    async def customer(self, customer_id: str) -> Customer | None:
        self.called("customer")
        return self.customers.get(customer_id)

    async def price(self, price_id: str) -> Price | None:
        self.called("price")
        return self.prices.get(price_id)

    async def product(self, product_id: str) -> Product | None:
        self.called("product")
        return self.products.get(product_id)

    async def meter(self, meter_id: str) -> Meter | None:
        self.called("meter")
        return self.meters.get(meter_id)

    async def create_meter(self, request: requests.NewMeter, key: str, subject: Subject) -> Meter:
        self._wrote("create_meter", subject)
        known = self.answers.get(key)
        if known is None:
            identity = f"mtr_{len(self.meters) + 1}"
            known = predictions.meter_made(request, identity, self.moment or NOW)
            self.answers[key] = self.meters[identity] = known
        self.called("create_meter:committed")
        return self.meters[known.id]

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        self._wrote("create_product", subject)
        known = self.answers.get(key)
        if known is None:
            identity = f"prod_{len(self.products) + 1}"
            known = Product(identity, request.name, active=True, metadata=request.metadata)
            known = replace(known, description=request.description, tax_code=request.tax_code)
            self.answers[key] = self.products[identity] = known
        self.called("create_product:committed")
        return self.products[known.id]

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        self._wrote("update_product", subject)
        fields = ("name", "description", "tax_code", "default_price_id", "active")
        changed = {name: value for name in fields if (value := getattr(change, name)) is not None}
        self.products[product_id] = replace(self.products[product_id], **changed)
        return self.products[product_id]

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        self._wrote("create_price", subject)
        known = self.answers.get(key)
        if known is None:
            for each in list(self.prices.values()):
                if each.lookup_key == request.lookup_key:
                    self.prices[each.id] = replace(each, lookup_key=None)
            known = predictions.price_made(request, f"price_{len(self.prices) + 1}", self.moment or NOW)
            self.answers[key] = self.prices[known.id] = known
        self.called("create_price:committed")
        return self.prices[known.id]

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        self._wrote("archive_price", subject)
        self.prices[price_id] = replace(self.prices[price_id], active=False)
        return self.prices[price_id]

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        return self._unused("create_customer")

    async def mark_customer(
        self, customer_id: str, metadata: Mapping[str, str], subject: Subject
    ) -> Customer:
        return self._unused("mark_customer")

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        return self._unused("create_subscription")

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        return self._unused("change_item")

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        return self._unused("attach_schedule")

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        return self._unused("plan_move")

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        return self._unused("release_schedule")

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        return self._unused("change_subscription")

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        return self._unused("cancel_subscription")

    async def report_usage(self, report: UsageReport, subject: Subject) -> None:
        self._wrote("report_usage", subject)
        if all(each.identifier != report.identifier for each in self.reports):
            self.reports.append(report)
        self.called("report_usage:committed")

    async def usage_sum(
        self, meter_id: str, customer_id: str, start: datetime, end: datetime
    ) -> Decimal | None:
        self.called("usage_sum")
        return self.metered(meter_id, customer_id, start, end)

    def metered(self, meter_id: str, customer_id: str, start: datetime, end: datetime) -> Decimal | None:
        """What the meter's formula ``last`` makes of the reports that were not lost."""
        counted = [
            each
            for each in self.reports
            if each.meter.id == meter_id and each.customer_id == customer_id and start <= each.timestamp < end
        ]
        return Decimal(max(counted, key=lambda each: each.timestamp).quantity) if counted else None

    async def meter_errors(self, after: str | None) -> AsyncIterator[MeterErrors]:
        self.called("meter_errors")
        for each in self.mistakes:
            if each.id == after:
                return
            yield each

    async def events_after(self, cursor: str | None, since: datetime | None) -> AsyncIterator[Event]:
        self.called("events_after")
        ids = [each.id for each in self.events]
        start = ids.index(cursor) + 1 if cursor in ids else 0
        for each in self.events[start:]:
            if since is None or each.created >= since:
                yield each

    async def newest_event(self) -> Event | None:
        self.called("newest_event")
        return self.events[-1] if self.events else None

    async def _listed(self, name: str, objects: Any) -> AsyncIterator[Any]:
        self.called(name)
        for each in list(objects):
            yield each

    def _wrote(self, name: str, subject: Subject) -> None:
        self.subjects.append(subject)
        self.called(name)

    def _unused(self, name: str) -> NoReturn:
        raise AssertionError(f"{name}: no reconciler of these kinds makes this call")


@dataclass
class RegistryMemory(Failing):
    """One tenant registry."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    known_totals: dict[str, Totals] = field(default_factory=dict)

    async def probe(self) -> None:
        self.called("probe")

    async def list_tenants(self) -> AsyncIterator[Tenant]:
        self.called("list_tenants")
        for each in list(self.tenants.values()):
            yield each

    async def tenant(self, tenant_id: str) -> Tenant | None:
        self.called("tenant")
        return self.tenants.get(tenant_id)

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        raise AssertionError("a cluster's reconciler creates no tenant")

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        raise AssertionError("a cluster's reconciler changes no tenant")

    async def delete_tenant(self, tenant_id: str, subject: Subject) -> None:
        raise AssertionError("a cluster's reconciler deletes no tenant")

    async def totals(self, tenant_ids: Sequence[str], *, activated: bool = False) -> Mapping[str, Totals]:
        self.called("totals:activated" if activated else "totals")
        return {each: self.known_totals[each] for each in tenant_ids if each in self.known_totals}


@dataclass
class Loop:
    """Everything that reconcilers of cluster-scoped kinds work with."""

    clock: HandClock = field(default_factory=HandClock)
    queue: WaitingKeys = field(default_factory=WaitingKeys)
    kubernetes: KubernetesMemory = field(default_factory=KubernetesMemory)

    @property
    def store(self) -> ResourceStore:
        return self.kubernetes.store

    def surroundings(self) -> Surroundings:
        return Surroundings(
            resources=self.store,
            kubernetes=self.kubernetes,
            queue=self.queue,
            clock=self.clock,
            namespace="billing",
            jitter=lambda: 0.5,
        )

    def see(self, *bodies: Mapping[str, Any]) -> None:
        for each in bodies:
            self.store.observe(each)


def registries_of(loop: Loop) -> Registries:
    """Connections to registries, none open yet."""
    return Registries(loop.clock, loop.queue, loop.store, loop.kubernetes)
