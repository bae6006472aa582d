"""Subscriptions that are born at the provider: for which of them an object is made, and which wait (product.md).

From the account's picture, the plans and the objects that exist: no call, no clock, the same answer after a restart and
after the loss of the cluster. The object is named after the tenant, so that it can never be made twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from tenant_billing.api.billing_plan import BillingPlan, Discovery, WaitingSubscriptions
from tenant_billing.api.names import GROUP, BillingServerMetadata, TenantAttribute
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.domain import counting
from tenant_billing.domain.discovered_object import NewObject
from tenant_billing.domain.identity import Claim
from tenant_billing.domain.news import NORMAL, WARNING, News
from tenant_billing.domain.observations import Subscription, Tenant
from tenant_billing.domain.ownership import claims, customer_of, subscription_of
from tenant_billing.domain.plan import price_ids_of
from tenant_billing.domain.tenant_validity import is_tenant_id

MOST_NAMED: Final = 10
"""Waiting subscriptions that the plan's status names, and that an Event tells of."""

_OUR_MARKS: Final = f"{GROUP}/"


class Objects(Protocol):
    """The TenantSubscriptions of one backend, by what a subscription may have in common with them."""

    def naming(self, subscription_id: str) -> Sequence[TenantSubscription]:
        """Those that have a subscription: their status names it, or their spec from a trusted namespace."""
        ...

    def of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        """Those that stand for a tenant, whatever their backend."""
        ...

    def is_trusted(self, resource: TenantSubscription) -> bool:
        """Whether an object may name customers and subscriptions of the account."""
        ...

    def exists(self, namespace: str, name: str) -> bool:
        """Whether there is one of a name, be it unreadable."""
        ...


@dataclass(frozen=True)
class Survey:
    """What one look for a plan is made from.

    Attributes:
        plan: Whose subscriptions are looked at.
        plans: All plans of its backend, oldest first.
        owner: ``spec.owner`` of the backend.
        subscriptions: All of the account as last seen, ended ones too.
        objects: What stands in Kubernetes.
        tenants: Those of the cluster that discovery names, by id; None while the cluster cannot be asked.
        obstacle: Why no object can be made at all: namespace or cluster are missing; empty otherwise.
    """

    plan: BillingPlan
    plans: Sequence[BillingPlan]
    owner: str
    subscriptions: Sequence[Subscription]
    objects: Objects
    tenants: Mapping[str, Tenant] | None
    obstacle: str = ""


@dataclass(frozen=True)
class Waiting:
    """A subscription of which no object can be made, and what people are told about it."""

    subscription: Subscription
    news: News


