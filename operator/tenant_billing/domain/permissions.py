"""What a namespaced author may ask of an account-wide key (api.md, rule 1).

Losing a permission stops new writes and never suspends a payer: access goes on following the payments.
"""

from collections.abc import Iterable, Iterator

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.customers import CollectionMethod
from tenant_billing.api.namespaces import NamespaceRule, admits
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import (
    AccessPolicy,
    AdoptionPolicy,
    DeletionPolicy,
)
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.world import Namespace, World


def is_trusted_by_backend(world: World) -> bool:
    """Whether the backend trusts the object's namespace, or a plan's discovery names it."""
    return may_name_payers(world.backend, _plans(world), world.namespace)


def may_name_payers(
    backend: BillingBackend | None, plans: Iterable[BillingPlan], namespace: Namespace
) -> bool:
    """Whether objects of a namespace may name customers and subscriptions of an account.

    What others name is no more than a wish: neither does it keep anything from whoever has it, nor is it on record.

    Args:
        backend: The account's.
        plans: All plans of the backend.
        namespace: Where the naming object lives.
    """
    return _trusted(backend.spec.trusted_namespaces if backend else None, plans, namespace)


def is_trusted_by_cluster(world: World) -> bool:
    """Whether the cluster trusts the object's namespace, or a plan's discovery names both."""
    cluster = world.cluster
    rule, name = (cluster.spec.trusted_namespaces, cluster.metadata.name) if cluster else (None, "")
    plans = (
        plan
        for plan in _plans(world)
        if plan.spec.discovery is not None and plan.spec.discovery.cluster_ref.name == name
    )
    return _trusted(rule, plans, world.namespace)


def _plans(world: World) -> Iterator[BillingPlan]:
    return (offer.plan for offer in world.offers)


def _trusted(rule: NamespaceRule | None, plans: Iterable[BillingPlan], namespace: Namespace) -> bool:
    discoveries = (plan.spec.discovery for plan in plans)
    if any(each is not None and each.namespace == namespace.name for each in discoveries):
        return True
    return rule is not None and admits(rule, namespace.name, namespace.labels)


def fields_of_the_backend(world: World) -> Iterator[str]:
    """The fields in use that only a namespace trusted by the backend may set."""
    spec = world.resource.spec
    if world.is_observed:
        yield "spec.managementPolicy: Observe"
    elif spec.subscription_id is not None:
        yield "spec.subscriptionID"
    if spec.customer is not None and spec.customer.id is not None:
        yield "spec.customer.id"
    if spec.collection.method is CollectionMethod.INVOICE:
        yield "spec.collection.method: Invoice"
    if spec.discounts:
        yield "spec.discounts"
    if spec.limit_overrides is not None:
        yield "spec.limitOverrides"


def fields_of_the_cluster(world: World) -> Iterator[str]:
    """The fields in use that only a namespace trusted by the cluster may set."""
    spec = world.resource.spec
    if spec.tenant.adoption_policy is AdoptionPolicy.IF_UNMANAGED:
        yield "spec.tenant.adoptionPolicy: IfUnmanaged"
    if spec.access_policy is AccessPolicy.KEEP_ACTIVE:
        yield "spec.accessPolicy: KeepActive"
    if spec.deletion_policy is DeletionPolicy.CANCEL_AND_DELETE_TENANT:
        yield "spec.deletionPolicy: CancelAndDeleteTenant"


def plan_does_not_admit_namespace(world: World) -> Finding | None:
    """The plan, or the cluster, is not for this namespace. What is observed was subscribed to elsewhere."""
    namespace = world.namespace
    rules = []
    if world.offer is not None and not world.is_observed:
        rules.append((f"BillingPlan {world.offer.name}", world.offer.plan.spec.allowed_namespaces))
    if world.cluster is not None:
        rules.append(
            (f"ThingsStackCluster {world.cluster.metadata.name}", world.cluster.spec.allowed_namespaces)
        )
    for what, rule in rules:
        if not admits(rule, namespace.name, namespace.labels):
            return Finding(
                Reason.NOT_ALLOWED,
                f"{what} does not allow namespace {namespace.name}; "
                "its owner must admit the namespace in spec.allowedNamespaces.",
                Hold.PROVIDER,
            )
    return None


def field_needs_trust(world: World) -> Finding | None:
    """A field is set, or has a value, that only a trusted namespace may use."""
    refused = []
    if world.backend is not None and not is_trusted_by_backend(world):
        what = f"BillingBackend {world.backend.metadata.name}"
        refused += [(field, what) for field in fields_of_the_backend(world)]
    if world.cluster is not None and not is_trusted_by_cluster(world):
        what = f"ThingsStackCluster {world.cluster.metadata.name}"
        refused += [(field, what) for field in fields_of_the_cluster(world)]
    if not refused:
        return None
    fields = ", ".join(field for field, _ in refused)
    owners = " and ".join(sorted({what for _, what in refused}))
    return Finding(
        Reason.NOT_ALLOWED,
        f"{fields}: only from a namespace that {owners} trusts in spec.trustedNamespaces; "
        f"namespace {world.namespace.name} is not. Remove the field or have the namespace trusted.",
        Hold.PROVIDER,
    )
