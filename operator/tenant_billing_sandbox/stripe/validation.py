"""Checking and typing the parameters of a call against Stripe's published tables (stripe.md 8, item 1)."""

import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal, InvalidOperation
from typing import Any

from tenant_billing_sandbox.stripe.problems import Problem, invalid

Schema = Mapping[str, Any]
INTEGER = re.compile(r"-?\d+")
METADATA_KEYS = 50
METADATA_KEY_LENGTH = 40
METADATA_VALUE_LENGTH = 500
PAGE_LIMIT = 100
DECIMAL_PLACES = 12
MAY_BE_NEGATIVE = frozenset({"balance", "limit"})
"""``balance`` is credit where negative; ``limit`` is refused in words of its own."""


def validated(
    schema: Schema, raw: Mapping[str, Any], unsettable: AbstractSet[str] = frozenset()
) -> dict[str, Any]:
    """The parameters of one call in their types.

    Args:
        schema: The call's entry in the table of parameters.
        raw: Decoded parameters: strings where they came as a form, JSON values where they came as JSON.
        unsettable: Parameters that an empty string unsets though the table does not say so.

    Raises:
        Problem: 400 in Stripe's words: unknown, missing or mistyped parameter, unknown choice, limits of
            metadata (stripe.md 9) and of ``limit`` (stripe.md 6).
    """
    properties: Schema = schema.get("properties", {})
    unset = {
        name: "" for name, value in raw.items() if value == "" and name in unsettable & properties.keys()
    }
    typed = _hash(schema, {name: value for name, value in raw.items() if name not in unset}, "") | unset
    limit = typed.get("limit")
    if isinstance(limit, int) and not 1 <= limit <= PAGE_LIMIT:
        bound = "greater than or equal to 1" if limit < 1 else f"less than or equal to {PAGE_LIMIT}"
        raise invalid(
            f"This value must be {bound} (it currently is '{limit}').",
            param="limit",
            code="parameter_invalid_integer",
        )
    return typed


def _hash(schema: Schema, raw: Any, path: str) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise invalid("Invalid object", param=path)
    free = schema.get("additionalProperties")
    if free is not None and "properties" not in schema:
        typed = {key: _value(free, value, f"{path}[{key}]") for key, value in raw.items()}
        if path.rpartition("[")[2].rstrip("]") == "metadata":
            _check_metadata(typed, path)
        return typed
    known: Mapping[str, Schema] = schema.get("properties", {})
    _refuse_unknown([_member(path, name) for name in raw if name not in known])
    for name in schema.get("required", []):
        if name not in raw:
            missing = _member(path, name)
            raise invalid(f"Missing required param: {missing}.", param=missing, code="parameter_missing")
    return {name: _value(known[name], value, _member(path, name)) for name, value in raw.items()}


def _member(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def _refuse_unknown(names: list[str]) -> None:
    if names:
        plural = "s" if len(names) > 1 else ""
        message = f"Received unknown parameter{plural}: {', '.join(names)}"
        raise invalid(message, param=names[0], code="parameter_unknown")


def _value(schema: Schema, raw: Any, path: str) -> Any:
    if "anyOf" in schema:
        return _choice(schema["anyOf"], raw, path)
    if not schema:
        return raw
    return TYPES[schema["type"]](schema, raw, path)


def _choice(choices: list[Schema], raw: Any, path: str) -> Any:
    """The first alternative that takes the value; else the refusal of the one that is nearest in kind."""
    refusals: list[tuple[bool, Problem]] = []
    for choice in choices:
        try:
            return _value(choice, raw, path)
        except Problem as problem:
            same_kind = _is_compound(choice) == isinstance(raw, Mapping | list)
            refusals.append((same_kind and choice.get("enum") != [""], problem))
    raise max(refusals, key=lambda refusal: refusal[0])[1]


def _is_compound(schema: Schema) -> bool:
    return schema.get("type") in {"object", "array"}


def _array(schema: Schema, raw: Any, path: str) -> list[Any]:
    if isinstance(raw, Mapping) and raw and all(key.isdigit() for key in raw):
        raw = [raw[key] for key in sorted(raw, key=int)]
    if not isinstance(raw, list):
        raise invalid("Invalid array", param=path)
    return [_value(schema.get("items", {}), item, f"{path}[{index}]") for index, item in enumerate(raw)]


def _string(schema: Schema, raw: Any, path: str) -> str:
    if not isinstance(raw, str):
        raise invalid(f"Invalid string: {raw}", param=path)
    choices = schema.get("enum")
    if choices is not None:
        return _one_of(choices, raw, path)
    if raw == "" and not _may_be_empty(path):
        raise invalid(
            f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{path}' cannot be unset. You should remove '{path}' from your request or supply a "
            "non-empty value.",
            param=path,
            code="parameter_invalid_empty",
        )
    longest = schema.get("maxLength")
    if longest is not None and len(raw) > longest:
        raise invalid(
            f"Invalid string: {raw[:10]}...{raw[-10:]}; must be at most {longest} characters", param=path
        )
    if schema.get("format") == "decimal":
        _check_decimal(raw, path)
    return raw


def _may_be_empty(path: str) -> bool:
    """Whether an empty value has a meaning of its own: the members of metadata and addresses are unset by it."""
    return re.search(r"(^|\[)(metadata|address|shipping)\]?\[", path) is not None


def _one_of(choices: list[str], raw: str, path: str) -> str:
    if raw in choices:
        return raw
    named = [choice for choice in choices if choice]
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])}, or {named[-1]}" if named else "empty"
    raise invalid(f"Invalid {path}: must be one of {listed}", param=path)


