"""What the loop needs from outside, as Protocols. Reconcilers know these, never a client."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain import requests
from tenant_billing.domain.observations import (
    Account,
    Customer,
    Event,
    Invoice,
    Price,
    Product,
    Subscription,
    Tenant,
    Totals,
)


@dataclass(frozen=True, order=True)
class ObjectKey:
    """One object of ours: the unit of work.

    Attributes:
        kind: Kind, for example ``TenantSubscription``.
        namespace: Namespace, empty for a cluster-scoped kind.
        name: Name.
    """

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """``Kind namespace/name``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Outcome:
    """How one pass ended.

    Attributes:
        result: One word for the log line: ``settled``, ``changed``, ``waiting``, ``failed`` or ``gone``.
        retry: Look again after a back-off that grows with each pass that asks for it (a temporary error).
        look_again_after: Seconds of real time after which to look again all the same (a slow resync).
        look_again_at: Account time at which something falls due (a suspension, the end of an override).
        backend: The BillingBackend whose clock ``look_again_at`` follows.
        why: Reason and message for the log line.
    """

    result: str
    retry: bool = False
    look_again_after: float | None = None
    look_again_at: datetime | None = None
    backend: str = ""
    why: str = ""


class Reconciler(Protocol):
    """Reads what is, decides what should be, writes the difference. Never two passes for one key at a time."""

    async def reconcile(self, key: ObjectKey) -> Outcome:
        """One pass. Only defects escape as exceptions; the queue logs them and backs off."""
        ...


class Queue(Protocol):
    """The work that waits; adding a key that waits already changes nothing but its urgency."""

    def add(self, key: ObjectKey, *, urgent: bool = True) -> None:
        """Look at an object as soon as possible; the urgent go first."""
        ...


class Resources(Protocol):
    """The watched objects, as last seen; complete before the first pass begins."""

    def backend(self, name: str) -> BillingBackend | None:
        """A BillingBackend by name."""
        ...

    def cluster(self, name: str) -> ThingsStackCluster | None:
        """A ThingsStackCluster by name."""
        ...

    def plan(self, name: str) -> BillingPlan | None:
        """A BillingPlan by name."""
        ...

    def subscription(self, namespace: str, name: str) -> TenantSubscription | None:
        """A TenantSubscription by namespace and name."""
        ...

    def backends(self) -> Sequence[BillingBackend]:
        """All BillingBackends."""
        ...

    def clusters(self) -> Sequence[ThingsStackCluster]:
        """All ThingsStackClusters."""
        ...

    def plans_of(self, backend: str) -> Sequence[BillingPlan]:
        """All plans of a backend, oldest first."""
        ...

    def subscriptions_of_plan(self, plan: str) -> Sequence[TenantSubscription]:
        """All objects whose ``spec.planRef`` or ``status.planRef`` names a plan."""
        ...

    def subscriptions_of_cluster(self, cluster: str) -> Sequence[TenantSubscription]:
        """All objects of one cluster."""
        ...

    def subscriptions_of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        """All objects that stand for one tenant (more than one is a conflict)."""
        ...

    def subscriptions_of_customer(self, customer_id: str) -> Sequence[TenantSubscription]:
        """All objects whose status or spec names a customer."""
        ...

    def by_subscription_id(self, subscription_id: str) -> Sequence[TenantSubscription]:
        """All objects whose status or spec names a subscription of the provider."""
        ...

    def namespace_labels(self, namespace: str) -> Mapping[str, str] | None:
        """The labels of a namespace, None where it is not known."""
        ...

    def body(self, key: ObjectKey) -> Mapping[str, Any] | None:
        """The object as Kubernetes wrote it."""
        ...

    def observe(self, body: Mapping[str, Any]) -> None:
        """Take in a version of an object, if it is newer than the one held."""
        ...


class WebhookVerifier(Protocol):
    """Checks the signature of a delivery."""

    def __call__(self, payload: bytes, signature: str, secrets: Sequence[str]) -> Event | None:
        """The event that a delivery carries, or None where no secret verifies it; raises nothing for any input."""
        ...


