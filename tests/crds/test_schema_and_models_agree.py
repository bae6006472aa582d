"""The API server and the operator read the same contract: a field on one side only is a bug."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import pytest
from pydantic.fields import FieldInfo

from manifests import definition, schema
from tenant_billing.api import names
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan, BillingPlanSpec
from tenant_billing.api.fields import ApiModel
from tenant_billing.api.resource import Resource
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster

MODELS: list[type[Resource]] = [BillingBackend, ThingsStackCluster, BillingPlan, TenantSubscription]
BY_KIND = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.resource_kind.kind)
REQUIRED_BY_RULE = {"spec.stripe"}
"""Required by a CEL rule, "exactly one provider", so that another provider can join later."""
JSON_TYPES = {int: "integer", bool: "boolean", str: "string"}


def plain(annotation: Any) -> Any:
    """The type of a field without what may surround it: metadata, and None."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        present = [each for each in get_args(annotation) if each is not NoneType]
        return plain(present[0]) if len(present) == 1 else annotation
    return annotation


def differences(found: Mapping[str, Any], model: type[ApiModel], path: str) -> Iterator[str]:
    """Everything in which one object of the schema and its model differ."""
    fields = {str(field.alias): field for field in model.model_fields.values()}
    properties = found.get("properties", {})
    for name in sorted(fields.keys() ^ properties.keys()):
        yield f"{path}.{name}: only in the {'model' if name in fields else 'schema'}"
    for name in sorted(fields.keys() & properties.keys()):
        here = f"{path}.{name}"
        required = name in found.get("required", []) or here in REQUIRED_BY_RULE
        if fields[name].is_required() is not required:
            yield f"{here}: required on one side only"
        if default_of(fields[name]) != properties[name].get("default"):
            yield (
                f"{here}: default {default_of(fields[name])!r}, in the schema {properties[name].get('default')!r}"
            )
        yield from differing_values(properties[name], plain(fields[name].annotation), here)


def default_of(field: FieldInfo) -> Any:
    """The default as the schema would spell it; an empty list or map is spelled by absence."""
    default = field.get_default()
    if field.is_required() or default is None or default in ((), {}, frozenset()):
        return None
    if isinstance(default, ApiModel):
        return default.model_dump(mode="json", by_alias=True, exclude_none=True)
    owner = type("Owner", (ApiModel,), {"__annotations__": {"value": field.rebuild_annotation()}})
    return owner(value=default).model_dump(mode="json")["value"]


def differing_values(found: Mapping[str, Any], annotation: Any, path: str) -> Iterator[str]:
    """Everything in which a value of the schema and its type differ."""
    wanted = spelled(annotation)
    in_schema = {each: found.get(each) for each in ("type", "x-kubernetes-int-or-string")}
    in_schema["enum"] = sorted(found["enum"]) if "enum" in found else None
    in_schema["format"] = found.get("format") if found.get("type") == "string" else None
    if any(wanted.get(each) != value for each, value in in_schema.items()):
        yield f"{path}: {wanted} in the model, in the schema {in_schema}"
    if isinstance(annotation, type) and issubclass(annotation, ApiModel):
        yield from differences(found, annotation, path)
    elif wanted["type"] == "array":
        yield from differing_values(found.get("items", {}), plain(get_args(annotation)[0]), f"{path}[]")


def spelled(annotation: Any) -> dict[str, Any]:
    """What the schema has to say about a type."""
    origin = get_origin(annotation)
    if origin in (tuple, frozenset):
        return {"type": "array"}
    if origin in (Union, UnionType):
        return {"type": None, "x-kubernetes-int-or-string": True}
    if origin is Mapping or issubclass(annotation, ApiModel):
        return {"type": "object"}
    if issubclass(annotation, StrEnum):
        return {"type": "string", "enum": sorted(annotation)}
    if issubclass(annotation, datetime):
        return {"type": "string", "format": "date-time"}
    return {"type": JSON_TYPES.get(annotation, "string")}


@BY_KIND
@pytest.mark.parametrize("part", ["spec", "status"])
def test_schema_and_model_have_the_same_fields_types_enums_and_defaults(
    model: type[Resource], part: str
) -> None:
    found = schema(model.resource_kind.kind)["properties"][part]
    assert list(differences(found, cast("type[ApiModel]", model.model_fields[part].annotation), part)) == []


def test_a_difference_would_be_seen() -> None:
    found = schema("BillingPlan")["properties"]["spec"]
    del found["properties"]["trial"]
    found["properties"]["newField"] = {"type": "string"}
    found["properties"]["tax"]["default"] = {"automatic": "Enabled"}
    found["properties"]["newSubscriptions"]["enum"].append("Perhaps")
    found["properties"]["pastDue"]["properties"]["flagAfter"]["type"] = "integer"
    found["required"].remove("displayName")
    assert [each.split(":")[0] for each in differences(found, BillingPlanSpec, "spec")] == [
        "spec.newField",
        "spec.trial",
        "spec.displayName",
        "spec.newSubscriptions",
        "spec.pastDue.flagAfter",
        "spec.tax",
    ]  # fmt: skip


@BY_KIND
def test_a_kind_is_called_the_same_in_both(model: type[Resource]) -> None:
    kind = model.resource_kind
    found = definition(kind.kind)
    assert found["metadata"]["name"] == kind.definition_name
    assert found["spec"]["group"] == names.GROUP
    assert [version["name"] for version in found["spec"]["versions"]] == [names.VERSION]
    assert found["spec"]["scope"] == ("Namespaced" if kind.namespaced else "Cluster")
    assert found["spec"]["names"] == {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.singular,
        "shortNames": [kind.short_name],
        "categories": [names.CATEGORY],
    }