def _check_decimal(raw: str, path: str) -> None:
    try:
        exponent = Decimal(raw).as_tuple().exponent
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {raw}", param=path) from None
    if not isinstance(exponent, int) or -exponent > DECIMAL_PLACES:
        raise invalid(
            f"Invalid decimal: {raw}; must contain at maximum {DECIMAL_PLACES} decimal places.", param=path
        )


def _integer(_: Schema, raw: Any, path: str) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and INTEGER.fullmatch(raw):
        return int(raw)
    raise invalid(f"Invalid integer: {raw}", param=path, code="parameter_invalid_integer")


def _checked_integer(schema: Schema, raw: Any, path: str) -> int:
    """An integer; a negative one only where it is a sum that may be owed either way."""
    value = _integer(schema, raw, path)
    if value < 0 and path not in MAY_BE_NEGATIVE:
        raise invalid("Invalid non-negative integer", param=path, code="parameter_invalid_integer")
    return value


def _number(_: Schema, raw: Any, path: str) -> int | str:
    """A number stays as it was sent: an integer, or a decimal in its digits."""
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        raise invalid(f"Invalid decimal: {raw}", param=path) from None
    if not number.is_finite():
        raise invalid(f"Invalid decimal: {raw}", param=path)
    return raw if isinstance(raw, int) else str(raw)


def _boolean(_: Schema, raw: Any, path: str) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in ("true", "false"):
        return bool(raw == "true")
    raise invalid(f"Invalid boolean: {raw}", param=path)


def _null(_: Schema, raw: Any, path: str) -> None:
    if raw is not None:
        raise invalid("Invalid null", param=path)


def _check_metadata(metadata: Mapping[str, Any], path: str) -> None:
    """The limits of metadata: 50 keys, 40 characters a key, 500 a value (stripe.md 9)."""
    if len(metadata) > METADATA_KEYS:
        raise invalid(f"You can only specify up to {METADATA_KEYS} metadata keys.", param=path)
    for key, value in metadata.items():
        if len(key) > METADATA_KEY_LENGTH:
            raise invalid(
                f"Metadata keys can be at most {METADATA_KEY_LENGTH} characters; {key!r} has {len(key)}.",
                param=path,
            )
        if len(str(value)) > METADATA_VALUE_LENGTH:
            raise invalid(
                f"Metadata values can have up to {METADATA_VALUE_LENGTH} characters, but you passed in a value "
                f"with {len(str(value))} characters. Invalid value: {str(value)[:20]}...",
                param=f"{path}[{key}]",
            )


TYPES: dict[str, Callable[[Schema, Any, str], Any]] = {
    "array": _array,
    "boolean": _boolean,
    "integer": _checked_integer,
    "null": _null,
    "number": _number,
    "object": _hash,
    "string": _string,
}
