"""How many calls per second Stripe takes of one account, and the budget that keeps within it (stripe.md 5.4)."""

from typing import Final

from tenant_billing.clients.budget import Budget
from tenant_billing.ports import UNMEASURED, CallMeter, Clock

REPORT_USAGE: Final = "CreateMeterEvent"
"""The operation that sends a meter event."""
REQUESTS_PER_ENDPOINT: Final = 25
"""Of one operation, live and in a sandbox."""
LIVE_METER_EVENTS: Final = 1000
"""Of live meter events, which Stripe counts by themselves; in a sandbox they count like any other call."""


def account_budget(
    requests_per_second: int, clock: Clock, meter: CallMeter = UNMEASURED, *, livemode: bool
) -> Budget:
    """The budget of an account.

    Live meter events are not held to the limit of one endpoint. They count in the budget of all calls together, though:
    ``requestsPerSecond`` is what its author wants this operator to send. That only one meter event at a time is under
    way for a customer is the concern of ``CustomerLocks``.

    Args:
        requests_per_second: Of all calls together.
        clock: Whose monotonic seconds count.
        meter: Measures how long requests wait.
        livemode: Whether money is real.
    """
    apart = {REPORT_USAGE: LIVE_METER_EVENTS} if livemode else {}
    return Budget(
        requests_per_second,
        clock,
        per_operation=apart,
        per_operation_default=REQUESTS_PER_ENDPOINT,
        meter=meter,
    )
