"""One TenantSubscription as a line that a person reads: plain words, derived from spec and status only."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from tenant_billing.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from tenant_billing.api.entities import EntityUsage, EntityUsages
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription

PAYMENTS: Final = {
    Reason.PAID: "paid",
    Reason.TRIALING: "in trial",
    Reason.COLLECTION_PAUSED: "collection paused",
    Reason.AWAITING_PAYMENT: "first payment outstanding",
    Reason.PAST_DUE: "past due",
    Reason.GRACE_EXPIRED: "past due, grace is over",
    Reason.UNPAID: "unpaid",
    Reason.PAUSED: "paused",
    Reason.ENDED: "ended",
    Reason.UNKNOWN: "unknown",
}
METERING: Final = {
    Reason.REPORTED: "reported",
    Reason.STALE: "report overdue",
    Reason.REJECTED: "report rejected",
    Reason.MISMATCH: "report disagrees with Stripe",
    Reason.UNKNOWN: "report unknown",
}
ENTITY_WORDS: Final = {
    "end_devices": "devices",
    "applications": "applications",
    "clients": "clients",
    "gateways": "gateways",
    "organizations": "organizations",
    "users": "users",
}


@dataclass(frozen=True)
class Usage:
    """How many of one kind of entity there are, and how many there may be (None: any number)."""

    entity: str
    total: int
    limit: int | None

    @property
    def is_full(self) -> bool:
        """Whether no more can be registered."""
        return self.limit is not None and self.total >= self.limit

    def __str__(self) -> str:
        limit = "any number" if self.limit is None else self.limit
        return f"{self.entity} {self.total} of {limit}{', full' if self.is_full else ''}"


@dataclass(frozen=True)
class StatusLine:
    """What is told of one tenant.

    Attributes:
        namespace: Of the TenantSubscription.
        name: Of the TenantSubscription.
        tenant: Id in The Things Stack.
        cluster: The ThingsStackCluster.
        plan: The plan in force; the one asked for while none is.
        payment: How the payments stand, in words.
        state: The tenant's state, in words.
        period_end: When the paid period ends.
        suspension: When the tenant will be suspended if nothing changes.
        usage: What exists against what may exist.
        reported: Devices that were reported last, for a metered plan.
        reported_at: When that was.
        metering: How reporting stands, in words; empty where nothing is metered.
        ready: Whether the spec is carried out; None while the operator has not said so.
        reason: Why it is, or is not.
        message: What to do about it.
    """

    namespace: str
    name: str
    tenant: str
    cluster: str
    plan: str | None
    payment: str
    state: str
    period_end: datetime | None
    suspension: datetime | None
    usage: tuple[Usage, ...]
    reported: int | None
    reported_at: datetime | None
    metering: str
    ready: bool | None
    reason: str
    message: str

    def to_json(self) -> dict[str, Any]:
        """The line as JSON, times in ISO 8601, UTC."""
        fields = asdict(self)
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in fields.items()
        }


def status_line(subscription: TenantSubscription) -> StatusLine:
    """Tell one TenantSubscription."""
    spec, status = subscription.spec, subscription.status
    ready = find_condition(status.conditions, ConditionType.READY)
    payment = find_condition(status.conditions, ConditionType.PAYMENT_CURRENT)
    metering = find_condition(status.conditions, ConditionType.USAGE_REPORTED)
    plan = status.plan_ref or spec.plan_ref
    period = status.current_period
    return StatusLine(
        namespace=subscription.metadata.namespace or "",
        name=subscription.metadata.name,
        tenant=spec.tenant.id,
        cluster=spec.cluster_ref.name,
        plan=None if plan is None else plan.name,
        payment=_payment(payment),
        state=_state(status.tenant_state),
        period_end=None if period is None else period.end_time,
        suspension=status.suspension_time,
        usage=tuple(_usage(status.entities or EntityUsages())),
        reported=None if status.usage is None else status.usage.last_reported,
        reported_at=None if status.usage is None else status.usage.last_report_time,
        metering=_metering(metering),
        ready=None if ready is None else ready.status is ConditionStatus.TRUE,
        reason="not seen by the operator yet" if ready is None else ready.reason,
        message="" if ready is None else ready.message,
    )


def _metering(condition: Condition | None) -> str:
    if condition is None or condition.reason == Reason.NOT_METERED.value:
        return ""
    words = {reason.value: text for reason, text in METERING.items()}
    return words.get(condition.reason, condition.reason)


def _payment(condition: Condition | None) -> str:
    if condition is None:
        return "not known yet"
    words = {reason.value: text for reason, text in PAYMENTS.items()}
    return words.get(condition.reason, condition.reason)


def _state(state: TenantState | None) -> str:
    if state is None:
        return "not known yet"
    return "no tenant yet" if state is TenantState.ABSENT else state.value.lower()


def _usage(entities: EntityUsages) -> Iterator[Usage]:
    for field, word in ENTITY_WORDS.items():
        entity: EntityUsage | None = getattr(entities, field)
        if entity is not None:
            yield Usage(word, entity.total, entity.limit)