@dataclass(frozen=True)
class Discovered:
    """What follows from a survey.

    Attributes:
        objects: Those to be made, by name.
        waiting: The plan's subscriptions of which none can be made yet, oldest first.
    """

    objects: tuple[NewObject, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    def failed(self, failures: Mapping[str, str]) -> "Discovered":
        """The same after some objects could not be made: what was said to that, by tenant id. They wait too."""
        refused = (
            _waiting(each.subscription, WARNING, "NotDiscovered", f"waits: {failures[each.tenant_id]}")
            for each in self.objects
            if each.tenant_id in failures
        )
        made = tuple(each for each in self.objects if each.tenant_id not in failures)
        return Discovered(made, _by_age((*self.waiting, *refused)))

    def status(self) -> WaitingSubscriptions:
        """What the plan's status says."""
        ids = tuple(each.subscription.id for each in self.waiting[:MOST_NAMED])
        return WaitingSubscriptions(count=len(self.waiting), subscription_ids=ids)


def cluster_of(subscription: Subscription, plans: Sequence[BillingPlan]) -> str | None:
    """The cluster that the documented ``tenant-id`` of a subscription speaks of; None where no plan says so."""
    plan = plan_of(subscription, plans)
    discovery = plan.spec.discovery if plan is not None else None
    return discovery.cluster_ref.name if discovery is not None else None


def plan_of(subscription: Subscription, plans: Sequence[BillingPlan]) -> BillingPlan | None:
    """The plan of the first item whose price a plan owns (TBS-12); of two plans with one price the older."""
    owners = _owners(plans)
    return next((owners[each.price_id] for each in subscription.items if each.price_id in owners), None)


def _owners(plans: Sequence[BillingPlan]) -> dict[str, BillingPlan]:
    owners: dict[str, BillingPlan] = {}
    for plan in plans:
        for price_id in price_ids_of(plan):
            owners.setdefault(price_id, plan)
    return owners


def discover(survey: Survey) -> Discovered:
    """Decide for which subscriptions of a plan an object is made, and which wait."""
    discovery = survey.plan.spec.discovery
    if discovery is None:
        return Discovered()
    look = _Look(survey, discovery)
    for subscription in sorted(look.unclaimed(), key=lambda each: (each.created, each.id)):
        look.sort_in(subscription)
    for tenant_id, rivals in sorted(look.rivals.items()):
        look.settle(tenant_id, rivals)
    return Discovered(tuple(look.made), _by_age(look.waiting))


def _by_age(waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    return tuple(sorted(waiting, key=lambda each: (each.subscription.created, each.subscription.id)))


def _waiting(subscription: Subscription, type_: str, reason: str, message: str) -> Waiting:
    whole = f"Subscription {subscription.id} of customer {subscription.customer_id} {message}"
    return Waiting(subscription, News(type_, str(reason), whole))


@dataclass
class _Look:
    """One survey under way.

    Subscriptions of other plans that are discovered for the same cluster are weighed too, because they may name the
    same tenant; only those of the plan itself lead to an object or wait.
    """

    survey: Survey
    discovery: Discovery
    rivals: dict[str, list[Subscription]] = field(default_factory=dict)
    made: list[NewObject] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster = self.discovery.cluster_ref.name
        self._owners = _owners(self.survey.plans)

    def unclaimed(self) -> Iterable[Subscription]:
        """Subscriptions of this cluster's plans that nobody has marked or named, and that pay or should."""
        for each in self.survey.subscriptions:
            plan = self._plan(each)
            if plan is None or plan.spec.discovery is None:
                continue
            same_cluster = plan.spec.discovery.cluster_ref.name == self.cluster
            if same_cluster and self._counts(each) and not self._is_claimed(each):
                yield each

    def sort_in(self, subscription: Subscription) -> None:
        """Let a subscription wait, or stand beside those that name the same tenant."""
        tenant_id = subscription.metadata.get(BillingServerMetadata.TENANT_ID)
        if not tenant_id:
            message = "names no tenant yet; add tenant-id to its metadata in Stripe."
            self._wait(subscription, NORMAL, "TenantIDMissing", message)
        elif not is_tenant_id(tenant_id):
            self._wait(
                subscription,
                WARNING,
                Reason.INVALID_TENANT,
                f"has the metadata tenant-id {tenant_id!r}: at least three lower-case letters or digits, single "
                "dashes between them, at most 36 characters; correct it in Stripe.",
            )
        else:
            self.rivals.setdefault(tenant_id, []).append(subscription)

    def settle(self, tenant_id: str, rivals: Sequence[Subscription]) -> None:
        """Find the one that an object is made for; the first customer has the tenant, and keeps it."""
        tenant = (self.survey.tenants or {}).get(tenant_id)
        objects = self.survey.objects.of_tenant(self.cluster, tenant_id)
        standing = [each for each in objects if self._has_a_say(each, tenant)]
        if standing:
            self._compare(tenant_id, rivals, standing)
            return
        if self.survey.tenants is None:
            return  # who has the tenant is not known now
        rightful = (customer_of(tenant) if tenant is not None else None) or rivals[0].customer_id
        for each in rivals:
            if each.customer_id != rightful:
                self._refuse(each, tenant_id, f"which customer {rightful} pays for")
        chosen = counting.choose(each for each in rivals if each.customer_id == rightful).counting
        if chosen is not None and self._is_ours(chosen):
            self._make(tenant_id, chosen)

    def _has_a_say(self, resource: TenantSubscription, tenant: Tenant | None) -> bool:
        """Whether an object has the tenant, or may have it: not one that only names an id which is another's.

        Otherwise any author could keep the tenant of a payer from being looked after.
        """
        owner, namespace = self.survey.owner, self.discovery.namespace
        if tenant is None or claims(tenant, owner, resource):
            return True
        ours = str(Claim(owner, namespace, tenant.id))
        if tenant.attributes.get(TenantAttribute.TENANT_SUBSCRIPTION) == ours:
            return False
        return resource.status.customer_id is not None or self.survey.objects.is_trusted(resource)

    def _plan(self, subscription: Subscription) -> BillingPlan | None:
        owned = (self._owners.get(each.price_id) for each in subscription.items)
        return next((each for each in owned if each is not None), None)

    def _is_ours(self, subscription: Subscription) -> bool:
        plan = self._plan(subscription)
        return plan is not None and plan.metadata.name == self.survey.plan.metadata.name

    def _counts(self, subscription: Subscription) -> bool:
        """Whether it is live; or has ended while the object was lost that would have taken the access away."""
        return counting.is_live(subscription) or (
            counting.has_ended(subscription) and self._left_access(subscription)
        )

    def _left_access(self, subscription: Subscription) -> bool:
        tenant_id = subscription.metadata.get(BillingServerMetadata.TENANT_ID, "")
        tenant = (self.survey.tenants or {}).get(tenant_id)
        if tenant is None or tenant.state not in (TenantState.APPROVED, TenantState.FLAGGED):
            return False
        claim = str(Claim(self.survey.owner, self.discovery.namespace, tenant_id))
        return (
            tenant.attributes.get(TenantAttribute.TENANT_SUBSCRIPTION) == claim
            and subscription_of(tenant) == subscription.id
        )

    def _is_claimed(self, subscription: Subscription) -> bool:
        """Whether it carries our metadata, of whatever installation, or an object names it."""
        marked = any(key.startswith(_OUR_MARKS) for key in subscription.metadata)
        return marked or bool(self.survey.objects.naming(subscription.id))

    def _compare(
        self, tenant_id: str, rivals: Sequence[Subscription], standing: Sequence[TenantSubscription]
    ) -> None:
        """The object of the same customer judges all its subscriptions; those of other customers are refused."""
        payers = {payer for each in standing if (payer := self._payer(each)) is not None}
        name = f"{standing[0].metadata.namespace}/{standing[0].metadata.name}"
        for each in rivals:
            if each.customer_id not in payers:
                whose = f" with customer {', '.join(sorted(payers))}" if payers else ""
                self._refuse(each, tenant_id, f"which TenantSubscription {name} stands for{whose}")

    def _payer(self, resource: TenantSubscription) -> str | None:
        """The customer of an object, which one that was just made does not say yet."""
        if resource.status.customer_id is not None:
            return resource.status.customer_id
        named = resource.spec.subscription_id
        return next((each.customer_id for each in self.survey.subscriptions if each.id == named), None)

    def _make(self, tenant_id: str, chosen: Subscription) -> None:
        namespace = self.discovery.namespace
        if self.survey.obstacle:
            self._wait(chosen, WARNING, "NotDiscovered", f"waits: {self.survey.obstacle}")
        elif self.survey.objects.exists(namespace, tenant_id):
            message = (
                f"names tenant {tenant_id}, and TenantSubscription {namespace}/{tenant_id} stands for another one; "
                "rename that object."
            )
            self._wait(chosen, WARNING, Reason.CONFLICT, message)
        else:
            backend = self.survey.plan.spec.backend_ref.name
            self.made.append(NewObject(namespace, tenant_id, self.cluster, backend, chosen))

    def _refuse(self, subscription: Subscription, tenant_id: str, whose: str) -> None:
        message = (
            f"names tenant {tenant_id}, {whose}; the tenant is not touched. Give it a tenant-id of its own in Stripe, "
            "or end it there."
        )
        self._wait(subscription, WARNING, Reason.CUSTOMER_MISMATCH, message)

    def _wait(self, subscription: Subscription, type_: str, reason: str, message: str) -> None:
        if self._is_ours(subscription):
            self.waiting.append(_waiting(subscription, type_, reason, message))
