"""What is still to be delivered to webhook endpoints, and when (stripe.md 3.2). No input or output here."""

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.timeline import DAY, HOUR
from tenant_billing_sandbox.stripe.engine.webhook_endpoints import interested
from tenant_billing_sandbox.stripe.operations import Call
from tenant_billing_sandbox.stripe.rendering import rendered

SANDBOX_RETRIES = (600, HOUR, 3 * HOUR)
LIVE_RETRIES = (300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, *(12 * HOUR,) * 4)
LIVE_SECONDS = 3 * DAY


class Delivery(NamedTuple):
    """One event on its way to one endpoint.

    Attributes:
        event: Id of the event.
        endpoint: Id of the endpoint.
        body: The event as it was rendered once.
        attempt: Attempts made so far.
        at: Account time of the next attempt, seconds.
        born: Account time of the first one.
    """

    event: str
    endpoint: str
    body: bytes
    attempt: int
    at: int
    born: int


@dataclass
class Outbox:
    """Deliveries that wait, and what was asked to go wrong with them.

    Attributes:
        waiting: Not delivered yet.
        hold: Keep everything back until a flush.
        drop: How many of the next deliveries to lose for good, events staying in the list.
        duplicate: How many times more than once each delivery is sent.
        reorder: Send what waits together in reverse order.
        ingress: What stands before the receivers: where deliveries to an address that begins so really go.
    """

    waiting: list[Delivery] = field(default_factory=list)
    hold: bool = False
    drop: int = 0
    duplicate: int = 0
    reorder: bool = False
    ingress: dict[str, str] = field(default_factory=dict)

    def destination(self, url: str) -> str:
        """Where a delivery to an address goes."""
        for public, inside in self.ingress.items():
            if url.startswith(public):
                return inside + url.removeprefix(public)
        return url


def post(account: Account, event: Object) -> None:
    """Address a new event to every endpoint that wants it."""
    endpoints = interested(account, event["type"])
    event["pending_webhooks"] = len(endpoints)
    outbox = account.part(Outbox)
    for endpoint in endpoints:
        if outbox.drop:
            outbox.drop -= 1
            continue
        shown = rendered(account, event, Call("GET", "/v1/events/{}", (event["id"],)))
        shown["api_version"] = endpoint["api_version"] or event["api_version"]
        body = json.dumps(shown, default=str).encode()
        outbox.waiting.append(Delivery(event["id"], endpoint["id"], body, 0, account.now, account.now))


def take_due(account: Account, *, flush: bool = False) -> list[Delivery]:
    """Take the deliveries to attempt now out of the box, in the order, and as often, as they are to be sent."""
    outbox = account.part(Outbox)
    if outbox.hold and not flush:
        return []
    ready = [delivery for delivery in outbox.waiting if flush or delivery.at <= account.now]
    outbox.waiting = [delivery for delivery in outbox.waiting if not (flush or delivery.at <= account.now)]
    if outbox.reorder:
        ready.reverse()
    return [delivery for delivery in ready for _ in range(1 + outbox.duplicate)]


def succeeded(account: Account, delivery: Delivery) -> None:
    """Any 2xx: the endpoint has it."""
    event = account.table("event").get(delivery.event)
    if event is not None:
        event["pending_webhooks"] = max(event["pending_webhooks"] - 1, 0)


def failed(account: Account, delivery: Delivery) -> None:
    """Anything else: again later, 3 times in a sandbox, for up to 3 days live."""
    intervals = LIVE_RETRIES if account.livemode else SANDBOX_RETRIES
    if delivery.attempt >= len(intervals):
        return
    at = account.now + intervals[delivery.attempt]
    if account.livemode and at > delivery.born + LIVE_SECONDS:
        return
    account.part(Outbox).waiting.append(delivery._replace(attempt=delivery.attempt + 1, at=at))
