"""The schema of a kind's spec, from its CustomResourceDefinition, as values.schema.json needs it."""

from collections.abc import Mapping
from typing import Any, Final

Schema = dict[str, Any]

KEPT: Final = (
    "type",
    "description",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
)
"""What means the same in both; defaults and rules in CEL are the API server's."""

OBJECT_NAME: Final = "^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$"


def objects_by_name(definition: Mapping[str, Any]) -> Schema:
    """Describe a mapping from names of objects to their specs."""
    (version,) = definition["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {OBJECT_NAME: _translated(spec)},
    }


def _translated(schema: Mapping[str, Any]) -> Schema:
    kept: Schema = {key: schema[key] for key in KEPT if key in schema}
    if schema.get("x-kubernetes-int-or-string"):
        kept["type"] = ["integer", "string"]
    if "items" in schema:
        kept["items"] = _translated(schema["items"])
    if "properties" in schema:
        kept["properties"] = {key: _translated(value) for key, value in schema["properties"].items()}
        kept["additionalProperties"] = False
    elif isinstance(schema.get("additionalProperties"), Mapping):
        kept["additionalProperties"] = _translated(schema["additionalProperties"])
    return kept
