"""The documented limits of calls per second, measured in real time (stripe.md 5.4)."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tenant_billing_sandbox.stripe.problems import Problem

Profile = Literal["sandbox", "live", "none"]
Clock = Callable[[], float]
METER_EVENTS = "POST /v1/billing/meter_events"
PER_ENDPOINT = 25
SEARCH = 20
LIVE_METER_EVENTS = 1000
GLOBAL: dict[Profile, int] = {"sandbox": 25, "live": 100}
WINDOW = 1.0


@dataclass
class RateLimited(Exception):
    """A refused call.

    Attributes:
        reason: The value of ``Stripe-Rate-Limited-Reason``.
    """

    reason: Literal["global-rate", "endpoint-rate"]

    def problem(self) -> Problem:
        """The body: a 429 of ``invalid_request_error`` with code ``rate_limit``."""
        return Problem(
            429,
            "invalid_request_error",
            "Request rate limit exceeded. Learn more about rate limits here "
            "https://stripe.com/docs/rate-limits.",
            code="rate_limit",
        )


@dataclass
class RateLimits:
    """Calls of the last second for one account, in one mode.

    Attributes:
        profile: Whose figures count; ``none`` refuses nothing.
        clock: Real time in seconds, monotonic.
    """

    profile: Profile
    clock: Clock
    _calls: dict[str, deque[float]] = field(default_factory=dict)

    def enter(self, operation: str) -> None:
        """Count one call of an operation (method and template).

        Raises:
            RateLimited: The second is full; the refused call does not count.
        """
        if self.profile == "none":
            return
        now = self.clock()
        if self.profile == "live" and operation == METER_EVENTS:
            buckets = [(operation, LIVE_METER_EVENTS)]
        else:
            of_endpoint = SEARCH if operation.endswith("/search") else PER_ENDPOINT
            buckets = [("", GLOBAL[self.profile]), (operation, of_endpoint)]
        for name, most in buckets:
            if self._recent(name, now) >= most:
                raise RateLimited("endpoint-rate" if name else "global-rate")
        for name, _ in buckets:
            self._calls[name].append(now)

    def _recent(self, name: str, now: float) -> int:
        calls = self._calls.setdefault(name, deque())
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        return len(calls)
