"""Making an answer of an operation's result: the page of a list, expansions, fields given only on request."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.inner_lists import inner_lists
from tenant_billing_sandbox.stripe.operations import Call
from tenant_billing_sandbox.stripe.problems import Problem, invalid, no_such
from tenant_billing_sandbox.stripe.published import tables

Tree = dict[str, "Tree"]
DEFAULT_LIMIT = 10
DEEPEST_EXPANSION = 4
ON_REQUEST: Mapping[str, frozenset[str]] = {
    # API reference ("included only when expanded"); tiers and currency_options: stripe.md 1.2.
    "coupon": frozenset({"applies_to", "currency_options"}),
    "customer": frozenset(
        {"cash_balance", "invoice_credit_balance", "sources", "subscriptions", "tax", "tax_ids"}
    ),
    "invoice": frozenset({"confirmation_secret", "payments"}),
    "price": frozenset({"currency_options", "tiers"}),
}

REFERENCES: Mapping[str, str] = {
    "customer": "customer",
    "default_payment_method": "payment_method",
    "default_price": "price",
    "invoice": "invoice",
    "latest_invoice": "invoice",
    "payment_method": "payment_method",
    "pending_setup_intent": "setup_intent",
    "product": "product",
    "schedule": "subscription_schedule",
    "subscription": "subscription",
    "test_clock": "test_helpers.test_clock",
}
"""The kinds of the objects that members refer to by their id, by the member's name."""


def page(answer: Object, params: Mapping[str, Any]) -> Object:
    """The page of a whole list, newest first, that ``limit`` and the cursors ask for (stripe.md 6).

    Raises:
        Problem: 400 for two cursors at once, or a cursor that names nothing in the list.
    """
    data, limit = answer["data"], params.get("limit", DEFAULT_LIMIT)
    after, before = params.get("starting_after"), params.get("ending_before")
    if after and before:
        raise invalid(
            "You can only specify one of these parameters: ending_before, starting_after.",
            param="ending_before",
            code="parameters_exclusive",
        )
    if before:
        end = _position(data, before, "ending_before")
        start, more = max(end - limit, 0), end > limit
    else:
        start = _position(data, after, "starting_after") + 1 if after else 0
        end = start + limit
        more = end < len(data)
    return {**answer, "data": data[start:end], "has_more": more}


def _position(data: list[Object], cursor: str, param: str) -> int:
    for index, item in enumerate(data):
        if item["id"] == cursor:
            return index
    kind = data[0]["object"].rpartition(".")[2] if data else "object"
    raise _as_bad_request(no_such(kind, cursor, param=param))


def _as_bad_request(problem: Problem) -> Problem:
    return Problem(400, problem.type, problem.message, code=problem.code, param=problem.param)


def check_expansions(call: Call) -> None:
    """Refuse, before anything is done, what the call's answer could never expand.

    Raises:
        Problem: 400.
    """
    tree, prefix = _tree(call.params.get("expand", [])), ""
    if _lists(call):
        _check_names(tree, frozenset({"data"}), prefix)
        tree, prefix = tree.get("data", {}), "data"
    _check_tree(tree, tables.kind_of(call.template), prefix)


def _check_tree(tree: Tree, kind: str | None, path: str) -> None:
    """Refuse names that no object of a kind has, and no object that it refers to by an id."""
    known = tables.expandable(kind)
    if known is None:
        return
    _check_names(tree, known, path)
    for name, branch in tree.items():
        _check_tree(branch, REFERENCES.get(name), f"{path}.{name}".lstrip("."))


def rendered(account: Account, answer: Object, call: Call) -> Object:
    """The answer as it is sent: a page if the call lists, expanded where asked, always a copy.

    Raises:
        Problem: 400 for what cannot be expanded.
    """
    if answer.get("object") == "list" and _lists(call):
        answer = page(answer, call.params)
    return _object(account, answer, _tree(call.params.get("expand", [])), "")


def _lists(call: Call) -> bool:
    """Whether the answer is a list with cursors, or the result of a search."""
    accepted = tables.parameters().get(f"{call.method} {call.template}", {}).get("properties", {})
    return not accepted.keys().isdisjoint({"starting_after", "query"})


def _check_names(tree: Tree, known: frozenset[str], path: str) -> None:
    for name in tree:
        if name not in known:
            raise _unexpandable(path, name)


def _tree(paths: list[str]) -> Tree:
    tree: Tree = {}
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST_EXPANSION:
            raise invalid(
                f"You cannot expand more than {DEEPEST_EXPANSION} levels of a property.", param="expand"
            )
        branch = tree
        for part in parts:
            branch = branch.setdefault(part, {})
    return tree


def _object(account: Account, value: Object, tree: Tree, path: str) -> Object:
    value = value | inner_lists(account, value, tree.keys())
    kind = value.get("object")
    hidden = ON_REQUEST.get(kind, frozenset()) if isinstance(kind, str) else frozenset()
    known = tables.expandable(kind) if isinstance(kind, str) else None
    _check_names(tree, frozenset(value) if known is None else known, path)
    return {
        name: _member(account, member, tree.get(name), f"{path}.{name}".lstrip("."))
        for name, member in value.items()
        if name not in hidden or name in tree
    }


def _member(account: Account, value: Any, tree: Tree | None, path: str) -> Any:
    if isinstance(value, dict):
        return _object(account, value, tree or {}, path)
    if isinstance(value, list):
        return [_member(account, item, tree, path) for item in value]
    if tree is None or value is None:
        return value
    found = _by_id(account, value)
    if found is None:
        raise _unexpandable(path.rpartition(".")[0], path.rpartition(".")[2])
    return _object(account, found, tree, path)


def _by_id(account: Account, identifier: Any) -> Object | None:
    """The object with an id; ids are unique over all kinds."""
    if isinstance(identifier, str):
        for objects in account.objects.values():
            if identifier in objects:
                return objects[identifier]
    return None


def _unexpandable(path: str, name: str) -> Problem:
    whole = f"{path}.{name}".lstrip(".")
    return invalid(
        f"This property cannot be expanded ({whole}). You may want to try expanding a different property.",
        param="expand",
    )
