"""Reading the query of a GET, as the gateway does (things-stack.md 5, "Field masks")."""

import re
from dataclasses import dataclass, field
from enum import IntEnum

from multidict import MultiMapping

from tenant_billing_sandbox.things_stack.errors import malformed
from tenant_billing_sandbox.things_stack.fields import State
from tenant_billing_sandbox.things_stack.message_json import MAX_UINT32, read_enum

UNSIGNED = re.compile(r"[0-9]{1,10}", re.ASCII)
ATTRIBUTE = re.compile(r"attributes_contain\[(.*)\]")
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True)
class PageQuery:
    """Which entries, in which order, with which fields.

    Attributes:
        field_mask: Paths of the mask.
        order: A field, with a leading minus to reverse; empty: by id.
        limit: Entries on a page; 0: the server's default.
        page: Counts from 1; 0 means 1.
    """

    field_mask: list[str] = field(default_factory=list)
    order: str = ""
    limit: int = 0
    page: int = 0


@dataclass(frozen=True)
class SearchQuery:
    """What is searched for; all filters are substrings, regardless of case (T-29)."""

    id_contains: str = ""
    name_contains: str = ""
    description_contains: str = ""
    attributes_contain: dict[str, str] = field(default_factory=dict)
    states: list[int] = field(default_factory=list)
    deleted: bool = False


Query = MultiMapping[str]


def read_field_mask(query: Query) -> list[str]:
    """The mask: ``field_mask=a,b.c`` once, or ``field_mask.paths=a`` as often as needed.

    Raises:
        GatewayError: ``field_mask`` is repeated or empty.
    """
    joined = query.getall("field_mask", [])
    paths = query.getall("field_mask.paths", [])
    if len(joined) > 1:
        raise malformed("field_mask: too many values for one field")
    if not joined:
        return list(paths)
    if not joined[0]:
        raise malformed("field_mask: a mask cannot be empty")
    return [*joined[0].split(","), *paths]


def read_page(query: Query) -> PageQuery:
    """The paging parameters of List and Search; unknown parameters are ignored."""
    return PageQuery(
        field_mask=read_field_mask(query),
        order=_single(query, "order"),
        limit=_unsigned(query, "limit"),
        page=_unsigned(query, "page"),
    )


def read_search(query: Query) -> SearchQuery:
    """The filters of Search."""
    attributes = {
        form[1]: value for name, value in query.items() if (form := ATTRIBUTE.fullmatch(name)) is not None
    }
    return SearchQuery(
        id_contains=_single(query, "id_contains"),
        name_contains=_single(query, "name_contains"),
        description_contains=_single(query, "description_contains"),
        attributes_contain=attributes,
        states=[_enum(State, value) for value in query.getall("state", [])],
        deleted=_flag(query, "deleted"),
    )


def _single(query: Query, name: str) -> str:
    values = query.getall(name, [])
    if len(values) > 1:
        raise malformed(f"{name}: too many values for one field")
    return values[0] if values else ""


def _unsigned(query: Query, name: str) -> int:
    value = _single(query, name)
    if name not in query:
        return 0
    if not UNSIGNED.fullmatch(value) or int(value) > MAX_UINT32:
        raise malformed(f"{name}: {value!r} is no unsigned 32-bit integer")
    return int(value)


def _flag(query: Query, name: str) -> bool:
    value = _single(query, name)
    if name in query and value not in TRUE | FALSE:
        raise malformed(f"{name}: {value!r} is neither true nor false")
    return value in TRUE


def _enum(enum: type[IntEnum], value: str) -> int:
    """By full name or number; a short name is refused in queries."""
    if UNSIGNED.fullmatch(value):
        return int(value)
    return read_enum(enum, value, short_names=False)
