"""Which rights the operator, and this command itself, need in Kubernetes, and whether they have them.

This is the list that the chart's rights are compared with by a test. A right is asked for where something needs it: a
narrower grant, such as Secrets by name, is as good.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable

EXTENSIONS: Final = "apiextensions.k8s.io"
COORDINATION: Final = "coordination.k8s.io"
AUTHORIZATION: Final = "authorization.k8s.io"
EVENTS: Final = "events.k8s.io"


@dataclass(frozen=True)
class Right:
    """One verb on one resource.

    Attributes:
        group: API group; empty for the core.
        resource: Plural, with a subresource behind a slash.
        namespace: Where; empty for everywhere.
        name: Of one object; empty for any.
    """

    group: str
    resource: str
    verb: str
    namespace: str = ""
    name: str = ""

    @property
    def place(self) -> str:
        """On what, as people say it: ``secrets stripe in namespace tenant-billing-system``."""
        of_group = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {self.name}" if self.name else ""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{of_group}{named}{where}"


Rights = Mapping[Right, bool | Unreadable]
"""Which of the rights are granted, as the API server says."""


def of_operator(namespace: str, lease_name: str) -> Iterator[Right]:
    """What every installation needs.

    Args:
        namespace: The operator's own.
        lease_name: Name of its Lease.
    """
    for kind in names.KINDS:
        for verb in ("list", "watch", "patch"):
            yield Right(names.GROUP, kind.plural, verb)
        yield Right(names.GROUP, f"{kind.plural}/status", "patch")
    for group, resource in (("", "namespaces"), (EXTENSIONS, "customresourcedefinitions")):
        for verb in ("get", "list", "watch"):
            yield Right(group, resource, verb)
    yield Right(EVENTS, "events", "create")
    yield Right(COORDINATION, "leases", "create", namespace)
    for verb in ("get", "update"):
        yield Right(COORDINATION, "leases", verb, namespace, lease_name)


def for_objects(
    namespace: str,
    backends: Iterable[BillingBackend],
    clusters: Iterable[ThingsStackCluster],
    plans: Iterable[BillingPlan],
    subscriptions: Iterable[TenantSubscription],
) -> Iterator[Right]:
    """What the objects that exist need beside: Secrets by name, and objects made of what was born in Stripe."""
    for backend in backends:
        account = backend.spec.account
        references = (account.api_key_secret_ref, *account.webhook_secret_refs)
        yield from (Right("", "secrets", "get", namespace, each.name) for each in references)
        if account.webhook is not None:
            for verb in ("get", "create", "patch"):  # "create" by name, too: it comes by server-side apply
                yield Right("", "secrets", verb, namespace, account.webhook.secret_name)
    for cluster in clusters:
        push = cluster.spec.metering.push
        named = (
            cluster.spec.tenant_admin_key_secret_ref,
            cluster.spec.ca_bundle_secret_ref,
            push.bearer_token_secret_ref if push is not None else None,
        )
        yield from (Right("", "secrets", "get", namespace, each.name) for each in named if each is not None)
    for plan in plans:
        if plan.spec.discovery is not None:
            yield Right(
                names.GROUP, names.TENANT_SUBSCRIPTION.plural, "create", plan.spec.discovery.namespace
            )
    for subscription in subscriptions:
        admin = subscription.spec.tenant.initial_admin
        password = admin.password_secret_ref if admin is not None else None
        if password is not None:
            yield Right("", "secrets", "get", subscription.metadata.namespace or "", password.name)


def of_command(namespace: str, lease_name: str, secrets: Iterable[str]) -> Iterator[Right]:
    """What the person who runs this command needs, so that nothing is skipped.

    Args:
        namespace: The operator's own.
        lease_name: Name of its Lease.
        secrets: Names of the Secrets in that namespace that are looked at.
    """
    yield from (Right(names.GROUP, kind.plural, "list") for kind in names.KINDS)
    yield from (
        Right(EXTENSIONS, "customresourcedefinitions", "get", name=kind.definition_name)
        for kind in names.KINDS
    )
    yield Right(COORDINATION, "leases", "get", namespace, lease_name)
    yield Right(AUTHORIZATION, "subjectaccessreviews", "create")
    yield from (Right("", "secrets", "get", namespace, each) for each in sorted(set(secrets)))


def judge_operator(account: str, rights: Rights) -> Iterator[Finding]:
    """Whether the operator's ServiceAccount may do what it has to.

    Args:
        account: The ServiceAccount, as ``NAMESPACE/NAME``.
        rights: What was asked for, and the answers.
    """
    remedy = (
        "upgrade the Helm release, or kubectl apply -k deploy/kustomize; is it this ServiceAccount that the "
        "operator runs as? --service-account names another"
    )
    yield from _judged("operator-rights", f"ServiceAccount {account}", rights, Status.ERROR, remedy)


def judge_command(rights: Rights) -> Iterator[Finding]:
    """Whether the person who asks may look at everything."""
    remedy = "what needs it is skipped below: ask an administrator for the right, or run this as one"
    yield from _judged("own-rights", "you", rights, Status.WARNING, remedy)


def _judged(check: str, subject: str, rights: Rights, status: Status, remedy: str) -> Iterator[Finding]:
    unknown = next((answer for answer in rights.values() if isinstance(answer, Unreadable)), None)
    missing = sorted(
        (right for right, granted in rights.items() if granted is False),
        key=lambda right: (right.place, right.verb),
    )
    for place, lacking in groupby(missing, key=lambda right: right.place):
        verbs = ", ".join(right.verb for right in lacking)
        yield Finding(check, subject, status, f"may not {verbs} {place}", remedy)
    if unknown is not None:
        yield Finding(check, subject, Status.SKIPPED, unknown.why, _ASK_AS_ADMINISTRATOR)
    elif not missing:
        yield Finding(check, subject, Status.OK, f"all {len(rights)} rights that are needed are granted")


_ASK_AS_ADMINISTRATOR: Final = "run this as somebody who may create subjectaccessreviews.authorization.k8s.io"
