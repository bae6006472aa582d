"""One version of a watched object: the raw body, its typed form, and what of it counts as a change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.resource import InvalidResourceError
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.ports import ObjectKey

NAMESPACE_KIND: Final = "Namespace"
AnyResource = BillingBackend | ThingsStackCluster | BillingPlan | TenantSubscription
MODELS: Final[Mapping[str, type[AnyResource]]] = {
    names.BILLING_BACKEND.kind: BillingBackend,
    names.THINGS_STACK_CLUSTER.kind: ThingsStackCluster,
    names.BILLING_PLAN.kind: BillingPlan,
    names.TENANT_SUBSCRIPTION.kind: TenantSubscription,
}
_INTENT_FIELDS: Final = ("generation", "annotations", "labels", "deletionTimestamp")


@dataclass(frozen=True)
class Observed:
    """One version of an object.

    Attributes:
        resource: The typed object, None where the body is not of its kind's shape (or is a Namespace).
        problem: Why it is not, in words that may be shown.
    """

    key: ObjectKey
    body: Mapping[str, Any]
    resource: AnyResource | None
    problem: str | None

    @property
    def metadata(self) -> Mapping[str, Any]:
        """``metadata`` as Kubernetes wrote it."""
        metadata: Mapping[str, Any] = self.body["metadata"]
        return metadata

    @property
    def uid(self) -> str:
        """Tells objects of one name apart."""
        return str(self.metadata.get("uid", ""))

    @property
    def version(self) -> str:
        """``resourceVersion``."""
        return str(self.metadata.get("resourceVersion", ""))

    @property
    def is_finished(self) -> bool:
        """Whether the deletion is through: Kubernetes removes such an object at once (a Namespace has other ways)."""
        being_deleted = "deletionTimestamp" in self.metadata and self.key.kind in MODELS
        return being_deleted and not self.metadata.get("finalizers")

    def has_same_intent(self, other: "Observed", *, but_for_finalizers: bool = False) -> bool:
        """Whether nothing differs but the status and bookkeeping: such a change is nobody's wish."""
        fields = _INTENT_FIELDS if but_for_finalizers else (*_INTENT_FIELDS, "finalizers")
        return self.uid == other.uid and all(
            (self.metadata.get(field) or None) == (other.metadata.get(field) or None) for field in fields
        )

    def is_newer_than(self, other: "Observed") -> bool:
        """Whether this version should replace the other one; where the uid differs, what arrived last is taken."""
        if self.uid != other.uid:
            return True
        return is_later(self.version, other.version)


def is_later(version: str, other: str) -> bool:
    """Whether a version of an object is later than another one of the same object.

    They are comparable since Kubernetes 1.35 (they are etcd's revisions); where they are no numbers, any other counts
    as later.
    """
    if version.isdecimal() and other.isdecimal():
        return int(version) > int(other)
    return version != other


def key_of(body: Mapping[str, Any]) -> ObjectKey:
    """The key of an object from its body."""
    metadata = body["metadata"]
    return ObjectKey(str(body["kind"]), metadata.get("namespace") or "", metadata["name"])


def read(body: Mapping[str, Any]) -> Observed:
    """Take a body in, typed where it has the shape of its kind."""
    key = key_of(body)
    body = _without_managed_fields(body)
    model = MODELS.get(key.kind)
    if model is None:
        return Observed(key, body, None, None)
    try:
        return Observed(key, body, model.from_kubernetes(body), None)
    except InvalidResourceError as error:
        return Observed(key, body, None, str(error))


def _without_managed_fields(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out who set which field: nobody here reads it, and it doubles the memory of an object."""
    metadata = body["metadata"]
    if "managedFields" not in metadata:
        return body
    kept = {field: value for field, value in metadata.items() if field != "managedFields"}
    return {**body, "metadata": kept}
