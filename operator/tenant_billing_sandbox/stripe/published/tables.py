"""The generated tables, loaded: the parameters of every call we serve and the fields of every object."""

import copy
import json
import re
from functools import cache
from importlib import resources
from typing import Any

Schema = dict[str, Any]
ADDED_FIELDS: dict[str, tuple[str, ...]] = {
    # stripe.md 1.2 (S): fields of endive objects that the document of 2026-08-26.dahlia does not have.
    "invoice": ("status_details",),
    "product": ("tax_details", "type"),
    "subscription": ("status_details",),
}

PAGED = ("GET /v2/core/events",)
"""Lists of v2, whose ``next_page_url`` names the page by a parameter that the SDK only ever follows."""


def _read(name: str) -> Any:
    return json.loads((resources.files(__package__) / name).read_text(encoding="utf-8"))


@cache
def parameters() -> dict[str, Schema]:
    """The parameters of each call, by method and path template (``POST /v1/customers/{}``), endive's included."""
    tables: dict[str, Schema] = _read("parameters.json")
    for addition in _read("endive.json"):
        if addition["parameter"] is None:
            tables[addition["operation"]] = addition["schema"]
        else:
            _add(tables[addition["operation"]], addition["parameter"].split("["), addition["schema"])
    for operation in PAGED:
        _add(tables[operation], ["page"], {"type": "string"})
    return tables


def _add(schema: Schema, path: list[str], addition: Schema) -> None:
    """Put a newer parameter into its place in a hash."""
    name = path[0].rstrip("]")
    if len(path) == 1:
        schema["properties"][name] = addition
    else:
        _add(hash_of(schema["properties"][name]), path[1:], addition)


def hash_of(schema: Schema) -> Schema:
    """The alternative of a schema that is a hash, or a list of hashes, with named members."""
    for choice in [schema, *schema.get("anyOf", [])]:
        inner: Schema = choice.get("items", choice)
        if "properties" in inner:
            return inner
    raise LookupError("the parameter has no members")


@cache
def _fields() -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = _read("fields.json")
    for kind, names in ADDED_FIELDS.items():
        tables[kind]["null"] += names
    return tables


def blank(kind: str) -> dict[str, Any]:
    """An object of a kind (``subscription``, ``billing.meter`` …) in which nothing is set.

    Every field that Stripe's document calls nullable is null; the required ones have an empty value of their type
    (``""``, 0, false, [], {}), for the caller to fill in.
    """
    fields = _fields()[kind]
    empty: dict[str, Any] = copy.deepcopy(fields["empty"])
    return dict.fromkeys(fields["null"]) | empty


def expandable(kind: str | None) -> frozenset[str] | None:
    """The fields of an object that are, or contain, what ``expand`` shows; None for a kind without a table."""
    return frozenset(_fields()[kind]["expandable"]) if kind in _fields() else None


def kind_of(template: str) -> str | None:
    """The kind of object that calls below a path answer with: ``/v1/subscriptions/{}/pause`` with a subscription."""
    collection = re.match(r"/v1/((?:billing|checkout|test_helpers)/)?[^/]+", template)
    if collection is None:
        return None
    name = collection[0].removeprefix("/v1/").replace("/", ".").removesuffix("s")
    return name if name in _fields() else None


def unsettable(method: str, template: str) -> frozenset[str]:
    """The members that an empty string unsets in a call that writes: those that the object may have as null.

    Stripe's document says so of newer parameters only; ``""`` unsets the older ones, too (stripe.md 5.1).
    """
    kind = kind_of(template)
    return frozenset(_fields()[kind]["null"]) if method == "POST" and kind is not None else frozenset()
