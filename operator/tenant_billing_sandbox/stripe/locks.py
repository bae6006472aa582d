"""Locks that concurrent calls meet (stripe.md 5.4): they matter only where calls take time (``latency``)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tenant_billing_sandbox.stripe.operations import Call
from tenant_billing_sandbox.stripe.problems import Problem

METER_EVENTS = frozenset({"/v1/billing/meter_events", "/v2/billing/meter_events"})


class Locked(Problem):
    """Another call holds the object; the answer has no request id and asks for a retry."""


@dataclass
class Locks:
    """What the calls under way hold, in one account."""

    _held: set[tuple[str, ...]] = field(default_factory=set)

    @contextmanager
    def holding(self, call: Call) -> Iterator[None]:
        """Hold what a call needs for itself alone.

        Raises:
            Locked: 429 ``lock_timeout``: another call holds it.
        """
        wanted = locked_by(call)
        if wanted is None:
            yield
            return
        if wanted in self._held:
            raise Locked(
                429,
                "invalid_request_error",
                "This object cannot be accessed right now because another API request or Stripe process is currently "
                "accessing it. If you see this error intermittently, retry the request.",
                code="lock_timeout",
            )
        self._held.add(wanted)
        try:
            yield
        finally:
            self._held.discard(wanted)


def locked_by(call: Call) -> tuple[str, ...] | None:
    """What a call holds: a meter event its customer and meter, any other write the object of its path."""
    if call.template in METER_EVENTS:
        payload = call.params.get("payload", {})
        return (str(call.params.get("event_name")), str(payload.get("stripe_customer_id")))
    if call.method == "GET" or not call.path:
        return None
    return (call.path[0],)
