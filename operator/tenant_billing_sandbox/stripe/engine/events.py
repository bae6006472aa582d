"""Snapshot events: made for every change, kept 30 days, listed and retrieved (stripe.md 3.2, 3.5)."""

import copy
import fnmatch
from collections.abc import Callable
from dataclasses import dataclass, field

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.lists import found, in_range, listing
from tenant_billing_sandbox.stripe.engine.timeline import DAY
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid

API_VERSION = "2026-10-28.endive"
KEPT_SECONDS = 30 * DAY
MOST_TYPES = 20


@dataclass
class Subscribers:
    """Functions that are handed every new event, and the number of events lost on request."""

    functions: list[Callable[[Object], None]] = field(default_factory=list)
    lose_next: int = 0


def record(account: Account, type_: str, object_: Object, previous: Object | None) -> None:
    """Make an event of a change: a copy of the object as it is now, and who asked for it."""
    subscribers = account.part(Subscribers)
    if subscribers.lose_next:
        subscribers.lose_next -= 1
        return
    data: Object = {"object": copy.deepcopy(object_)}
    if previous is not None:
        data["previous_attributes"] = copy.deepcopy(previous)
    event: Object = {
        "id": account.new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": account.now,
        "data": data,
        "livemode": account.livemode,
        "pending_webhooks": 0,
        "request": {
            "id": account.call.request_id if account.call else None,
            "idempotency_key": account.call.idempotency_key if account.call else None,
        },
        "type": type_,
    }
    account.table("event")[event["id"]] = event
    for function in subscribers.functions:
        function(event)


def forget_old(account: Account) -> None:
    """Drop the events that are older than 30 days; the oldest stand first."""
    events = account.table("event")
    for identifier, event in list(events.items()):
        if event["created"] > account.now - KEPT_SECONDS:
            return
        del events[identifier]


def type_matches(type_: str, patterns: list[str]) -> bool:
    """Whether an event type is one of those asked for; ``*`` stands for any part."""
    return type_ in patterns or any(
        fnmatch.fnmatchcase(type_, pattern) for pattern in patterns if "*" in pattern
    )


@operation("GET", "/v1/events")
def _list(account: Account, call: Call) -> Object:
    params = call.params
    types = params.get("types")
    if types and params.get("type"):
        raise invalid("You may only specify one of these parameters: type, types.", param="types")
    if types and len(types) > MOST_TYPES:
        raise invalid(f"You may specify at most {MOST_TYPES} types.", param="types")
    patterns = types or ([params["type"]] if params.get("type") else ["*"])
    delivered = params.get("delivery_success")
    return listing(
        "/v1/events",
        (
            event
            for event in account.table("event").values()
            if type_matches(event["type"], patterns)
            and in_range(event["created"], params.get("created"))
            and (delivered is None or delivered == (event["pending_webhooks"] == 0))
        ),
    )


@operation("GET", "/v1/events/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, "event", call.path[0])
