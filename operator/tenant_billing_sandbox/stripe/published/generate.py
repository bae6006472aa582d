"""Generate the tables of parameters and of object fields from Stripe's published OpenAPI document.

Run it as ``python -m tenant_billing_sandbox.stripe.published.generate SPEC3_JSON``. The document is the file
``embedded/openapi/spec3.json`` of the Go module ``github.com/stripe/stripe-mock`` v0.203.0 (``go mod download -json``
prints its folder). That document is of 2026-08-26.dahlia; what the endive version added since is read from the types
of the installed ``stripe`` SDK and kept apart, each entry with its source.
"""

import json
import re
from pathlib import Path
from typing import Any

import click

from tenant_billing_sandbox.stripe.published import sdk_types
from tenant_billing_sandbox.stripe.published.served import OBJECTS, SDK_PARAMETERS, SERVED

FOLDER = Path(__file__).parent
Schema = dict[str, Any]
KEPT = ("type", "enum", "maxLength", "format")


def parameter_schema(schema: Schema) -> Schema:
    """A parameter's schema without its prose."""
    kept: Schema = {key: schema[key] for key in KEPT if key in schema}
    if "anyOf" in schema:
        kept["anyOf"] = [parameter_schema(choice) for choice in schema["anyOf"]]
    if "items" in schema:
        kept["items"] = parameter_schema(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        kept["additionalProperties"] = parameter_schema(schema["additionalProperties"])
    if "properties" in schema:
        properties = schema["properties"]
        kept["properties"] = {name: parameter_schema(properties[name]) for name in sorted(properties)}
        kept["required"] = sorted(schema.get("required", []))
    return kept


def parameters(operation: Schema) -> Schema:
    """The parameters of a call, whether of its query or its body, as one object schema."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
    merged = parameter_schema(body.get("schema", {"type": "object", "properties": {}}))
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            merged["properties"][parameter["name"]] = parameter_schema(parameter["schema"])
            merged["required"] += [parameter["name"]] if parameter.get("required") else []
    merged["properties"].setdefault("expand", {"type": "array", "items": {"type": "string"}})
    return merged


def fields(document: Schema, name: str) -> Schema:
    """The fields of an object: the value of each where nothing is known, and which can be expanded."""
    schema = document["components"]["schemas"][name]
    required = schema.get("required", [])
    nullable = [field for field, of_field in schema["properties"].items() if of_field.get("nullable")]
    return {
        "null": sorted(nullable),
        "empty": {
            field: _empty(schema["properties"][field]) for field in sorted(set(required) - set(nullable))
        },
        "expandable": sorted(schema.get("x-expandableFields", [])),
    }


def _empty(schema: Schema) -> Any:
    """A neutral value; an object's ``object`` member has one possible value."""
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}.get(
        schema.get("type", ""), {}
    )


def braces(path: str) -> str:
    """A path template with unnamed parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def served_operations(document: Schema) -> dict[str, Schema]:
    """The tables of every call in :data:`SERVED` that the document describes."""
    tables = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {braces(path)}"
            if any(re.fullmatch(pattern, name) for pattern in SERVED):
                tables[name] = parameters(operation)
    return tables


def newer(published: dict[str, Schema]) -> list[Schema]:
    """What the SDK's types know and the document does not: whole calls, and parameters of known ones."""
    additions: list[Schema] = []
    for name, class_name in SDK_PARAMETERS.items():
        schema, source = sdk_types.schema_of(class_name)
        if name not in published:
            additions.append({"operation": name, "parameter": None, "schema": schema, "source": source})
            continue
        for parameter, of_parameter in sdk_types.additions(published[name], schema):
            additions.append(
                {"operation": name, "parameter": parameter, "schema": of_parameter, "source": source}
            )
    return additions


def write(path: Path, entries: list[str], brackets: str) -> None:
    """Write a table with one entry a line, so that a change of the document reads as a small difference."""
    text = f"{brackets[0]}\n" + ",\n".join(entries) + f"\n{brackets[1]}\n"
    path.write_text(text, encoding="utf-8")


def line(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


@click.command()
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", type=click.Path(exists=True, file_okay=False, path_type=Path), default=FOLDER)
def generate(document: Path, into: Path) -> None:
    """Write parameters.json, fields.json and endive.json from Stripe's OpenAPI DOCUMENT and the SDK's types."""
    published = json.loads(document.read_text(encoding="utf-8"))
    tables = served_operations(published)
    write(into / "parameters.json", [f"{line(name)}:{line(tables[name])}" for name in sorted(tables)], "{}")
    write(into / "fields.json", [f"{line(name)}:{line(fields(published, name))}" for name in OBJECTS], "{}")
    write(into / "endive.json", [line(entry) for entry in newer(tables)], "[]")


if __name__ == "__main__":
    generate()
