"""Filtering, ordering and paging of tenants (things-stack.md 2.3, 2.5)."""

from collections.abc import Callable, Iterable
from typing import Any

from tenant_billing_sandbox.things_stack.fields import ID_PATTERN, State
from tenant_billing_sandbox.things_stack.queries import PageQuery, SearchQuery
from tenant_billing_sandbox.things_stack.store import TenantRecord
from tenant_billing_sandbox.things_stack.validation import violation

LARGEST_PAGE = 1000
LONGEST_FILTER = 50
MOST_ATTRIBUTES = 10
LONGEST_KEY = 36

ORDERS: dict[str, Callable[[TenantRecord], Any]] = {
    "tenant_id": lambda record: record.id,
    "name": lambda record: (record.tenant.get("name", ""), record.id),
    "created_at": lambda record: (record.tenant["created_at"], record.id),
}


def check_page(message: str, query: PageQuery) -> None:
    """Refuse an order or a limit that the definition does not allow.

    Raises:
        ThingsStackError: ``validation``.
    """
    if query.order and query.order.removeprefix("-") not in ORDERS:
        raise violation(message, "order", "it must be one of the defined orders")
    if query.limit > LARGEST_PAGE:
        raise violation(message, "limit", f"it must be at most {LARGEST_PAGE}")


def check_search(query: SearchQuery) -> None:
    """Refuse a filter that the definition does not allow.

    Raises:
        ThingsStackError: ``validation``.
    """
    message = "SearchTenantsRequest"
    for name in ("id_contains", "name_contains", "description_contains"):
        if len(getattr(query, name)) > LONGEST_FILTER:
            raise violation(message, name, f"it must have at most {LONGEST_FILTER} characters")
    if len(query.attributes_contain) > MOST_ATTRIBUTES:
        raise violation(message, "attributes_contain", f"it must have at most {MOST_ATTRIBUTES} entries")
    for key, value in query.attributes_contain.items():
        if len(key) > LONGEST_KEY or not ID_PATTERN.fullmatch(key):
            raise violation(message, f"attributes_contain[{key}]", "its key must be written like an id")
        if len(value) > LONGEST_FILTER:
            reason = f"it must have at most {LONGEST_FILTER} characters"
            raise violation(message, f"attributes_contain[{key}]", reason)


def matches(record: TenantRecord, query: SearchQuery) -> bool:
    """Whether a tenant is found; deleted tenants are found only by asking for them (T-29)."""
    tenant = record.tenant
    return (
        (record.deleted_at is not None) == query.deleted
        and _contains(record.id, query.id_contains)
        and _contains(tenant.get("name", ""), query.name_contains)
        and _contains(tenant.get("description", ""), query.description_contains)
        and _attributes_match(tenant.get("attributes", {}), query.attributes_contain)
        and (not query.states or tenant.get("state", State.STATE_REQUESTED) in query.states)
    )


def page_of(records: Iterable[TenantRecord], query: PageQuery, *, page_default: int) -> list[TenantRecord]:
    """The records on the page that was asked for."""
    key = ORDERS[query.order.removeprefix("-") or "tenant_id"]
    ordered = sorted(records, key=key, reverse=query.order.startswith("-"))
    limit = query.limit or page_default
    first = (max(query.page, 1) - 1) * limit
    return ordered[first : first + limit]


def _contains(value: str, part: str) -> bool:
    return part.casefold() in value.casefold()


def _attributes_match(attributes: dict[str, str], wanted: dict[str, str]) -> bool:
    """All filters must hold for one and the same attribute: two keys find nothing (things-stack.md 2.5)."""
    if not wanted:
        return True
    return any(
        all(key == name and _contains(value, part) for name, part in wanted.items())
        for key, value in attributes.items()
    )
