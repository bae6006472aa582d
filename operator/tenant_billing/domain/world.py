"""All that one decision about a TenantSubscription is made from: read first, decided after."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.names import Annotation, StripeMetadata
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.api.tenant_subscription import ManagementPolicy, TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.identity import Claim, TenantKey
from tenant_billing.domain.observations import EMPTY, Customer, Limits, Meter, Subscription, Tenant, Totals
from tenant_billing.domain.usage_facts import NOTHING_KNOWN, UsageFacts


@dataclass(frozen=True)
class Offer:
    """One plan as far as a subscription needs it.

    Attributes:
        plan: The resource.
        ready: Whether it can be subscribed to: its price stands at the provider.
        price_id: The price that new subscriptions get.
        price_ids: All prices that belong to the plan, earlier revisions included.
        limits_by_price: What it allows on each of its prices; None where that is not known (unreadable
            price metadata).
        amounts: What a unit costs on each of its prices, in minor units; without those that have tiers, or that were
            not seen.
        interval: Billing interval of the current price, such as ``month``.
        metered: Whether the current price charges what is reported, so that no quantity is sent.
        counting: Which devices are reported, on a metered price.
        meters: What counts the usage of each of its metered prices, as far as the account is known. A metered
            price of the old kind has none (``MeterMissing``).
    """

    plan: BillingPlan
    ready: bool
    price_id: str | None
    price_ids: frozenset[str]
    limits_by_price: Mapping[str, Limits | None]
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    currency: str | None = None
    interval: tuple[str, int] | None = None
    metered: bool = False
    counting: DeviceCounting = DeviceCounting.ALL
    meters: Mapping[str, Meter] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The plan's name."""
        return self.plan.metadata.name

    def limits_on(self, price_id: str) -> Limits | None:
        """What a tenant on one of its prices is allowed; None where that is not known."""
        return self.limits_by_price.get(price_id)

    def amount_on(self, price_id: str | None) -> Decimal | None:
        """What a unit costs on one of its prices, in minor units; None where that is not known."""
        return self.amounts.get(price_id) if price_id is not None else None

    def meter_on(self, price_id: str) -> Meter | None:
        """What counts the usage on one of its prices: its id and the event name that reports carry.

        None for a price that is not metered, is of the old kind, or whose meter is not known (yet).
        """
        return self.meters.get(price_id)


@dataclass(frozen=True)
class Namespace:
    """The object's namespace.

    Attributes:
        going: Whether it, or the definition of the kind, is being deleted.
    """

    name: str
    labels: Mapping[str, str] = EMPTY
    going: bool = False


@dataclass(frozen=True)
class Refusal:
    """A permanent no, remembered in the conditions so that a restart does not ask again.

    Attributes:
        reason: Ready's reason.
        message: What was refused, and what the user must change.
        by_registry: Whether The Things Stack said it; otherwise the provider did.
        of_state: Whether the tenant's state itself was refused. It is not remembered: the state is asked for
            again in each pass, because a payer must not stay locked out.
    """

    reason: Reason
    message: str
    by_registry: bool
    of_state: bool = False


class Fresh(enum.Flag):
    """What was read for this very decision; the rest is as it was last seen."""

    NOTHING = 0
    PAYMENTS = enum.auto()
    """Customer and subscriptions."""
    TENANT = enum.auto()
    EVERYTHING = PAYMENTS | TENANT