class Clock(Protocol):
    """Time as this process sees it."""

    def now(self) -> datetime:
        """The local time, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...


@dataclass(frozen=True)
class Subject:
    """The object for which an outside call is made: what the audit line names, and how urgent it is.

    Attributes:
        kind: Kind of the object.
        name: ``namespace/name``, or the name of a cluster-scoped object.
        uid: Its uid.
        why: Reason of the call, in CamelCase.
        urgent: Payments and edits go before resyncs in the account's budget.
    """

    kind: str
    name: str
    uid: str
    why: str
    urgent: bool = True


class BillingProvider(Protocol):
    """One account of a payment provider.

    Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`. Reads of a single object
    give None where the provider says that it does not exist (``resource_missing``).
    """

    async def account(self) -> Account:
        """Whom the key belongs to."""
        ...

    def time(self) -> datetime | None:
        """The account's time by the newest answer, or None before the first answer."""
        ...

    async def clock_time(self, test_clock_id: str) -> datetime | None:
        """The frozen time of a test clock."""
        ...

    def list_products(self) -> AsyncIterator[Product]:
        """All products, archived ones too."""
        ...

    def list_prices(self) -> AsyncIterator[Price]:
        """All recurring prices, archived ones too."""
        ...

    def list_customers(self, created_since: datetime | None = None) -> AsyncIterator[Customer]:
        """All customers, those on test clocks too (test mode); with a time, only those created since."""
        ...

    def list_subscriptions(self, created_since: datetime | None = None) -> AsyncIterator[Subscription]:
        """All subscriptions, ended ones and those on test clocks too; with a time, only those created since."""
        ...

    def list_open_invoices(self) -> AsyncIterator[Invoice]:
        """All open invoices that belong to a subscription."""
        ...

    async def subscriptions_of(self, customer_id: str) -> Sequence[Subscription]:
        """All subscriptions of one customer, ended ones too, freshly read, with their invoices where past due."""
        ...

    async def subscription(self, subscription_id: str) -> Subscription | None:
        """One subscription, freshly read, its open invoices included where it is past due or incomplete."""
        ...

    async def customer(self, customer_id: str) -> Customer | None:
        """One customer, freshly read."""
        ...

    async def price(self, price_id: str) -> Price | None:
        """One price, freshly read."""
        ...

    async def product(self, product_id: str) -> Product | None:
        """One product, freshly read."""
        ...

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        """Create a product under an idempotency key."""
        ...

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        """Change a product."""
        ...

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        """Create a price under an idempotency key; the lookup key moves to it."""
        ...

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        """Make a price unavailable to new subscriptions; subscribers go on."""
        ...

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        """Create a customer under an idempotency key."""
        ...

    async def mark_customer(
        self, customer_id: str, metadata: Mapping[str, str], subject: Subject
    ) -> Customer:
        """Merge metadata into a customer."""
        ...

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        """Create a subscription under an idempotency key."""
        ...

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        """Put an item on another price under an idempotency key."""
        ...

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        """Change the rest of a subscription."""
        ...

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        """End a subscription at once: no refund, with a final invoice."""
        ...

    def events_after(self, cursor: str | None, since: datetime | None) -> AsyncIterator[Event]:
        """The events after the one named, oldest first; without a cursor, those created since a time."""
        ...

    async def newest_event(self) -> Event | None:
        """The newest event of the account, or None where there is none yet."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class TenantRegistry(Protocol):
    """The tenant registry of one deployment of The Things Stack.

    Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`.
    """

    async def probe(self) -> None:
        """The cheapest call that proves address, key and licence."""
        ...

    def list_tenants(self) -> AsyncIterator[Tenant]:
        """All tenants, with all that the operator compares."""
        ...

    async def tenant(self, tenant_id: str) -> Tenant | None:
        """One tenant, freshly read; None only where the registry itself says so (T-01)."""
        ...

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        """Create a tenant and its administrator.

        Raises:
            AlreadyExists: The id is taken, perhaps by a deleted tenant (T-03).
        """
        ...

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        """Write the fields that the change names and no other; gives the tenant as it is after (section 5)."""
        ...

    async def delete_tenant(self, tenant_id: str, subject: Subject) -> None:
        """Delete a tenant; one that is gone already is success."""
        ...

    async def totals(self, tenant_ids: Sequence[str]) -> Mapping[str, Totals]:
        """The totals of many tenants by id; an id that is missing from the answer is unknown, not zero."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class ProviderFactory(Protocol):
    """Builds the connection to an account; the only place that sees a key beside the client itself."""

    def __call__(
        self, *, api_key: str, api_url: str | None, livemode: bool, requests_per_second: int
    ) -> BillingProvider:
        """Connect; no call is made yet."""
        ...


class RegistryFactory(Protocol):
    """Builds the connection to a tenant registry."""

    def __call__(
        self, *, url: str, admin_key: str, ca_bundle: str | None, requests_per_second: int
    ) -> TenantRegistry:
        """Connect; no call is made yet."""
        ...


class ObjectConflict(Exception):
    """The object changed meanwhile (409): look again, in silence."""


class ObjectGone(Exception):
    """The object does not exist any more (404), or is another one of the same name."""


class Cluster(Protocol):
    """The Kubernetes cluster, as far as the loop writes to it or reads what it does not watch.

    Raises:
        ObjectConflict: The object changed meanwhile.
        ObjectGone: It does not exist any more.
        tenant_billing.domain.errors.Unreachable: The API server gave no usable answer.
    """

    async def apply_status(
        self, kind: str, namespace: str | None, name: str, uid: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Write the whole status by server-side apply; gives the object as it is after."""
        ...

    async def set_finalizers(self, body: Mapping[str, Any], finalizers: Sequence[str]) -> Mapping[str, Any]:
        """Replace the finalizers of the very version given; gives the object as it is after."""
        ...

    async def annotate(
        self, kind: str, namespace: str | None, name: str, annotations: Mapping[str, str]
    ) -> None:
        """Merge annotations into an object."""
        ...

    async def secret_value(self, namespace: str, name: str, key: str) -> str:
        """One value of a Secret.

        Raises:
            SecretNotFound: There is no such Secret.
            SecretKeyMissing: The Secret has no such key, or an empty value.
        """
        ...

    async def is_being_removed(self, kind: str, namespace: str | None) -> bool:
        """Whether the namespace or the kind's definition itself is being deleted (then deletion acts as ``Orphan``)."""
        ...

    async def event(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        """Tell people what happened to an object, once; a failure to tell is logged and nothing else."""
        ...


class SecretNotFound(Exception):
    """There is no such Secret."""


class SecretKeyMissing(Exception):
    """The Secret lacks the key."""
