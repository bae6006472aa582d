"""TenantSubscription: one tenant and what pays for it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Self

from pydantic import model_validator

from tenant_billing.api import names
from tenant_billing.api.customers import Collection, Customer
from tenant_billing.api.entities import EntityKind, EntityLimits, EntityUsages
from tenant_billing.api.fields import ApiModel, Count, ObjectReference, SecretKeyReference
from tenant_billing.api.resource import CreatingStatus, Resource
from tenant_billing.api.timestamps import Timestamp


class ManagementPolicy(StrEnum):
    """Where the subscription is born."""

    MANAGE = "Manage"
    """In Kubernetes: the operator makes and changes it."""
    OBSERVE = "Observe"
    """In Stripe: the operator never writes to it."""


class PlanConflictPolicy(StrEnum):
    """Who wins when the plan was changed in Stripe after ``planRef`` was applied."""

    FOLLOW_STRIPE = "FollowStripe"
    ENFORCE_SPEC = "EnforceSpec"


class AdoptionPolicy(StrEnum):
    """Whether a tenant that exists already, and names no manager, may be taken over."""

    NEVER = "Never"
    IF_UNMANAGED = "IfUnmanaged"


class Renewal(StrEnum):
    """Whether the subscription goes on at the end of its period."""

    FOLLOW_STRIPE = "FollowStripe"
    RENEW = "Renew"
    CANCEL_AT_PERIOD_END = "CancelAtPeriodEnd"


class AccessPolicy(StrEnum):
    """Whether access follows the payments (product.md, "The rule of access")."""

    FOLLOW_BILLING = "FollowBilling"
    SUSPEND = "Suspend"
    KEEP_ACTIVE = "KeepActive"


class DeletionPolicy(StrEnum):
    """What deleting the object means outside."""

    CANCEL = "Cancel"
    ORPHAN = "Orphan"
    CANCEL_AND_DELETE_TENANT = "CancelAndDeleteTenant"


class TenantState(StrEnum):
    """The tenant's state as last read from The Things Stack."""

    ABSENT = "Absent"
    REQUESTED = "Requested"
    APPROVED = "Approved"
    REJECTED = "Rejected"
    FLAGGED = "Flagged"
    SUSPENDED = "Suspended"
    UNKNOWN = "Unknown"


class InitialAdmin(ApiModel):
    """The tenant's first administrator, used at creation only.

    What is left out falls back as the Tenant Billing Server documents it (things-stack.md 1.3).
    """

    user_id: str | None = None
    """Absent: the tenant id."""
    email: str | None = None
    """Absent: the customer's."""
    full_name: str | None = None
    password_secret_ref: SecretKeyReference | None = None
    """In the object's own namespace. Better left out: The Things Stack then mails a random one."""


class Tenant(ApiModel):
    """The tenant in The Things Stack."""

    id: str
    name: str | None = None
    """Absent: the customer's name, cut to 50 characters."""
    description: str | None = None
    attributes: Mapping[str, str] = {}
    adoption_policy: AdoptionPolicy = AdoptionPolicy.NEVER
    initial_admin: InitialAdmin | None = None


class Discount(ApiModel):
    """A coupon of the account."""

    coupon_id: str


class LimitOverrides(ApiModel):
    """Limits that differ from the plan's; what is not named stays the plan's."""

    limits: EntityLimits = EntityLimits()
    unlimited: frozenset[EntityKind] = frozenset()
    """Wins over ``limits`` where both name an entity."""
    expiration_time: Timestamp | None = None
    """From then on the plan's limits count again; absent: never."""


class TenantSubscriptionSpec(ApiModel):
    """What the author asks for."""

    management_policy: ManagementPolicy = ManagementPolicy.MANAGE
    plan_ref: ObjectReference | None = None
    """Present exactly with ``managementPolicy: Manage``."""
    backend_ref: ObjectReference | None = None
    """Present exactly with ``managementPolicy: Observe``."""
    subscription_id: str | None = None
    """With ``Observe``: what to observe. With ``Manage``: an existing subscription to adopt."""
    plan_conflict_policy: PlanConflictPolicy = PlanConflictPolicy.FOLLOW_STRIPE
    cluster_ref: ObjectReference
    tenant: Tenant
    customer: Customer | None = None
    """Required with ``managementPolicy: Manage``."""
    collection: Collection = Collection()
    discounts: tuple[Discount, ...] = ()
    limit_overrides: LimitOverrides | None = None
    renewal: Renewal = Renewal.FOLLOW_STRIPE
    access_policy: AccessPolicy = AccessPolicy.FOLLOW_BILLING
    deletion_policy: DeletionPolicy | None = None

    @property
    def effective_deletion_policy(self) -> DeletionPolicy:
        """What deletion means when the field is absent: Cancel with Manage, Orphan with Observe."""
        if self.deletion_policy is not None:
            return self.deletion_policy
        managed = self.management_policy is ManagementPolicy.MANAGE
        return DeletionPolicy.CANCEL if managed else DeletionPolicy.ORPHAN

    @model_validator(mode="after")
    def _fields_belong_to_policy(self) -> Self:
        if self.management_policy is ManagementPolicy.MANAGE:
            if self.plan_ref is None or self.customer is None or self.backend_ref is not None:
                raise ValueError("with Manage, planRef and customer are required and backendRef is refused")
            return self
        if self.plan_ref is not None or self.backend_ref is None or self.subscription_id is None:
            raise ValueError(
                "with Observe, backendRef and subscriptionID are required and planRef is refused"
            )
        if self.deletion_policy not in (None, DeletionPolicy.ORPHAN):
            raise ValueError("with Observe, deletionPolicy can only be Orphan")
        return self


class BillingPeriod(ApiModel):
    """The period that is being paid for."""

    start_time: Timestamp
    end_time: Timestamp


class ReportedUsage(ApiModel):
    """What was reported last, for a metered plan."""

    last_reported: Count
    last_report_time: Timestamp


class TenantSubscriptionStatus(CreatingStatus):
    """What stands in Stripe and in The Things Stack."""

    plan_ref: ObjectReference | None = None
    """The plan of the price that is in force, which may differ from ``spec.planRef``."""
    customer_id: str | None = None
    subscription_id: str | None = None
    subscription_item_id: str | None = None
    subscription_status: str | None = None
    """Stripe's word, raw: new ones may come."""
    tenant_state: TenantState | None = None
    frozen_limits: EntityLimits | None = None
    """What existed when the tenant was frozen; present only while it is."""
    current_period: BillingPeriod | None = None
    past_due_since_time: Timestamp | None = None
    suspension_time: Timestamp | None = None
    """When the tenant will be suspended if nothing changes."""
    hosted_invoice_url: str | None = None
    """Where the customer pays. Whoever may read the object sees the invoice."""
    entities: EntityUsages | None = None
    usage: ReportedUsage | None = None


class TenantSubscription(Resource):
    """One tenant and what pays for it; namespaced."""

    resource_kind: ClassVar = names.TENANT_SUBSCRIPTION

    spec: TenantSubscriptionSpec
    status: TenantSubscriptionStatus = TenantSubscriptionStatus()
