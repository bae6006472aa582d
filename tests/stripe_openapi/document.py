"""Stripe's published OpenAPI document as something to judge requests and answers by.

Its schemas are OpenAPI 3.0: ``nullable`` beside ``type``, and no word on members that a schema does not name. Both are
translated into JSON Schema here, strictly: a member that the document does not name is a fault.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from stripe_openapi.additions import ADDITIONS, Addition, Field, Operation, Parameter

Schema = dict[str, Any]
BASE = "urn:stripe"
SCHEMAS = "#/components/schemas/"
KEPT = ("type", "enum", "maxLength", "maxItems", "pattern", "required")
DECIMAL = r"^-?\d+(\.\d{1,12})?$"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass(frozen=True)
class DocumentedOperation:
    """One call that the document describes.

    Attributes:
        name: Method and path template, parameters of the path unnamed: ``POST /v1/customers/{}``.
        expression: Matches the paths of the call.
        parameters: Schema of the parameters, of query or body, as one object.
        answer: Schema of a successful answer, as the document writes it.
    """

    name: str
    expression: re.Pattern[str]
    parameters: Schema
    answer: Schema


class StripeDocument:
    """The document, additions included; :func:`load` reads each file once."""

    def __init__(self, published: Schema, additions: tuple[Addition, ...] = ADDITIONS) -> None:
        self.version: str = published["info"]["version"]
        self.schemas: Mapping[str, Schema] = published["components"]["schemas"]
        self.operations = {operation.name: operation for operation in _operations(published)}
        for addition in additions:
            self._add(addition)
        translated = {name: json_schema(schema) for name, schema in self.schemas.items()}
        resource = DRAFT202012.create_resource({"components": {"schemas": translated}})
        self._registry: Registry[Any] = Registry().with_resource(BASE, resource)
        self._validators: dict[str, Draft202012Validator] = {}

    def _add(self, addition: Addition) -> None:
        match addition:
            case Field():
                members = self.schemas[addition.of]["properties"]
                if addition.replaces != (addition.name in members):
                    raise LookupError(f"{addition.of}.{addition.name}: see the document")
                members[addition.name] = copy.deepcopy(dict(addition.schema))
            case Parameter():
                self._add_parameter(addition)
            case Operation():
                if addition.name in self.operations:
                    raise LookupError(f"{addition.name} is in the document")
                _, path = addition.name.split()
                answer = {"$ref": f"{SCHEMAS}{addition.answer}"}
                self.operations[addition.name] = DocumentedOperation(
                    addition.name, _expression(path), dict(addition.parameters), answer
                )

    def _add_parameter(self, addition: Parameter) -> None:
        schema = self.operations[addition.of].parameters
        *path, name = re.findall(r"[^\[\]]+", addition.name)
        for part in path:
            schema = _hash(schema["properties"][part])
        if addition.replaces != (name in schema["properties"]):
            raise LookupError(f"{addition.of} {addition.name}: see the document")
        schema["properties"][name] = dict(addition.schema)

    def operation(self, method: str, path: str) -> DocumentedOperation | None:
        """The call of a method and a path; literal segments go before parameters."""
        for operation in self._in_order:
            if operation.name.startswith(f"{method} ") and operation.expression.fullmatch(path):
                return operation
        return None

    @cached_property
    def _in_order(self) -> list[DocumentedOperation]:
        return sorted(self.operations.values(), key=lambda operation: operation.name.replace("{}", "\uffff"))

    def resolved(self, schema: Schema) -> Schema:
        """The schema that a reference names."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].removeprefix(SCHEMAS)]
        return schema

    def of_kind(self, kind: str, *, deleted: bool = False) -> Schema | None:
        """The schema of the objects of a kind, as their member ``object`` names it."""
        name = self._kinds.get((kind, deleted))
        return None if name is None else {"$ref": f"{SCHEMAS}{name}"}

    @cached_property
    def _kinds(self) -> dict[tuple[str, bool], str]:
        kinds: dict[tuple[str, bool], str] = {}
        for name, schema in self.schemas.items():
            members = schema.get("properties", {})
            named = members.get("object", {}).get("enum", [])
            if len(named) == 1 and "x-resourceId" in schema:
                kinds.setdefault((named[0], "deleted" in members), name)
        return kinds

    @cached_property
    def event_types(self) -> frozenset[str]:
        """The types of events that a webhook endpoint can ask for."""
        parameters = self.operations["POST /v1/webhook_endpoints"].parameters
        return frozenset(parameters["properties"]["enabled_events"]["items"]["enum"]) - {"*"}

    def validator(self, schema: Schema) -> Draft202012Validator:
        """What judges values by a schema as the document writes it; made once for each schema."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(json_schema(schema), registry=self._registry)
        return self._validators[key]


@cache
def load(path: Path) -> StripeDocument:
    """The document of a file."""
    return StripeDocument(json.loads(path.read_text(encoding="utf-8")))


def json_schema(schema: Schema) -> Schema:
    """An OpenAPI 3.0 schema as JSON Schema, closed to members that it does not name."""
    made: Schema = {key: schema[key] for key in KEPT if key in schema}
    if "$ref" in schema:
        made["$ref"] = f"{BASE}{schema['$ref']}"
    if schema.get("format") == "decimal":
        made["pattern"] = DECIMAL
    if "items" in schema:
        made["items"] = json_schema(schema["items"])
    if "anyOf" in schema:
        made["anyOf"] = [json_schema(choice) for choice in schema["anyOf"]]
    if "properties" in schema:
        made["properties"] = {name: json_schema(member) for name, member in schema["properties"].items()}
        made["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = json_schema(schema["additionalProperties"])
    return {"anyOf": [{"type": "null"}, made]} if schema.get("nullable") else made


def _operations(published: Schema) -> Iterator[DocumentedOperation]:
    for path, methods in published["paths"].items():
        template = re.sub(r"\{[^}]*\}", "{}", path)
        for method, described in methods.items():
            yield DocumentedOperation(
                f"{method.upper()} {template}",
                _expression(template),
                _parameters(described),
                described["responses"]["200"]["content"].get(JSON, {}).get("schema", {}),
            )


def _expression(template: str) -> re.Pattern[str]:
    return re.compile(re.escape(template).replace(r"\{\}", "[^/]+"))


def _parameters(described: Schema) -> Schema:
    content = described.get("requestBody", {}).get("content", {})
    body = content.get(FORM, {}).get("schema", {})
    members, required = dict(body.get("properties", {})), list(body.get("required", []))
    for parameter in described.get("parameters", []):
        if parameter["in"] == "query":
            members[parameter["name"]] = parameter["schema"]
            required += [parameter["name"]] if parameter.get("required") else []
    return {"type": "object", "properties": members, "required": required}


def _hash(schema: Schema) -> Schema:
    """The alternative of a parameter's schema that is a hash, or a list of hashes, with named members."""
    for choice in [schema, *schema.get("anyOf", [])]:
        inner: Schema = choice.get("items", choice)
        if "properties" in inner:
            return inner
    raise LookupError("the parameter has no members")
