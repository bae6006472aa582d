"""Limits of calls per second (stripe.md 5.4)."""

import pytest
import stripe

from stripe_contract import RealTime, refused, simulated
from tenant_billing_sandbox.stripe.keys import ApiKey
from tenant_billing_sandbox.stripe.rate_limits import Profile, RateLimited, RateLimits
from tenant_billing_sandbox.stripe.server import StripeSettings

LIST = "GET /v1/products"


def limits(profile: Profile) -> tuple[RateLimits, RealTime]:
    clock = RealTime()
    return RateLimits(profile, clock), clock


def refusal(of: RateLimits, operation: str) -> str | None:
    try:
        of.enter(operation)
    except RateLimited as limited:
        return limited.reason
    return None


@pytest.mark.parametrize(("profile", "most"), [("sandbox", 25), ("live", 100)])
def test_the_account_has_a_limit_over_all_endpoints(profile: Profile, most: int) -> None:
    of, _ = limits(profile)
    assert [refusal(of, f"GET /v1/{number}") for number in range(most)] == [None] * most
    assert refusal(of, "GET /v1/other") == "global-rate"


def test_each_endpoint_has_a_limit_of_25() -> None:
    of, _ = limits("live")
    assert [refusal(of, LIST) for _ in range(25)] == [None] * 25
    assert refusal(of, LIST) == "endpoint-rate"
    assert refusal(of, "POST /v1/products") is None


def test_search_has_a_limit_of_20() -> None:
    of, _ = limits("sandbox")
    search = "GET /v1/customers/search"
    assert [refusal(of, search) for _ in range(20)] == [None] * 20
    assert refusal(of, search) == "endpoint-rate"


def test_live_meter_events_have_a_limit_of_their_own() -> None:
    of, _ = limits("live")
    events = "POST /v1/billing/meter_events"
    assert [refusal(of, events) for _ in range(1000)] == [None] * 1000
    assert refusal(of, events) == "endpoint-rate"
    assert refusal(of, LIST) is None


def test_sandbox_meter_events_count_with_the_rest() -> None:
    of, _ = limits("sandbox")
    assert [refusal(of, "POST /v1/billing/meter_events") for _ in range(25)] == [None] * 25
    assert refusal(of, LIST) == "global-rate"


def test_a_second_later_calls_are_taken_again() -> None:
    of, clock = limits("sandbox")
    for _ in range(25):
        of.enter(LIST)
    clock.now += 0.9
    assert refusal(of, LIST) is not None
    clock.now += 0.2
    assert refusal(of, LIST) is None


def test_without_a_profile_nothing_is_refused() -> None:
    of, _ = limits("none")
    assert {refusal(of, LIST) for _ in range(1000)} == {None}


async def test_a_refused_call_is_a_429_with_its_reason_and_changes_nothing() -> None:
    settings = StripeSettings(rate_limits="sandbox")
    async with simulated(settings, real_time=RealTime()) as (simulator, service):
        *_, limited = [await service.raw.post("/v1/products", data={"name": "A"}) for _ in range(26)]
        assert limited.status_code == 429
        assert limited.json()["error"]["code"] == "rate_limit"
        assert limited.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
        assert len(simulator.account.table("product")) == 25


async def test_the_profile_counts_whatever_the_mode_of_the_key() -> None:
    settings = StripeSettings(rate_limits="none", keys=(ApiKey(secret="sk_live_1"),))
    async with simulated(settings, real_time=RealTime()) as (_, service):
        answers = [await service.raw.get("/v1/account") for _ in range(30)]
    assert {answer.status_code for answer in answers} == {200}


async def test_the_sdk_maps_a_scripted_lock_timeout_to_a_rate_limit_error() -> None:
    async with simulated() as (_, service):
        fault = {
            "effect": "error",
            "status": 429,
            "code": "lock_timeout",
            "headers": {"Stripe-Should-Retry": "true"},
        }
        await service.raw.post("/_sandbox/faults", json=fault)
        error = await refused(service.client.v1.products.list_async())
    assert isinstance(error, stripe.RateLimitError)
    assert error.error is not None
    assert (error.error.code, error.request_id) == ("lock_timeout", None)
