"""Which condition types a kind has, and which reasons each may carry (api.md, table "Reasons")."""

from collections.abc import Mapping
from typing import Final

from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import BILLING_BACKEND, BILLING_PLAN, TENANT_SUBSCRIPTION, THINGS_STACK_CLUSTER
from tenant_billing.api.reasons import Reason


def _reasons(names: str) -> frozenset[Reason]:
    return frozenset(map(Reason, names.split()))


_READY_OF_ALL: Final = _reasons("Paused NotYetSupported")

_SYNCED: Final = _reasons(
    "Synced Pending Rejected Unavailable PlanChangedInStripe UpgradeDeclined ScheduleAttached BrakeEngaged"
)

_OWN_CONDITIONS: Final[Mapping[str, Mapping[ConditionType, frozenset[Reason]]]] = {
    BILLING_BACKEND.kind: {
        ConditionType.READY: _READY_OF_ALL
        | _reasons(
            "Available SecretNotFound SecretKeyMissing InvalidCredentials PermissionDenied "
            "ModeMismatch AccountMismatch ClockSkew Unreachable"
        ),
        ConditionType.WEBHOOK_READY: _reasons("Receiving NotConfigured EndpointDisabled VersionMismatch"),
        ConditionType.EVENTS_CURRENT: _reasons("CaughtUp Lagging HistoryExpired"),
    },
    THINGS_STACK_CLUSTER.kind: {
        ConditionType.READY: _READY_OF_ALL
        | _reasons(
            "Available SecretNotFound SecretKeyMissing InvalidCredentials MultiTenancyUnavailable Unreachable"
        ),
        ConditionType.DISRUPTIONS_HELD: _reasons("WithinLimit LimitExceeded Approved"),
    },
    BILLING_PLAN.kind: {
        ConditionType.READY: _READY_OF_ALL
        | _reasons(
            "Available BackendNotFound BackendNotReady InvalidPrice PriceNotFound "
            "PriceArchived PriceConflict MeterMissing MeterInactive InvalidMetadata InUse"
        ),
        ConditionType.PRICES_MIGRATED: _reasons("UpToDate Migrating Failed"),
    },
    TENANT_SUBSCRIPTION.kind: {
        ConditionType.READY: _READY_OF_ALL
        | _reasons(
            "Provisioned Suspended AwaitingPayment PlanNotFound PlanNotReady PlanClosed "
            "ClusterNotFound ClusterNotReady SecretNotFound SecretKeyMissing NotAllowed "
            "CustomerDeleted TooManyAttributes IncompatiblePlan BackendUnavailable "
            "ClusterUnavailable SubscriptionEnded SubscriptionNotFound DuplicateSubscription "
            "AmbiguousPlan UnknownStatus UnmanagedPrice MeterConflict TenantNotManaged "
            "TenantGone CustomerMismatch Conflict InvalidTenant TenantIDTaken "
            "SuspendedByOther BrakeEngaged"
        ),
        ConditionType.SUBSCRIPTION_SYNCED: _SYNCED,
        ConditionType.TENANT_SYNCED: _SYNCED,
        ConditionType.PAYMENT_CURRENT: _reasons(
            "Paid Trialing CollectionPaused AwaitingPayment PastDue GraceExpired Unpaid Paused Ended Unknown"
        ),
        ConditionType.WITHIN_LIMITS: _reasons("WithinLimits LimitReached OverLimit Unknown"),
        ConditionType.USAGE_REPORTED: _reasons("Reported NotMetered Stale Rejected Mismatch"),
    },
}

CONDITION_REASONS: Final[Mapping[str, Mapping[ConditionType, frozenset[Reason]]]] = {
    kind: {
        **own,
        ConditionType.RECONCILING: frozenset({Reason.PROGRESSING}),
        ConditionType.STALLED: own[ConditionType.READY],
    }
    for kind, own in _OWN_CONDITIONS.items()
}
"""By kind, then by condition type: the reasons that may stand there. ``Stalled`` carries Ready's."""
