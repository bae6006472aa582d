"""What a scrape is computed from: taken at once, and nothing of it changes any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.ports import AccountSeen, QueueSeen

AnyResource = BillingBackend | ThingsStackCluster | BillingPlan | TenantSubscription


@dataclass(frozen=True)
class Objects:
    """The watched objects.

    Attributes:
        unreadable: By kind: how many are not of its shape.
    """

    backends: tuple[BillingBackend, ...] = ()
    clusters: tuple[ThingsStackCluster, ...] = ()
    plans: tuple[BillingPlan, ...] = ()
    subscriptions: tuple[TenantSubscription, ...] = ()
    unreadable: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Leading:
    """What only the leader may speak of: of the same objects the others know no accounts, and work on none."""

    objects: Objects
    accounts: tuple[AccountSeen, ...]
    queue: QueueSeen


@dataclass(frozen=True)
class Snapshot:
    """What one process knows at a moment.

    Attributes:
        version: Of the operator.
        now: Local time.
        watch_age: Seconds since the watches were known to be complete, or since the start.
        deliveries: How many of the webhook had which result and reason.
        reports: How many pushed usage reports had which result.
        skipped_entries: Entries of pushed reports that were not taken.
        leading: None while another process leads.
    """

    version: str
    now: datetime
    watch_age: float
    deliveries: Mapping[tuple[str, str], int] = field(default_factory=dict)
    reports: Mapping[str, int] = field(default_factory=dict)
    skipped_entries: int = 0
    leading: Leading | None = None
