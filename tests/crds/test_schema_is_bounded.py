"""Every field is described and bounded, and nothing is open but the two opaque maps."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from manifests import schema
from tenant_billing.api.names import KINDS

Field = tuple[str, Mapping[str, Any]]
OPAQUE = {
    "BillingBackend.status.pendingOperation.parameters",
    "BillingPlan.spec.tenantTemplate.configuration",
    "BillingPlan.status.pendingOperation.parameters",
    "TenantSubscription.status.pendingOperation.parameters",
}


def below(found: Mapping[str, Any], path: str) -> Iterator[Field]:
    for name, field in found.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from below(field, f"{path}.{name}")
    for inner in ("items", "additionalProperties"):
        if isinstance(found.get(inner), dict):
            yield f"{path}[]", found[inner]
            yield from below(found[inner], f"{path}[]")


FIELDS: list[Field] = [
    field
    for kind in KINDS
    for part in ("spec", "status")
    for field in below(schema(kind.kind)["properties"][part], f"{kind.kind}.{part}")
]


@pytest.mark.parametrize(
    ("fault", "condition"),
    [
        pytest.param(
            "no description",
            lambda path, field: not path.endswith("[]") and not field.get("description"),
            id="described",
        ),
        pytest.param(
            "a string without a bound",
            lambda _, field: field.get("type") == "string" and not {"maxLength", "enum"} & field.keys(),
            id="strings",
        ),
        pytest.param(
            "a list without bound or merge strategy",
            lambda _, field: (
                field.get("type") == "array" and not {"maxItems", "x-kubernetes-list-type"} <= field.keys()
            ),
            id="lists",
        ),
        pytest.param(
            "a map without a bound",
            lambda _, field: (
                field.get("type") == "object" and "properties" not in field and "maxProperties" not in field
            ),
            id="maps",
        ),
        pytest.param(
            "a number without a bound",
            lambda path, field: (
                field.get("type") == "integer"
                and not ({"minimum"} | ({"maximum"} if ".spec." in path else set())) <= field.keys()
            ),
            id="numbers",
        ),
        pytest.param(
            "open to anything",
            lambda path, field: bool(field.get("x-kubernetes-preserve-unknown-fields")) != (path in OPAQUE),
            id="closed",
        ),
        pytest.param(
            "a rule without a message",
            lambda _, field: any(
                not rule.get("message") for rule in field.get("x-kubernetes-validations", [])
            ),
            id="messages",
        ),
    ],
)
def test_no_field_has(fault: str, condition: Callable[[str, Mapping[str, Any]], bool]) -> None:
    assert [f"{path}: {fault}" for path, field in FIELDS if condition(path, field)] == []


def test_every_value_marked_immutable_is_guarded() -> None:
    guarded = {
        path
        for path, field in FIELDS
        if any(rule["rule"] == "self == oldSelf" for rule in field.get("x-kubernetes-validations", []))
    }
    periodic = {"currency", "interval", "intervalCount", "taxBehavior"}
    assert guarded == {
        "BillingBackend.spec.stripe.mode",
        "BillingBackend.spec.owner",
        "BillingPlan.spec.backendRef",
        "TenantSubscription.spec.clusterRef",
        "TenantSubscription.spec.tenant.id",
        *(f"BillingPlan.spec.price.{arm}.{field}" for arm in ("recurring", "metered") for field in periodic),
    }
