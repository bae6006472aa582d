"""Judging exchanges with Stripe by its published document: the contract of the simulator and of the operator."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jsonschema import ValidationError

from stripe_openapi.document import SCHEMAS, DocumentedOperation, Schema, StripeDocument, load
from stripe_openapi.exchanges import Exchange

REDACTED = "(redacted)"
"""What the simulator's record of requests says in place of a secret."""
READ = frozenset({200, 400, 402, 404})
"""Statuses of answers that are given after the parameters were read; 401, 403 and 429 come before."""
EXCLUDED = "/v2/"
"""The document describes v1 only; v2 takes JSON and has schemas of its own (stripe.md 8)."""
ERROR: Schema = {"$ref": f"{SCHEMAS}error"}


def assert_contract(record: Iterable[Mapping[str, Any]], document: Path) -> None:
    """Judge the requests that a simulator of Stripe has recorded (``GET /_sandbox/requests``).

    Args:
        record: The entries, as JSON. One that was refused or cut off before the simulator came to read its parameters
            names none, and is passed over.
        document: Stripe's OpenAPI document, as the fixture ``stripe_openapi`` gives it.

    Raises:
        AssertionError: A request that Stripe's document does not allow; all of them are named.
    """
    judge = load(document)
    requests = {
        (entry["method"], entry["path"], repr(entry["params"])): Exchange(
            entry["method"], entry["path"], entry["params"]
        )
        for entry in record
        if _was_read(entry)
    }
    assert requests, "nothing was asked of Stripe"
    faults = [f"{each}: {fault}" for each in requests.values() for fault in request_faults(judge, each)]
    assert not faults, "\n".join(faults)


def _was_read(entry: Mapping[str, Any]) -> bool:
    """Whether the parameters in the record are those that were sent."""
    return bool(entry["params"]) or (not entry["faults"] and entry["status"] in READ)


def exchange_faults(document: StripeDocument, exchange: Exchange) -> list[str]:
    """What is wrong with an exchange.

    A request that Stripe would refuse was carried out, a parameter that Stripe knows was called unknown, or the answer
    has not Stripe's shape.
    """
    if exchange.path.startswith(EXCLUDED):
        return []
    asked = list(request_faults(document, exchange))
    answered = list(answer_faults(document, exchange))
    if exchange.succeeded:
        return [f"{exchange}: {fault}" for fault in [*asked, *answered]]
    if not answered and not asked and exchange.answer["error"].get("code") == "parameter_unknown":
        answered.append("the document has all of these parameters")
    return [f"{exchange}: {fault}" for fault in answered]


def request_faults(document: StripeDocument, exchange: Exchange) -> Iterator[str]:
    """What is wrong with a request."""
    if exchange.path.startswith(EXCLUDED):
        return
    operation = document.operation(exchange.method, exchange.path)
    if operation is None:
        yield "the document has no such call"
        return
    typed = _typed(document, operation.parameters, exchange.parameters)
    yield from _faults(document, operation.parameters, typed)


def answer_faults(document: StripeDocument, exchange: Exchange) -> Iterator[str]:
    """What is wrong with an answer."""
    operation = document.operation(exchange.method, exchange.path)
    if exchange.path.startswith(EXCLUDED) or operation is None:
        return
    schema = operation.answer if exchange.succeeded else ERROR
    faults = list(_faults(document, schema, exchange.answer))
    yield from faults
    if exchange.succeeded and not faults:
        yield from _expansion_faults(document, operation, exchange)
        yield from _event_faults(document, exchange.answer)


def _faults(document: StripeDocument, schema: Schema, value: Any) -> Iterator[str]:
    for error in document.validator(schema).iter_errors(value):
        yield from _worded(error)


def _worded(error: ValidationError) -> Iterator[str]:
    """The faults behind one error; of alternatives, those of the one that was meant."""
    if error.validator == "anyOf" and error.context:
        choices: dict[Any, list[ValidationError]] = {}
        for inner in error.context:
            choices.setdefault(inner.schema_path[0], []).append(inner)
        meant = min(choices.values(), key=lambda errors: (_is_another_kind(error, errors), len(errors)))
        if not _is_another_kind(error, meant):
            for inner in meant:
                yield from _worded(inner)
            return
    place = ".".join(str(part) for part in error.absolute_path) or "(whole)"
    yield f"{place}: {error.message[:300]}"


