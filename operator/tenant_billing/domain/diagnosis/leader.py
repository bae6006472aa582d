"""Whether a replica leads, and whether its clock is right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.health import LARGEST_SKEW

_LOOK_AT_PODS: Final = "look at the operator's pods and their logs: kubectl get pods --namespace"


@dataclass(frozen=True)
class LeaseSeen:
    """The operator's Lease.

    Attributes:
        holder: Identity of the leader, a pod's name in a cluster; empty where nobody leads.
        renewed: When the leader renewed it, by the leader's clock; None where it never was.
        duration: Seconds after which one that is not renewed belongs to nobody.
        transitions: How often the leader has changed.
        now: The time by the API server's clock.
    """

    holder: str
    renewed: datetime | None
    duration: float
    transitions: int
    now: datetime


def judge(lease: LeaseSeen | Unreadable | None, namespace: str, name: str) -> Iterator[Finding]:
    """Judge the Lease; None where there is none.

    Args:
        lease: As it was read.
        namespace: The operator's own.
        name: Name of the Lease.
    """
    subject = f"Lease {namespace}/{name}"
    if isinstance(lease, Unreadable):
        yield Finding("leader", subject, Status.SKIPPED, lease.why)
        return
    if lease is None:
        yield Finding(
            "leader",
            subject,
            Status.ERROR,
            "there is none: no operator has ever run here",
            "install it, or say where it is: --operator-namespace, and --lease-name for a Helm release of another name",
        )
        return
    yield from _of_lease(lease, subject, namespace)


def _of_lease(lease: LeaseSeen, subject: str, namespace: str) -> Iterator[Finding]:
    remedy = f"{_LOOK_AT_PODS} {namespace}"
    if not lease.holder or lease.renewed is None:
        yield Finding("leader", subject, Status.ERROR, "nobody holds it: nothing is reconciled", remedy)
        return
    age, lasts = lease.now - lease.renewed, timedelta(seconds=lease.duration)
    if age > lasts + LARGEST_SKEW:
        finding = f"{lease.holder} renewed it {_spoken(age)} ago: no replica works"
        yield Finding("leader", subject, Status.ERROR, finding, remedy)
        return
    if age > lasts:
        finding = f"{lease.holder} renewed it {_spoken(age)} ago: no replica works, or its clock is behind"
        yield Finding("leader", subject, Status.WARNING, finding, f"run this again; {remedy}")
        return
    told = _spoken(max(age, timedelta()))
    finding = f"held by {lease.holder}, renewed {told} ago, {lease.transitions} changes of the leader so far"
    yield Finding("leader", subject, Status.OK, finding)
    if -age > LARGEST_SKEW:
        yield Finding(
            "leader-clock",
            subject,
            Status.WARNING,
            f"the clock of {lease.holder} is {_spoken(-age)} ahead of the API server's",
            "set the clocks of the nodes right (NTP): the operator refuses an account whose clock differs",
        )


def _spoken(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for name, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
