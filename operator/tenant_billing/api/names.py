"""Every name shared with Kubernetes, Stripe and The Things Stack, each in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

GROUP: Final = "tenantbilling.dev"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
CATEGORY: Final = "tenantbilling"
"""``kubectl get tenantbilling`` lists all four kinds."""

FIELD_MANAGER: Final = "tenant-billing-operator"
"""Owner of the status fields in server-side apply, and source of our Kubernetes events."""

FINALIZER: Final = f"{GROUP}/finalizer"

SERVICE_ACCOUNT: Final = "tenant-billing-operator"
"""Of the manifests in ``deploy/kustomize``; a Helm release may name its own."""


@dataclass(frozen=True, slots=True)
class ResourceKind:
    """How one kind is addressed in the Kubernetes API."""

    kind: str
    plural: str
    singular: str
    short_name: str
    namespaced: bool

    @property
    def definition_name(self) -> str:
        """Name of the CustomResourceDefinition object."""
        return f"{self.plural}.{GROUP}"


BILLING_BACKEND: Final = ResourceKind(
    "BillingBackend", "billingbackends", "billingbackend", "bbe", namespaced=False
)
THINGS_STACK_CLUSTER: Final = ResourceKind(
    "ThingsStackCluster", "thingsstackclusters", "thingsstackcluster", "tsc", namespaced=False
)
BILLING_PLAN: Final = ResourceKind("BillingPlan", "billingplans", "billingplan", "bp", namespaced=False)
TENANT_SUBSCRIPTION: Final = ResourceKind(
    "TenantSubscription", "tenantsubscriptions", "tenantsubscription", "tsub", namespaced=True
)
KINDS: Final = (BILLING_BACKEND, THINGS_STACK_CLUSTER, BILLING_PLAN, TENANT_SUBSCRIPTION)


class Annotation:
    """Annotations on our objects (api.md, "Annotations")."""

    PAUSED: Final = f"{GROUP}/paused"
    """``"true"``: the object is left alone, deletion included."""
    RECONCILE: Final = f"{GROUP}/reconcile"
    """A token chosen by a person; echoed in ``status.lastHandledReconcile`` once handled."""
    RESUBSCRIBE: Final = f"{GROUP}/resubscribe"
    """Id of the ended Stripe subscription that may be replaced by a new one."""
    APPROVE_DISRUPTIONS: Final = f"{GROUP}/approve-disruptions"
    """On a ThingsStackCluster: the ``status.brake.id`` of the batch that may go ahead."""
    NUDGE: Final = f"{GROUP}/nudge"
    """Written by the operator's webhook: "look again". The inbox of verified Stripe events."""
    PUSHED_USAGE: Final = f"{GROUP}/pushed-usage"
    """Written by the operator's endpoint for pushed reports: the totals that were pushed last, and when."""


class SecretAnnotation:
    """Annotations on the Secret that the operator writes the secret of a registered webhook endpoint to."""

    BACKEND: Final = f"{GROUP}/billing-backend"
    """The BillingBackend that it was written for; a Secret without it is not the operator's."""
    ENDPOINT: Final = f"{GROUP}/webhook-endpoint"
    """Id of the endpoint whose secret it holds."""


class StripeMetadata:
    """Metadata keys on Stripe objects that carry our identity."""

    OWNER: Final = f"{GROUP}/owner"
    """``spec.owner`` of the BillingBackend: the installation that made the object."""
    CLUSTER: Final = f"{GROUP}/cluster"
    """Name of the ThingsStackCluster."""
    TENANT_ID: Final = f"{GROUP}/tenant-id"
    TENANT_SUBSCRIPTION: Final = f"{GROUP}/tenant-subscription"
    """On customers and subscriptions: the claim of the TenantSubscription that they were made for, as tenants carry it.
    The other marks name the tenant alone, and every author may name any tenant."""
    PLAN: Final = f"{GROUP}/plan"
    """On products and prices: their plan. On subscriptions: the plan last applied from ``spec.planRef``."""
    UPGRADE: Final = f"{GROUP}/upgrade"
    """On subscriptions: the plan whose price was asked for and waits for its payment, or was not paid in time."""
    METER_MIGRATION: Final = f"{GROUP}/meter-migration"
    """On subscriptions: the plan with a meter that ``tenant-billing migrate-meter`` moves it to, and the attempt."""
    COLLECTION: Final = f"{GROUP}/collection"
    """On subscriptions: present while invoices are sent because ``spec.collection`` says so."""
    DISCOUNTS: Final = f"{GROUP}/discounts"
    """On subscriptions: digests of the coupons last applied from ``spec.discounts``, separated by commas."""
    BACKEND: Final = f"{GROUP}/backend"
    """On webhook endpoints: the BillingBackend that they were registered for."""


class BillingServerMetadata:
    """Metadata keys that the Tenant Billing Server documents for subscriptions (things-stack.md 1)."""

    TENANT_ID: Final = "tenant-id"
    TENANT_NAME: Final = "tenant-name"
    TENANT_DESCRIPTION: Final = "tenant-description"
    ADMIN_USER: Final = "admin-user"
    ADMIN_EMAIL: Final = "admin-email"
    ADMIN_FULL_NAME: Final = "admin-full-name"
    ADMIN_PASSWORD: Final = "admin-password"  # noqa: S105 - the name of a key, not a password
    NAME: Final = "name"
    COMPANY: Final = "company"


class PriceMetadata:
    """Metadata keys of a Stripe price that carry entity limits (things-stack.md 1.2)."""

    MAX_APPLICATIONS: Final = "max-applications"
    MAX_CLIENTS: Final = "max-clients"
    MAX_END_DEVICES: Final = "max-end-devices"
    MAX_GATEWAYS: Final = "max-gateways"
    MAX_ORGANIZATIONS: Final = "max-organizations"
    MAX_USERS: Final = "max-users"


class TenantAttribute:
    """Attribute keys of a tenant in The Things Stack that the operator owns."""

    MANAGED_BY: Final = "managed-by"
    TENANT_SUBSCRIPTION: Final = "tenant-subscription"
    """Value ``<owner>/<namespace>/<name>``: the claim of one TenantSubscription on the tenant."""
    STRIPE_CUSTOMER_ID: Final = "stripe-customer-id"
    STRIPE_PLAN_ID: Final = "stripe-plan-id"
    """Id of the Stripe price, under the name that the Tenant Billing Server gave it."""
    STRIPE_SUBSCRIPTION_ID: Final = "stripe-subscription-id"
    STRIPE_SUBSCRIPTION_ITEM_ID: Final = "stripe-subscription-item-id"


UNPRUNED: Final[Mapping[str, str]] = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
"""Annotations of an object that we made: Argo CD and Flux, in whose namespace it may lie, leave it alone."""

MANAGED_BY: Final = "tenant-billing-operator"
"""Value of the tenant attribute ``managed-by``."""
