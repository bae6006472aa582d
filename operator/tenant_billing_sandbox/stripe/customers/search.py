"""Search, which is behind the truth: what changed in the last minute is not found yet (stripe.md 5.3, 8)."""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import Problem, invalid
from tenant_billing_sandbox.stripe.rendering import DEFAULT_LIMIT

LAG = 60
"""Seconds of the account's time by which the index is behind."""
SEARCHED = ("customer", "price", "product", "subscription")
CLAUSE = re.compile(
    r"""\s*(?P<minus>-?)(?P<field>\w+)(?:\[(?P<q>["'])(?P<key>.*?)(?P=q)\])?\s*"""
    r"""(?P<operator>[:~<>]=?)\s*(?:(?P<quote>["'])(?P<text>.*?)(?P=quote)|(?P<bare>\w+))\s*"""
)
Condition = Callable[[Object], bool]


@dataclass
class SearchIndex:
    """The versions of each searched object that may still matter, by id: pairs of time and copy, oldest first."""

    versions: dict[str, list[tuple[int, Object]]] = field(default_factory=dict)

    def note(self, now: int, object_: Object) -> None:
        """Take in a new version of an object."""
        kept = self.versions.setdefault(object_["id"], [])
        kept.append((now, copy.deepcopy(object_)))
        while len(kept) > 1 and kept[1][0] <= now - LAG:
            del kept[0]

    def visible(self, kind: str, now: int) -> list[Object]:
        """The objects of a kind as the index knows them, newest first."""
        seen = (
            next((version for at, version in reversed(kept) if at <= now - LAG), None)
            for kept in reversed(self.versions.values())
        )
        return [version for version in seen if version is not None and version["object"] == kind]


def watch(account: Account) -> None:
    """Keep the account's search index from now on."""

    def listener(type_: str, object_: Object, _: Object | None) -> None:
        if object_.get("object") in SEARCHED:
            gone = {"deleted": True} if type_ in {"customer.deleted", "product.deleted"} else {}
            account.part(SearchIndex).note(account.now, {**object_, **gone})

    account.listeners.append(listener)


@operation("GET", "/v1/customers/search")
def search_customers(account: Account, call: Call) -> Object:
    """Customers by a query such as ``metadata['tenant']:'acme'``."""
    return _searched(account, call, "customer")


@operation("GET", "/v1/subscriptions/search")
def search_subscriptions(account: Account, call: Call) -> Object:
    """Subscriptions by a query."""
    return _searched(account, call, "subscription")


@operation("GET", "/v1/prices/search")
def search_prices(account: Account, call: Call) -> Object:
    """Prices by a query."""
    return _searched(account, call, "price")


@operation("GET", "/v1/products/search")
def search_products(account: Account, call: Call) -> Object:
    """Products by a query."""
    return _searched(account, call, "product")


def _searched(account: Account, call: Call, kind: str) -> Object:
    conditions = conditions_of(call.params["query"])
    matching = [
        object_
        for object_ in account.part(SearchIndex).visible(kind, account.now)
        if not object_.get("deleted") and all(condition(object_) for condition in conditions)
    ]
    limit, start = call.params.get("limit", DEFAULT_LIMIT), _start(call.params.get("page"))
    more = start + limit < len(matching)
    return {
        "object": "search_result",
        "data": matching[start : start + limit],
        "has_more": more,
        "next_page": f"page_{start + limit}" if more else None,
        "url": call.template,
    }


def _start(page: str | None) -> int:
    match = re.fullmatch(r"page_(\d+)", page or "page_0")
    if match is None:
        raise invalid("Invalid page token.", param="page")
    return int(match[1])


def conditions_of(query: str) -> list[Condition]:
    """The conditions of a query: clauses joined by AND, each negated by a leading minus.

    Raises:
        Problem: 400 for a query that is not understood.
    """
    conditions = []
    for clause in re.split(r"\s+AND\s+", query.strip()):
        match = CLAUSE.fullmatch(clause)
        if match is None:
            raise _not_understood(query)
        conditions.append(_condition(match, query))
    return conditions


def _condition(match: re.Match[str], query: str) -> Condition:
    name, key, operator = match["field"], match["key"], match["operator"]
    text = match["text"] if match["bare"] is None else match["bare"]
    if (name == "metadata") != (key is not None) or operator not in {":", "~", "<", ">", "<=", ">="}:
        raise _not_understood(query)

    def holds(object_: Object) -> bool:
        value = object_.get("metadata", {}).get(key) if key is not None else object_.get(name)
        return _compare(operator, value, text) is not bool(match["minus"])

    return holds


def _compare(operator: str, value: Any, text: str) -> bool:
    if value is None or text == "null":
        return operator == ":" and value is None and text == "null"
    if operator in {":", "~"}:
        shown = str(value).lower()
        return shown == text.lower() if operator == ":" else text.lower() in shown
    if not isinstance(value, int) or not text.isdigit():
        return False
    bound = int(text)
    return {"<": value < bound, ">": value > bound, "<=": value <= bound, ">=": value >= bound}[operator]


def _not_understood(query: str) -> Problem:
    return invalid(f"We were unable to parse your search query: {query}", param="query")
