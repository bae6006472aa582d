"""Looks at the cluster itself, for ``doctor``: rights, definitions, leader, and what the objects say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.resource import InvalidResourceError
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.commands.cluster_reading import ClusterReader
from tenant_billing.commands.reading import CannotRead
from tenant_billing.domain.diagnosis import definitions, leader, objects, rights
from tenant_billing.domain.diagnosis.leader import LeaseSeen
from tenant_billing.domain.diagnosis.results import Finding, Status

ResourceT = TypeVar("ResourceT", BillingBackend, ThingsStackCluster, BillingPlan, TenantSubscription)


@dataclass(frozen=True)
class Installation:
    """Where the operator is.

    Attributes:
        namespace: Its own.
        lease_name: Name of its Lease.
        account_name: Name of its ServiceAccount; None: that of the pod that leads, else that of ``deploy/kustomize``.
    """

    namespace: str
    lease_name: str
    account_name: str | None


@dataclass
class Objects:
    """The operator's objects as far as they could be read, and what stood in the way."""

    backends: list[BillingBackend] = field(default_factory=list)
    clusters: list[ThingsStackCluster] = field(default_factory=list)
    plans: list[BillingPlan] = field(default_factory=list)
    subscriptions: list[TenantSubscription] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)


def read_objects(reader: ClusterReader) -> Objects:
    """Read all four kinds; an object or a kind that cannot be read becomes a finding."""
    found = Objects()
    found.backends = _all(reader, BillingBackend, found.problems)
    found.clusters = _all(reader, ThingsStackCluster, found.problems)
    found.plans = _all(reader, BillingPlan, found.problems)
    found.subscriptions = _all(reader, TenantSubscription, found.problems)
    return found


def _all(reader: ClusterReader, model: type[ResourceT], problems: list[Finding]) -> list[ResourceT]:
    kind, read = model.resource_kind, []
    try:
        for body in reader.list(kind, None):
            try:
                read.append(model.from_kubernetes(body))
            except InvalidResourceError as error:
                remedy = "correct the object, or run the tenant-billing of the operator's own version"
                problems.append(Finding("objects", kind.kind, Status.ERROR, str(error), remedy))
    except CannotRead as error:
        problems.append(Finding("objects", kind.kind, Status.SKIPPED, error.message))
    return read


@dataclass(frozen=True)
class ClusterExaminer:
    """Looks at one cluster; nothing is written: reviews of rights are answered and not stored."""

    reader: ClusterReader
    place: Installation
    found: Objects

    def checks(self) -> Sequence[Callable[[], Iterator[Finding]]]:
        """The checks, each by itself, in the order in which a person reads them."""
        return (self.own_rights, self.operator_rights, self.definitions, self.leader)

    def own_rights(self) -> Iterator[Finding]:
        """What the person may look at."""
        place, found = self.place, self.found
        needed = rights.for_objects(place.namespace, found.backends, found.clusters, (), ())
        secrets = (each.name for each in needed if each.name)
        wanted = rights.of_command(place.namespace, place.lease_name, secrets)
        yield from rights.judge_command(self.reader.own_rights(wanted))

    def operator_rights(self) -> Iterator[Finding]:
        """What the operator's ServiceAccount may do."""
        place, found = self.place, self.found
        of_objects = (found.backends, found.clusters, found.plans, found.subscriptions)
        needed = [
            *rights.of_operator(place.namespace, place.lease_name),
            *rights.for_objects(place.namespace, *of_objects),
        ]
        account = f"{place.namespace}/{self._account_name()}"
        yield from rights.judge_operator(account, self.reader.rights_of(account, dict.fromkeys(needed)))

    def definitions(self) -> Iterator[Finding]:
        """Whether the definitions are those of this version."""
        yield from definitions.judge({kind: self.reader.definition(kind) for kind in names.KINDS})

    def leader(self) -> Iterator[Finding]:
        """Whether a replica works."""
        place = self.place
        lease = self.reader.lease(place.namespace, place.lease_name)
        yield from leader.judge(lease, place.namespace, place.lease_name)

    def said_by_objects(self) -> Iterator[Finding]:
        """What the objects say of themselves."""
        found = self.found
        yield from found.problems
        everything: list[objects.Object] = [
            *found.backends,
            *found.clusters,
            *found.plans,
            *found.subscriptions,
        ]
        if everything or not found.problems:  # of what could not be read nothing is known
            yield from objects.judge_conditions(everything)
        yield from objects.judge_brakes(found.clusters)
        yield from objects.judge_waiting(found.plans)

    def _account_name(self) -> str:
        place = self.place
        if place.account_name is not None:
            return place.account_name
        lease = self.reader.lease(place.namespace, place.lease_name)
        holder = lease.holder if isinstance(lease, LeaseSeen) else ""
        of_pod = self.reader.account_of_pod(place.namespace, holder) if holder else None
        return of_pod or names.SERVICE_ACCOUNT
