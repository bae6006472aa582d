"""Parameter schemas read from the types of the stripe SDK, which its authors generate from the OpenAPI document."""

import importlib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import stripe
import typing_extensions
from stripe._request_options import RequestOptions

Schema = dict[str, Any]
SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Decimal: {"type": "string", "format": "decimal"},
    Any: {},
    types.NoneType: {"type": "null"},
}
UNRESOLVED = {"StripeContext": Any, "Mapping": Mapping}
"""Names that the SDK imports for type checkers only; they belong to call options, not to parameters."""
WRAPPERS = (NotRequired, typing.Required, typing_extensions.NotRequired, typing_extensions.Required)


def schema_of(name: str) -> tuple[Schema, str]:
    """The schema of a parameter type below ``stripe.params`` and where it was read."""
    package, _, class_name = name.rpartition(".")
    module_name = f"stripe.params.{package}".rstrip(".")
    kind = getattr(importlib.import_module(module_name), class_name)
    source = f"stripe-python {stripe.VERSION}, {kind.__module__}"
    return _typed_dict(kind), source


def additions(published: Schema, newer: Schema, prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """What only the newer schema has: parameters, hashes where there was none, values of an enumeration."""
    known = published.get("properties", {})
    for name, schema in newer.get("properties", {}).items():
        path = f"{prefix}[{name}]" if prefix else name
        if name not in known:
            yield path, schema
            continue
        old, new = _hash(known[name]), _hash(schema)
        if new is not None and old is None:
            yield path, schema
        elif new is not None and old is not None:
            yield from additions(old, new, path)
        elif values := _enumerated(schema) - _enumerated(known[name]):
            yield path, _extended(known[name], sorted(values))


def _enumerated(schema: Schema) -> set[str]:
    """The values of all enumerations among a parameter's alternatives."""
    choices = [choice.get("items", choice) for choice in [schema, *schema.get("anyOf", [])]]
    return {value for choice in choices for value in choice.get("enum", [])}


def _extended(schema: Schema, values: list[str]) -> Schema:
    """A schema whose enumeration has further values; the bare empty string that unsets is none."""
    if schema.get("enum", [""]) != [""]:
        return {**schema, "enum": [*schema["enum"], *values]}
    if "items" in schema:
        return {**schema, "items": _extended(schema["items"], values)}
    if "anyOf" in schema:
        return {**schema, "anyOf": [_extended(choice, values) for choice in schema["anyOf"]]}
    return schema


def _hash(schema: Schema) -> Schema | None:
    """The alternative of a schema that is a hash, or a list of hashes, with named members."""
    for choice in [schema, *schema.get("anyOf", [])]:
        inner = choice.get("items", choice)
        if "properties" in inner:
            return typing.cast("Schema", inner)
    return None


def _typed_dict(kind: Any) -> Schema:
    hints = get_type_hints(kind, localns=UNRESOLVED, include_extras=True)
    options = set(RequestOptions.__annotations__)
    names = sorted(name for name in hints if name not in options)
    return {
        "type": "object",
        "properties": {name: _schema(hints[name]) for name in names},
        "required": sorted(kind.__required_keys__ & set(names)),
    }


def _schema(hint: Any) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any or hint in SIMPLE:
        return dict(SIMPLE[hint])
    if is_typeddict(hint) or typing_extensions.is_typeddict(hint):
        return _typed_dict(hint)
    if origin in COMPOUND:
        return COMPOUND[origin](arguments)
    raise TypeError(f"a parameter type that is not understood: {hint!r}")


def _choice(arguments: tuple[Any, ...]) -> Schema:
    """A choice; the bare ``str`` beside literal values only keeps the SDK's enumerations open, and goes."""
    kept = [argument for argument in arguments if not _is_object_class(argument)]
    if any(get_origin(argument) is Literal and get_args(argument) != ("",) for argument in kept):
        kept = [argument for argument in kept if argument is not str]
    choices = [_schema(argument) for argument in kept]
    return choices[0] if len(choices) == 1 else {"anyOf": choices}


def _is_object_class(argument: Any) -> bool:
    """Whether an alternative is an SDK object that may be passed in place of a plain hash."""
    return isinstance(get_origin(argument) or argument, type) and issubclass(
        get_origin(argument) or argument, stripe.StripeObject
    )


COMPOUND: dict[Any, Callable[[tuple[Any, ...]], Schema]] = {
    Literal: lambda values: {"type": "string", "enum": sorted(values)},
    list: lambda arguments: {"type": "array", "items": _schema(arguments[0])},
    dict: lambda arguments: {"type": "object", "additionalProperties": _schema(arguments[1])},
    Union: _choice,
    types.UnionType: _choice,
    **dict.fromkeys(WRAPPERS, lambda arguments: _schema(arguments[0])),
}
