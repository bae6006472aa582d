"""What the loop needs from outside, as Protocols. Reconcilers know these, never a client."""

from tenant_billing.ports.kubernetes import Cluster, ObjectConflict, ObjectGone
from tenant_billing.ports.listing import ListedObject, Listing, ListObjects
from tenant_billing.ports.measuring import (
    DEFECT,
    INTERRUPTED,
    SUCCEEDED,
    UNMEASURED,
    AccountSeen,
    CallMeter,
    CallMeters,
    CorrectionMeter,
    PassMeter,
    QueueSeen,
    System,
    uncounted_correction,
    unmeasured_calls,
)
from tenant_billing.ports.provider import (
    BillingProvider,
    Provider,
    ProviderFactory,
    Providers,
    WebhookVerifier,
)
from tenant_billing.ports.registry import RegistryFactory, TenantRegistry
from tenant_billing.ports.resources import Resources
from tenant_billing.ports.schedules import SubscriptionSchedules
from tenant_billing.ports.secrets import SecretKeyMissing, SecretNotFound, Secrets, StoredSecret
from tenant_billing.ports.webhook_endpoints import WebhookEndpoints
from tenant_billing.ports.work import (
    Clock,
    Fence,
    ObjectKey,
    OnTurn,
    Outcome,
    Queue,
    Reconciler,
    Subject,
    unfenced,
)

__all__ = [
    "DEFECT",
    "INTERRUPTED",
    "SUCCEEDED",
    "UNMEASURED",
    "AccountSeen",
    "BillingProvider",
    "CallMeter",
    "CallMeters",
    "Clock",
    "Cluster",
    "CorrectionMeter",
    "Fence",
    "ListObjects",
    "ListedObject",
    "Listing",
    "ObjectConflict",
    "ObjectGone",
    "ObjectKey",
    "OnTurn",
    "Outcome",
    "PassMeter",
    "Provider",
    "ProviderFactory",
    "Providers",
    "Queue",
    "QueueSeen",
    "Reconciler",
    "RegistryFactory",
    "Resources",
    "SecretKeyMissing",
    "SecretNotFound",
    "Secrets",
    "StoredSecret",
    "Subject",
    "SubscriptionSchedules",
    "System",
    "TenantRegistry",
    "WebhookEndpoints",
    "WebhookVerifier",
    "uncounted_correction",
    "unfenced",
    "unmeasured_calls",
]
