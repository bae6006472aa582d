"""Whether the definitions in the cluster are those of this version: their fields are compared, name by name.

No hash and no annotation is trusted: who applies definitions by another way leaves those behind, and a definition that
lacks a field drops silently what the operator writes there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.names import ResourceKind
from tenant_billing.api.resource import Resource
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable

MODELS: Final[Mapping[ResourceKind, type[Resource]]] = {
    each.resource_kind: each for each in (BillingBackend, ThingsStackCluster, BillingPlan, TenantSubscription)
}
MOST_FIELDS_NAMED: Final = 5
CHECK: Final = "definitions"
_INSTALL: Final = "kubectl apply --server-side -f deploy/crds of this version, or upgrade the Helm release"

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class DefinitionSeen:
    """A CustomResourceDefinition as the API server has it.

    Attributes:
        established: Whether its condition says that it is served.
        served: The versions that are served.
        schema: The schema of the version that the operator speaks; None where it has none.
    """

    established: bool
    served: frozenset[str]
    schema: Schema | None = field(repr=False)


def judge(
    definitions: Mapping[ResourceKind, DefinitionSeen | Unreadable | None],
) -> Iterator[Finding]:
    """Judge the definitions of all kinds; one that is missing is None."""
    well = 0
    for kind, seen in definitions.items():
        found = _judged(kind, seen)
        well += found is None
        if found is not None:
            yield found
    if well:
        yield Finding(
            CHECK,
            "definitions",
            Status.OK,
            f"{well} of {len(definitions)} are established, serve {names.VERSION}, and have all fields",
        )


def _judged(kind: ResourceKind, seen: DefinitionSeen | Unreadable | None) -> Finding | None:
    subject = kind.definition_name
    if isinstance(seen, Unreadable):
        return Finding(CHECK, subject, Status.SKIPPED, seen.why)
    if seen is None:
        return Finding(CHECK, subject, Status.ERROR, "is not installed", _INSTALL)
    if not seen.established:
        return Finding(
            CHECK,
            subject,
            Status.ERROR,
            "is not established, so nothing of this kind is served",
            f"kubectl describe crd {subject} says why in its conditions",
        )
    if names.VERSION not in seen.served or seen.schema is None:
        others = ", ".join(sorted(seen.served)) or "none"
        return Finding(
            CHECK, subject, Status.ERROR, f"does not serve {names.VERSION} (served: {others})", _INSTALL
        )
    return _compared(subject, expected_fields(MODELS[kind]), frozenset(fields_of(seen.schema)))


def _compared(subject: str, expected: frozenset[str], present: frozenset[str]) -> Finding | None:
    missing, unknown = expected - present, present - expected
    if missing:
        finding = f"is older than this version: it drops {_named(missing)}"
        return Finding(CHECK, subject, Status.ERROR, finding, _INSTALL)
    if unknown:
        finding = f"is newer than this program: it has {_named(unknown)}"
        return Finding(
            CHECK, subject, Status.WARNING, finding, "run the tenant-billing of the operator's own version"
        )
    return None


def _named(paths: Iterable[str]) -> str:
    ordered = sorted(paths)
    more = len(ordered) - MOST_FIELDS_NAMED
    return ", ".join(ordered[:MOST_FIELDS_NAMED]) + (f" and {more} more" if more > 0 else "")


def expected_fields(model: type[Resource]) -> frozenset[str]:
    """Paths of all fields of spec and status, and of every value of an enum, that this version knows."""
    whole = model.model_json_schema(by_alias=True, mode="serialization")
    return frozenset(fields_of(whole, whole.get("$defs", {})))


def fields_of(schema: Schema, shared: Mapping[str, Schema] | None = None) -> Iterator[str]:
    """Paths of all fields of spec and status; values of an enum as ``path=value``.

    Args:
        schema: Of the whole object, in OpenAPI or JSON Schema.
        shared: What its references name.
    """
    for part in ("spec", "status"):
        yield from _within(schema.get("properties", {}).get(part, {}), part, shared or {})


def _within(schema: Schema, path: str, shared: Mapping[str, Schema]) -> Iterator[str]:
    for each in _arms(schema, shared):
        for name, inner in each.get("properties", {}).items():
            yield f"{path}.{name}"
            yield from _within(inner, f"{path}.{name}", shared)
        if isinstance(each.get("items"), Mapping):
            yield from _within(each["items"], f"{path}[]", shared)
        for value in each.get("enum", ()):
            yield f"{path}={value}"


def _arms(schema: Schema, shared: Mapping[str, Schema]) -> Iterator[Schema]:
    """The schema itself, or what it refers to, or each of its alternatives."""
    if "$ref" in schema:
        yield from _arms(shared[schema["$ref"].rpartition("/")[2]], shared)
    elif "anyOf" in schema and "properties" not in schema:
        for arm in schema["anyOf"]:
            yield from _arms(arm, shared)
    else:
        yield schema
