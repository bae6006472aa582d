"""BillingPlan: what is sold."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import Field, JsonValue, model_validator

from tenant_billing.api import names
from tenant_billing.api.durations import Duration
from tenant_billing.api.entities import EntityLimits
from tenant_billing.api.fields import ApiModel, Count, MinorUnits, ObjectReference
from tenant_billing.api.namespaces import NamespaceRule
from tenant_billing.api.prices import LimitsFrom, Price
from tenant_billing.api.resource import CreatingStatus, Resource


class MissingPaymentMethod(StrEnum):
    """What happens at the end of a trial without a payment method."""

    CREATE_INVOICE = "CreateInvoice"
    PAUSE = "Pause"
    CANCEL = "Cancel"


class AutomaticTax(StrEnum):
    """Whether Stripe computes taxes."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


class CollectionPausedPolicy(StrEnum):
    """What a subscription with paused collection means for the tenant."""

    KEEP_ACTIVE = "KeepActive"
    SUSPEND = "Suspend"


class PriceChangePolicy(StrEnum):
    """Who moves to a changed price, and when."""

    NEW_SUBSCRIPTIONS_ONLY = "NewSubscriptionsOnly"
    AT_RENEWAL = "AtRenewal"
    IMMEDIATELY = "Immediately"


class ProrationPolicy(StrEnum):
    """What happens to the rest of the period when the plan changes in its middle."""

    NEXT_INVOICE = "NextInvoice"
    INVOICE_NOW = "InvoiceNow"
    NONE = "None"


class NewSubscriptions(StrEnum):
    """Whether the plan can still be subscribed to."""

    ALLOW = "Allow"
    REFUSE = "Refuse"


class Trial(ApiModel):
    """A free time at the start of a subscription."""

    days: Annotated[Count, Field(ge=1)]
    missing_payment_method: MissingPaymentMethod = MissingPaymentMethod.CREATE_INVOICE


class Tax(ApiModel):
    """How taxes are treated."""

    code: str | None = None
    """Stripe's tax code of the product; absent: the account's default."""
    automatic: AutomaticTax = AutomaticTax.DISABLED


class PastDue(ApiModel):
    """What happens how long after a payment fell due; every stage counts from the same moment."""

    flag_after: Duration = timedelta(0)
    freeze_after: Duration | None = None
    """When limits are lowered to what exists; absent: never."""
    suspend_after: Duration = timedelta(hours=504)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        stages = [
            each for each in (self.flag_after, self.freeze_after, self.suspend_after) if each is not None
        ]
        if stages != sorted(stages):
            raise ValueError("expected flagAfter <= freezeAfter <= suspendAfter")
        return self


class Discovery(ApiModel):
    """Where objects are made for subscriptions that are born in Stripe."""

    namespace: str
    cluster_ref: ObjectReference


class TenantTemplate(ApiModel):
    """Applied to a tenant at its creation only."""

    attributes: Mapping[str, str] = {}
    """The keys that the operator owns are never taken from here."""
    configuration: Mapping[str, JsonValue] = {}
    """Opaque: the tenant's ``configuration`` in The Things Stack's own words."""


class BillingPlanSpec(ApiModel):
    """What the platform team sells."""

    backend_ref: ObjectReference
    display_name: str
    description: str | None = None
    price: Price
    entity_limits: EntityLimits | None = None
    trial: Trial | None = None
    tax: Tax = Tax()
    past_due: PastDue = PastDue()
    collection_paused_policy: CollectionPausedPolicy = CollectionPausedPolicy.KEEP_ACTIVE
    price_change_policy: PriceChangePolicy = PriceChangePolicy.NEW_SUBSCRIPTIONS_ONLY
    proration_policy: ProrationPolicy = ProrationPolicy.NEXT_INVOICE
    new_subscriptions: NewSubscriptions = NewSubscriptions.ALLOW
    allowed_namespaces: NamespaceRule
    """Whose authors may subscribe; required, so that nobody sells to everybody by accident."""
    discovery: Discovery | None = None
    """Absent: no objects are made from Stripe. Its namespace counts as trusted."""
    tenant_template: TenantTemplate | None = None

    @model_validator(mode="after")
    def _one_source_of_limits(self) -> Self:
        existing = self.price.existing
        from_metadata = existing is not None and existing.limits_from is LimitsFrom.PRICE_METADATA
        if from_metadata and self.entity_limits is not None:
            raise ValueError("entityLimits must be absent with limitsFrom: PriceMetadata")
        return self


class PriceRevision(ApiModel):
    """One Stripe price of this plan. Prices are immutable, so a changed amount is a new one."""

    id: str
    unit_amount: MinorUnits | None = None
    """Absent for tiers, and for an amount below a minor unit."""
    subscriptions: Count = 0


class WaitingSubscriptions(ApiModel):
    """Subscriptions born in Stripe of which no tenant can be made yet: they name none, or none of their own."""

    count: Count = 0
    subscription_ids: tuple[str, ...] = ()
    """The first 10."""


class PriceMigration(ApiModel):
    """How far subscriptions have moved to the current price."""

    total: Count = 0
    moved: Count = 0


class BillingPlanStatus(CreatingStatus):
    """What stands in Stripe for the plan."""

    display_price: str | None = None
    """The price as people write it: ``EUR 49.00 / month``; shows a mistake by a factor of 100."""
    product_id: str | None = None
    price_id: str | None = None
    meter_id: str | None = None
    prices: tuple[PriceRevision, ...] = ()
    subscriptions: Count | None = None
    waiting: WaitingSubscriptions | None = None
    migration: PriceMigration | None = None


class BillingPlan(Resource):
    """What is sold; cluster-scoped."""

    resource_kind: ClassVar = names.BILLING_PLAN

    spec: BillingPlanSpec
    status: BillingPlanStatus = BillingPlanStatus()
