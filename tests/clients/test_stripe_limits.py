"""The budget of an account goes as fast as Stripe allows, and no faster (stripe.md 5.4)."""

import asyncio
from collections import Counter

import pytest

from outside_stubs import VirtualTimeLoop, in_virtual_time
from tenant_billing.clients.stripe_limits import REPORT_USAGE, account_budget
from tenant_billing_sandbox.stripe.rate_limits import METER_EVENTS, Profile, RateLimits

MOST = 100
"""The largest ``requestsPerSecond``."""


def _admitted_by_second(operation: str, calls: int, *, livemode: bool) -> list[int]:
    """How many of so many calls that come at once are let through in each second."""

    async def scenario(loop: VirtualTimeLoop) -> Counter[int]:
        budget, admitted = account_budget(MOST, loop, livemode=livemode), Counter[int]()

        async def call() -> None:
            await budget.admit(operation, urgent=False)
            admitted[int(loop.time() + 0.001)] += 1

        await asyncio.gather(*(call() for _ in range(calls)))
        return admitted

    admitted = in_virtual_time(scenario)
    return [admitted[second] for second in sorted(admitted)]


def test_live_meter_events_go_as_fast_as_the_whole_budget() -> None:
    assert _admitted_by_second(REPORT_USAGE, 250, livemode=True) == [100, 100, 50]


@pytest.mark.parametrize(
    ("operation", "livemode"), [(REPORT_USAGE, False), ("CreateSubscription", True), ("ListPrices", False)]
)
def test_everything_else_keeps_to_the_limit_of_one_endpoint(operation: str, livemode: bool) -> None:
    assert _admitted_by_second(operation, 60, livemode=livemode) == [25, 25, 10]


@pytest.mark.parametrize(("profile", "livemode"), [("live", True), ("sandbox", False)])
def test_the_simulated_limits_take_as_many_meter_events_as_the_budget_lets_through(
    profile: Profile, livemode: bool
) -> None:
    most = _admitted_by_second(REPORT_USAGE, 250, livemode=livemode)[0]
    limits = RateLimits(profile, lambda: 0.0)
    for _ in range(most):
        limits.enter(METER_EVENTS)
