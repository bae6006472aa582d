"""Reading and writing the JSON of a message (things-stack.md 3, "JSON rules").

Inside the simulator a message is a dict by snake_case field name; a field that is unset or has its zero value
is absent. A wrapper's zero is a value and is kept: null is not zero (T-07). Enums are ints, timestamps are
datetimes.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from tenant_billing_sandbox.things_stack.errors import malformed
from tenant_billing_sandbox.things_stack.fields import Cardinality, EntityCountingType, Field, Kind
from tenant_billing_sandbox.things_stack.message_definitions import MESSAGES

Message = dict[str, Any]

MAX_UINT32 = 2**32 - 1
MAX_UINT64 = 2**64 - 1
WRAPPERS = frozenset({Kind.BOOL_VALUE, Kind.UINT32_VALUE, Kind.UINT64_VALUE})
DECIMAL = re.compile(r"[0-9]+", re.ASCII)
TIMESTAMP_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)


def read_message(name: str, value: Any) -> Message:
    """A message from decoded JSON; unknown members are ignored silently (T-06).

    Raises:
        GatewayError: A member has a type that it cannot have.
    """
    if not isinstance(value, Mapping):
        raise malformed(f"{name}: an object is expected")
    read: Message = {}
    for field_name, field in MESSAGES[name].items():
        member = _member(value, field_name)
        if member is None:
            continue
        content = _read_field(f"{name}.{field_name}", field, member)
        if not _is_zero(field, content):
            read[field_name] = content
    _check_oneofs(name, read)
    return read


def write_message(name: str, content: Message, *, counting_as_number: bool = False) -> dict[str, Any]:
    """The JSON of a message: snake_case, 64-bit numbers as strings, zeros and empty messages left out (T-08).

    Args:
        name: The message's name.
        content: Its fields.
        counting_as_number: Whether ``EntityCountingType`` goes out as a number (open question 7).
    """

    def write(field: Field, value: Any) -> Any:
        if field.kind is Kind.MESSAGE:
            return write_message(field.message, value, counting_as_number=counting_as_number)
        if field.kind is Kind.ENUM:
            as_number = counting_as_number and field.enum is EntityCountingType
            return int(value) if as_number else _enum_name(field, value)
        return _write_scalar(field, value)

    written: dict[str, Any] = {}
    for field_name, field in MESSAGES[name].items():
        if field_name not in content:
            continue
        value = content[field_name]
        if field.cardinality is Cardinality.LIST:
            written[field_name] = [write(field, item) for item in value]
        elif field.cardinality is Cardinality.MAP:
            written[field_name] = {key: write(field, item) for key, item in value.items()}
        else:
            one = write(field, value)
            if one or field.kind is not Kind.MESSAGE:
                written[field_name] = one
    return written


def write_timestamp(value: datetime) -> str:
    """RFC 3339 in UTC with ``Z`` and 0, 3 or 6 decimals."""
    moment = value.astimezone(UTC)
    seconds = f"{moment:%Y-%m-%dT%H:%M:%S}"
    if moment.microsecond == 0:
        return f"{seconds}Z"
    digits = f"{moment.microsecond:06d}"
    return f"{seconds}.{digits.removesuffix('000')}Z"


def read_timestamp(value: Any) -> datetime:
    """A moment in UTC; an offset such as ``+02:00`` is refused.

    Raises:
        GatewayError: It is no timestamp.
    """
    form = TIMESTAMP_FORM.fullmatch(value) if isinstance(value, str) else None
    if form is None:
        raise malformed("a timestamp in UTC with the suffix Z is expected")
    try:
        seconds = datetime.fromisoformat(form[1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise malformed(f"a timestamp is expected: {error}") from None
    return seconds.replace(microsecond=int((form[2] or "0").ljust(9, "0")[:6]))


def read_enum(enum: type[IntEnum], value: Any, *, short_names: bool) -> int:
    """An enum's number from its full name, its number and, in bodies only, its short name.

    Raises:
        GatewayError: No value has that name.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in enum.__members__:
            return enum[value]
        matching = [member for member in enum if short_names and member.name.endswith(f"_{value}")]
        if value and len(matching) == 1:
            return matching[0]
    raise malformed(f"{value!r} is no value of the enum {enum.__name__}")


def _member(value: Mapping[str, Any], name: str) -> Any:
    """A member by its snake_case or its camelCase name."""
    first, *rest = name.split("_")
    camel_case = first + "".join(part.capitalize() for part in rest)
    return value.get(name, value.get(camel_case))


def _read_field(path: str, field: Field, value: Any) -> Any:
    if field.cardinality is Cardinality.LIST:
        if not isinstance(value, list):
            raise malformed(f"{path}: a list is expected")
        return [_read_one(path, field, item) for item in value]
    if field.cardinality is Cardinality.MAP:
        if not isinstance(value, Mapping):
            raise malformed(f"{path}: an object is expected")
        return {key: _read_one(path, field, item) for key, item in value.items()}
    return _read_one(path, field, value)


def _read_one(path: str, field: Field, value: Any) -> Any:
    if field.kind is Kind.MESSAGE:
        return read_message(field.message, value)
    if field.kind is Kind.ENUM:
        assert field.enum is not None
        return read_enum(field.enum, value, short_names=True)
    return _READERS[field.kind](path, value)


def _read_string(path: str, value: Any) -> str:
    if not isinstance(value, str):
        raise malformed(f"{path}: a string is expected")
    return value


def _read_bool(path: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise malformed(f"{path}: true or false is expected")
    return value


def _read_struct(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise malformed(f"{path}: an object is expected")
    return dict(value)


def _unsigned(maximum: int) -> Callable[[str, Any], int]:
    def read(path: str, value: Any) -> int:
        if isinstance(value, str) and DECIMAL.fullmatch(value) and len(value) <= len(str(maximum)):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= maximum:
            raise malformed(f"{path}: an unsigned integer of at most {maximum} is expected")
        return value

    return read


_READERS: Mapping[Kind, Callable[[str, Any], Any]] = {
    Kind.STRING: _read_string,
    Kind.OPAQUE: _read_string,
    Kind.BOOL: _read_bool,
    Kind.BOOL_VALUE: _read_bool,
    Kind.UINT32_VALUE: _unsigned(MAX_UINT32),
    Kind.UINT64: _unsigned(MAX_UINT64),
    Kind.UINT64_VALUE: _unsigned(MAX_UINT64),
    Kind.TIMESTAMP: lambda _, value: read_timestamp(value),
    Kind.STRUCT: _read_struct,
}


def _write_scalar(field: Field, value: Any) -> Any:
    if field.kind in {Kind.UINT64, Kind.UINT64_VALUE}:
        return str(value)
    if field.kind is Kind.TIMESTAMP:
        return write_timestamp(value)
    return value


def _enum_name(field: Field, value: int) -> str:
    assert field.enum is not None
    return field.enum(value).name


def _is_zero(field: Field, content: Any) -> bool:
    if field.cardinality is not Cardinality.ONE:
        return not content
    if field.kind in WRAPPERS or field.kind in {Kind.MESSAGE, Kind.STRUCT}:
        return False
    return not content


def _check_oneofs(name: str, read: Message) -> None:
    groups = [MESSAGES[name][field_name].oneof for field_name in read if MESSAGES[name][field_name].oneof]
    if len(groups) != len(set(groups)):
        raise malformed(f"{name}: only one field of {groups[0]} can be set")