def _is_another_kind(whole: ValidationError, errors: Sequence[ValidationError]) -> bool:
    """Whether an alternative is for another type of value, or another kind of object."""
    depth = len(whole.absolute_path)
    return any(
        (error.validator == "type" and len(error.absolute_path) == depth)
        or list(error.absolute_path)[depth:] == ["object"]
        for error in errors
    )


def _typed(document: StripeDocument, schema: Schema, value: Any) -> Any:
    """The value that text of a form stands for under a schema; the text itself where it stands for none."""
    if value == REDACTED:
        return next(iter(schema.get("enum", [REDACTED])))
    if "anyOf" in schema:
        values = [(choice, _typed(document, choice, value)) for choice in schema["anyOf"]]
        fitting = [typed for choice, typed in values if document.validator(choice).is_valid(typed)]
        typed_hashes = [typed for _, typed in values if not isinstance(typed, str)]
        return [*fitting, *typed_hashes, value][0]
    kind = schema.get("type")
    if kind == "array" and isinstance(value, Mapping):
        value = [value[index] for index in sorted(value, key=lambda index: (len(index), index))]
    if kind == "array" and isinstance(value, list):
        return [_typed(document, schema["items"], item) for item in value]
    if kind == "object" and isinstance(value, Mapping):
        members, others = schema.get("properties", {}), schema.get("additionalProperties") or {}
        return {name: _typed(document, members.get(name, others), item) for name, item in value.items()}
    return _scalar(kind, value)


def _scalar(kind: str | None, value: Any) -> Any:
    if kind == "boolean" and value in {"true", "false"}:
        return value == "true"
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "number" and isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    return value


def _expansion_faults(
    document: StripeDocument, operation: DocumentedOperation, exchange: Exchange
) -> Iterator[str]:
    """Objects in place of ids that were not asked for, and ids in place of objects that were."""
    asked = exchange.parameters.get("expand", [])
    paths = set(asked.values() if isinstance(asked, Mapping) else asked)
    for path, expanded in dict.fromkeys(_expandable(document, operation.answer, exchange.answer, "")):
        wanted = any(each == path or each.startswith(f"{path}.") for each in paths)
        if expanded != wanted:
            yield f"{path}: {'expanded unasked' if expanded else 'not expanded'}"


def _expandable(
    document: StripeDocument, schema: Schema, value: Any, path: str
) -> Iterator[tuple[str, bool]]:
    """The places of an answer that hold an id or, expanded, an object; the path without list positions."""
    schema = document.resolved(schema)
    if isinstance(value, list):
        for item in value:
            yield from _expandable(document, schema.get("items", {}), item, path)
        return
    if "x-expansionResources" in schema and value is not None:
        yield path, isinstance(value, Mapping)
    if isinstance(value, Mapping):
        for choice in _alternatives(document, schema, value):
            for name, member in choice.get("properties", {}).items():
                place = f"{path}.{name}".lstrip(".")
                yield from _expandable(document, member, value.get(name), place)


def _alternatives(document: StripeDocument, schema: Schema, value: Mapping[str, Any]) -> Iterator[Schema]:
    """The schemas that a hash may be of, told apart by the kind of object."""
    for choice in schema.get("anyOf", [schema]):
        resolved = document.resolved(choice)
        kinds = resolved.get("properties", {}).get("object", {}).get("enum")
        if kinds is None or value.get("object") in kinds:
            yield resolved


def _event_faults(document: StripeDocument, answer: Any) -> Iterator[str]:
    events = answer.get("data", []) if answer.get("object") == "list" else [answer]
    for event in events:
        if event.get("object") == "event":
            for fault in event_faults(document, event):
                yield f"event {event['type']}: {fault}"


def event_faults(document: StripeDocument, event: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the type and the data of an event, which its own schema leaves open."""
    if event["type"] not in document.event_types:
        yield "there is no such type"
    subject = event["data"]["object"]
    yield from object_faults(document, subject)
    schema = document.of_kind(subject["object"], deleted=subject.get("deleted", False)) or {}
    known = document.resolved(schema).get("properties", {}).keys()
    for name in event["data"].get("previous_attributes", {}).keys() - known:
        yield f"previous_attributes.{name}: the object has no such member"


def object_faults(document: StripeDocument, value: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an object, judged as the kind that its member ``object`` names."""
    schema = document.of_kind(value["object"], deleted=value.get("deleted", False))
    if schema is None:
        yield f"there is no object {value['object']!r}"
    else:
        yield from _faults(document, schema, value)
