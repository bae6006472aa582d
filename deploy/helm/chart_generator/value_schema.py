"""values.schema.json: the types that the defaults show, what the comments add, and no key that is not documented.

Draft 7, the newest that all supported versions of Helm know.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chart_generator.documented_values import Value, ValuesError

Schema = dict[str, Any]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
TYPES: Final[Mapping[type, str]] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def values_schema(values: Sequence[Value], shapes: Mapping[str, Schema]) -> Schema:
    """Describe what may be set.

    Args:
        values: The documented values.
        shapes: Schemas that the comments name.

    Raises:
        ValuesError: A value has no type, or names a shape that does not exist.
    """
    missing = {
        shape
        for value in values
        for leaf in value.leaves()
        if (shape := leaf.comment.schema.get("$ref")) and shape not in shapes
    }
    if missing:
        raise ValuesError(f"@schema names unknown shapes: {', '.join(sorted(missing))}")
    root = _group(values)
    root["properties"]["global"] = {
        "type": "object",
        "description": "Helm hands it to every chart of a bigger one; not used here.",
    }
    return {
        "$schema": DRAFT,
        "title": "Values of the chart tenant-billing",
        **root,
        "definitions": dict(shapes),
    }


def _group(values: Sequence[Value]) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [value.path[-1] for value in values if not _may_be_absent(value)],
        "properties": {value.path[-1]: _schema(value) for value in values},
    }


def _may_be_absent(value: Value) -> bool:
    """Helm takes a key that is set to null away, so what may be null may be missing."""
    return "null" in value.comment.schema.get("type", ())


def _schema(value: Value) -> Schema:
    described: Schema = {"description": value.comment.description} if value.comment.description else {}
    if value.children:
        return {**described, **_group(value.children), **value.comment.schema}
    described["default"] = value.default
    added = dict(value.comment.schema)
    if "$ref" in added:  # stands alone: what is beside it is not looked at
        return {"$ref": f"#/definitions/{added['$ref']}", **described}
    return {"type": _type(value), **described, **added}


def _type(value: Value) -> str:
    for python_type, name in TYPES.items():
        if isinstance(value.default, python_type):
            return name
    raise ValuesError(f"{value.name} has a default of no type: {value.default!r}")