@dataclass(frozen=True)
class World:
    """Everything that was read for one pass.

    Attributes:
        resource: The object.
        now: The account's time, aware, UTC.
        namespace: Where the object lives.
        backend: Its backend, through the plan (or by name, when observed).
        cluster: Its cluster.
        offer: The plan that ``spec.planRef`` names; of an observed object the one in force, once that is known.
        offers: All plans of the backend, oldest first.
        siblings: Other objects for the same tenant.
        claimants: Other objects, for other tenants, that name the same subscription.
        payer: The object that ``customer.subscriptionRef`` names.
        sharing: Objects of other tenants that have, or ask for, the same customer.
        provider_problem: Why the account could not be read; then nothing of it is known.
        registry_problem: Why the registry could not be read; then nothing of it is known.
        customer: The customer, or None where there is none.
        subscriptions: Those of the customer that name this tenant.
        rivals: Live subscriptions of other customers that carry this tenant's mark: a person must choose.
        bought_for_another: Live subscriptions with this tenant's mark that were made for another object, and that this
            one may not take over.
        had_trial: Whether a subscription that carries the tenant's mark ever had a trial, whoever paid.
        missing_customer_id: A customer that is recorded, in the status or on the object's tenant, and that the provider
            does not know (404).
        missing_subscription_id: An id that is recorded, and that the provider does not know (404) or has of another
            customer.
        tenant: The tenant, or None where the registry says that there is none.
        tenant_gone: Whether a tenant that was there is confirmed to be gone.
        totals: Its totals, or None where not known.
        usage: What is known of the tenant's usage beside its status.
        fresh: What was read for this very decision; a write outside needs everything.
        looked: Whether the account was searched again after the intent was stored.
        tenant_missing: Whether a tenant that was there is not found, and that is not confirmed yet.
        refusal: What an outside system refused for good in this very generation: it is not asked again.
        held: Whether the brake holds back what takes access away.
        admin_password: From the Secret; empty where none is named.
        secret_problem: Why the Secret of the administrator's password cannot be read.
    """

    resource: TenantSubscription
    now: datetime
    namespace: Namespace
    backend: BillingBackend | None = None
    cluster: ThingsStackCluster | None = None
    offer: Offer | None = None
    offers: tuple[Offer, ...] = ()
    siblings: tuple[TenantSubscription, ...] = ()
    claimants: tuple[TenantSubscription, ...] = ()
    payer: TenantSubscription | None = None
    sharing: tuple[TenantSubscription, ...] = ()
    provider_problem: OutsideError | None = None
    registry_problem: OutsideError | None = None
    customer: Customer | None = None
    subscriptions: tuple[Subscription, ...] = ()
    rivals: tuple[str, ...] = ()
    bought_for_another: tuple[Subscription, ...] = ()
    had_trial: bool = False
    missing_customer_id: str | None = None
    missing_subscription_id: str | None = None
    tenant: Tenant | None = None
    tenant_gone: bool = False
    tenant_missing: bool = False
    refusal: Refusal | None = None
    held: bool = False
    totals: Totals | None = None
    usage: UsageFacts = NOTHING_KNOWN
    fresh: Fresh = Fresh.NOTHING
    looked: bool = False
    admin_password: str = field(default="", repr=False)
    secret_problem: tuple[str, str] | None = None

    @property
    def is_observed(self) -> bool:
        """Whether the subscription is born at the provider: then nothing is ever written there for the object."""
        return self.resource.spec.management_policy is ManagementPolicy.OBSERVE

    @property
    def owner(self) -> str:
        """The installation's name in the provider's metadata."""
        return self.backend.spec.owner if self.backend else ""

    @property
    def key(self) -> TenantKey:
        """The tenant that the object stands for."""
        spec = self.resource.spec
        return TenantKey(self.owner, spec.cluster_ref.name, spec.tenant.id)

    @property
    def claim(self) -> Claim:
        """What the object writes on its tenant."""
        metadata = self.resource.metadata
        return Claim(self.owner, metadata.namespace or "", metadata.name)

    def marks(self, plan: str | None = None) -> dict[str, str]:
        """The metadata of a customer or a subscription of the object's own: which tenant, and whose it is."""
        return self.key.metadata(plan) | {StripeMetadata.TENANT_SUBSCRIPTION: str(self.claim)}

    @property
    def wish(self) -> str:
        """Which asking this is: what was refused once is asked again under another generation or reconcile token.

        Part of idempotency keys: the provider would repeat its stored refusal (stripe.md 5.3).
        """
        token = self.annotation(Annotation.RECONCILE)
        digest = f"-{sha256(token.encode()).hexdigest()[:12]}" if token else ""
        return f"{self.resource.metadata.generation}{digest}"

    @property
    def intent(self) -> PendingOperation | None:
        """What is about to be created."""
        return self.resource.status.pending_operation

    def annotation(self, key: str) -> str:
        """An annotation of the object, or an empty string."""
        return self.resource.metadata.annotations.get(key, "")

    @property
    def paused(self) -> bool:
        """Whether a person told the operator to leave the object alone."""
        return self.annotation(Annotation.PAUSED) == "true"

    def offer_of_price(self, price_id: str) -> Offer | None:
        """The plan that owns a price: of two, the older (product.md, "Plans")."""
        return next((offer for offer in self.offers if price_id in offer.price_ids), None)
