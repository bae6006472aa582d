"""What the objects say of themselves: conditions grouped by reason, the brake, subscriptions that wait."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.diagnosis.results import Finding, Status

Object = BillingBackend | ThingsStackCluster | BillingPlan | TenantSubscription

MOST_NAMED: Final = 5
_TECHNICAL: Final[Mapping[ConditionType, frozenset[Reason]]] = {
    ConditionType.WEBHOOK_READY: frozenset({Reason.ENDPOINT_DISABLED, Reason.VERSION_MISMATCH}),
    ConditionType.EVENTS_CURRENT: frozenset({Reason.LAGGING, Reason.HISTORY_EXPIRED}),
    ConditionType.PRICES_MIGRATED: frozenset({Reason.FAILED}),
    ConditionType.SUBSCRIPTION_SYNCED: frozenset({Reason.REJECTED, Reason.UNAVAILABLE}),
    ConditionType.TENANT_SYNCED: frozenset({Reason.REJECTED, Reason.UNAVAILABLE}),
    ConditionType.USAGE_REPORTED: frozenset({Reason.STALE, Reason.REJECTED, Reason.MISMATCH}),
}
"""Conditions beside Ready that tell of a fault; what they say of payments and limits is business as usual."""
_EXPECTED: Final = frozenset({Reason.AWAITING_PAYMENT.value, Reason.PAUSED.value})
"""Reasons of Ready=False that wait for what a person meant to happen."""
_DESCRIBE: Final = "kubectl describe"


def judge_conditions(resources: Iterable[Object]) -> Iterator[Finding]:
    """Judge the conditions of all objects; those of one kind with the same reason become one finding."""
    objects = list(resources)
    groups: dict[tuple[str, str, str, Status], list[tuple[Object, str]]] = defaultdict(list)
    for each in objects:
        for type_, reason, message, status in _told(each):
            groups[each.resource_kind.kind, type_, reason, status].append((each, message))
    for (kind, type_, reason, status), members in sorted(groups.items(), key=lambda item: item[0]):
        yield _grouped(kind, type_, reason, status, members)
    if not any(status in (Status.ERROR, Status.WARNING) for _, _, _, status in groups):
        finding = f"none of {len(objects)} needs anybody"
        yield Finding("conditions", "objects", Status.OK, finding)


def _told(resource: Object) -> Iterator[tuple[str, str, str, Status]]:
    """Type, reason, message and level of what an object says is not in order."""
    conditions = resource.status.conditions
    ready = find_condition(conditions, ConditionType.READY)
    stalled = find_condition(conditions, ConditionType.STALLED)
    observed = resource.status.observed_generation
    if ready is None or (observed or 0) < resource.metadata.generation:
        message = (
            "the operator has not looked at the present spec yet; if that stays so, see the check leader"
        )
        yield ConditionType.READY, "NotObserved", message, Status.WARNING
    elif stalled is not None and stalled.status is ConditionStatus.TRUE and stalled.reason not in _EXPECTED:
        yield ConditionType.STALLED, stalled.reason, stalled.message, Status.ERROR
    elif ready.status is not ConditionStatus.TRUE:
        level = Status.OK if ready.reason in _EXPECTED else Status.WARNING
        yield ConditionType.READY, ready.reason, ready.message, level
    yield from _beside_ready(conditions)


def _beside_ready(conditions: Iterable[Condition]) -> Iterator[tuple[str, str, str, Status]]:
    for type_, reasons in _TECHNICAL.items():
        found = find_condition(conditions, type_)
        if found is not None and found.reason in {each.value for each in reasons}:
            yield type_, found.reason, found.message, Status.WARNING


def _grouped(
    kind: str, type_: str, reason: str, status: Status, members: list[tuple[Object, str]]
) -> Finding:
    first, message = members[0]
    many = f"{len(members)} {kind}" if len(members) > 1 else kind
    finding = f"{many} {_named(each for each, _ in members)}: {type_} {reason}"
    remedy = "" if status is Status.OK else message or f"{_DESCRIBE} {_addressed(first)}"
    return Finding("conditions", f"{kind} {type_}={reason}", status, finding, remedy)


def _named(resources: Iterable[Object]) -> str:
    told = sorted(_path(each) for each in resources)
    more = len(told) - MOST_NAMED
    return ", ".join(told[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _path(resource: Object) -> str:
    metadata = resource.metadata
    return f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name


def _addressed(resource: Object) -> str:
    metadata, kind = resource.metadata, resource.resource_kind.singular
    where = f" --namespace {metadata.namespace}" if metadata.namespace else ""
    return f"{kind} {metadata.name}{where}"


def judge_brakes(clusters: Iterable[ThingsStackCluster]) -> Iterator[Finding]:
    """Judge the brakes: what is held waits for an administrator's word, and here is the word."""
    for cluster in clusters:
        name, brake = cluster.metadata.name, cluster.status.brake
        subject = f"ThingsStackCluster {name}"
        if brake is None or not brake.held:
            yield Finding("brake", subject, Status.OK, "holds nothing back")
            continue
        tenants = ", ".join(brake.tenants[:MOST_NAMED]) + (" …" if len(brake.tenants) > MOST_NAMED else "")
        yield Finding(
            "brake",
            subject,
            Status.ERROR,
            f"holds back {brake.held} suspensions, cancels or deletions (of {tenants}); {brake.count} went ahead",
            "find out why so many come at once; if all is right: "
            f"kubectl annotate {names.THINGS_STACK_CLUSTER.singular} {name} "
            f"{names.Annotation.APPROVE_DISRUPTIONS}={brake.id} --overwrite",
        )


def judge_waiting(plans: Iterable[BillingPlan]) -> Iterator[Finding]:
    """Judge subscriptions that were born in Stripe and name no tenant: somebody pays and gets nothing."""
    for plan in plans:
        waiting = plan.status.waiting
        if waiting is None or not waiting.count:
            continue
        ids = ", ".join(waiting.subscription_ids[:MOST_NAMED])
        yield Finding(
            "waiting",
            f"BillingPlan {plan.metadata.name}",
            Status.WARNING,
            f"{waiting.count} subscriptions of customers have no tenant: {ids}",
            "set tenant-id in the metadata of each subscription in Stripe's dashboard (docs/born-in-stripe.md)",
        )
