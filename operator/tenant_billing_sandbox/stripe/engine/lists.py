"""Looking objects up and listing them, as all of Stripe's list calls have it in common (stripe.md 6)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.problems import invalid, no_such

COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def found(account: Account, table: str, identifier: str, kind: str | None = None) -> Object:
    """The object of an address.

    Raises:
        Problem: 404 ``resource_missing``.
    """
    object_ = account.table(table).get(identifier)
    if object_ is None or object_.get("deleted"):
        raise no_such(kind or table.replace("_", " "), identifier)
    return object_


def referred(account: Account, table: str, identifier: str, param: str) -> Object:
    """The object that a parameter names.

    Raises:
        Problem: 400 ``resource_missing`` with the parameter.
    """
    object_ = account.table(table).get(identifier)
    if object_ is None or object_.get("deleted"):
        raise invalid(
            f"No such {table.replace('_', ' ')}: '{identifier}'", param=param, code="resource_missing"
        )
    return object_


def in_range(value: int | None, wanted: Any) -> bool:
    """Whether a time meets a filter: absent, a number, or a hash of ``gt``, ``gte``, ``lt``, ``lte``."""
    if wanted is None or wanted == "":
        return True
    if value is None:
        return False
    if isinstance(wanted, dict):
        return all(COMPARISONS[name](value, int(bound)) for name, bound in wanted.items())
    return value == int(wanted)


def matches(
    object_: Object, params: Mapping[str, Any], equal: tuple[str, ...] = (), ranges: tuple[str, ...] = ()
) -> bool:
    """Whether an object meets the filters of a call: members that are equal, and times in their range."""
    return all(params.get(name) in {None, object_[name]} for name in equal) and all(
        in_range(object_[name], params.get(name)) for name in ranges
    )


def listing(url: str, objects: Iterable[Object]) -> Object:
    """A list answer with everything that matches, newest first; the HTTP layer cuts the page."""
    return {"object": "list", "data": list(objects)[::-1], "has_more": False, "url": url}
