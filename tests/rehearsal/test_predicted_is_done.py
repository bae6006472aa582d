"""What a rehearsal predicts is what the reconcilers then do: call by call, parameter by parameter."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kubernetes_bodies as bodies
from rehearsal_worlds import Manifest, Worked, predicted

PLANS = ("small", "large", "yearly")
TENANTS = ("acme", "beta", "gamma")
MOSTLY = st.sampled_from([True, True, True, False])


@st.composite
def plans(draw: st.DrawFn, name: str) -> Manifest:
    plan = bodies.a_plan(name)
    del plan["status"]
    spec = plan["spec"]
    spec["price"]["recurring"] |= {
        "unitAmount": draw(st.sampled_from([0, 900, 4900, 9900])),
        "interval": "Year" if name == "yearly" else "Month",
    }
    spec["prorationPolicy"] = draw(st.sampled_from(["NextInvoice", "InvoiceNow", "None"]))
    spec["newSubscriptions"] = draw(st.sampled_from(["Allow", "Allow", "Allow", "Allow", "Refuse"]))
    if draw(st.booleans()):
        spec["entityLimits"] = {"endDevices": draw(st.sampled_from([0, 100, 500]))}
    if draw(st.booleans()):
        spec["trial"] = {"days": 14}
    return plan


@st.composite
def subscriptions(draw: st.DrawFn, tenant: str) -> Manifest:
    made = bodies.a_subscription(tenant, plan=draw(st.sampled_from([*PLANS, *PLANS, *PLANS, "nowhere"])))
    del made["status"]
    spec = made["spec"]
    spec["renewal"] = draw(st.sampled_from(["FollowStripe", "Renew", "CancelAtPeriodEnd"]))
    spec["accessPolicy"] = draw(st.sampled_from(["FollowBilling", "Suspend", "KeepActive"]))
    spec["planConflictPolicy"] = draw(st.sampled_from(["FollowStripe", "EnforceSpec"]))
    if draw(st.booleans()):
        spec["tenant"]["name"] = draw(st.sampled_from(["Acme", "Acme IoT"]))
    if draw(st.integers(0, 4)) == 0:
        spec["limitOverrides"] = {"limits": {"gateways": 3}, "unlimited": ["Users"]}
    if draw(st.integers(0, 4)) == 0:
        spec["collection"] = {"method": "Invoice", "daysUntilDue": draw(st.sampled_from([14, 30]))}
    if draw(st.integers(0, 4)) == 0:
        spec["discounts"] = [{"couponID": draw(st.sampled_from(["PILOT20", "FRIENDS"]))}]
    if draw(st.integers(0, 9)) == 0:
        spec["customer"] = {"subscriptionRef": {"name": draw(st.sampled_from(TENANTS))}}
    return made


def without_status(body: Manifest) -> Manifest:
    return {name: value for name, value in body.items() if name != "status"}


@st.composite
def manifests(draw: st.DrawFn) -> list[Manifest]:
    """A few plans and subscriptions, in any order, as one file holds them."""
    chosen = [
        *[draw(plans(each)) for each in PLANS if draw(MOSTLY)],
        *[draw(subscriptions(each)) for each in TENANTS if draw(MOSTLY)],
    ]
    return list(draw(st.permutations(chosen)))


EVENTS = ["pay", "owe-short", "owe-long", "cancel", "limit", "nothing", "move"]


def happen(worked: Worked, event: tuple[str, str]) -> None:
    """Something happens outside, to one tenant."""
    what, tenant = event
    match what:
        case "pay":
            worked.pay_everything()
            worked.pay_again(tenant)
        case "owe-short":
            worked.owe(tenant, timedelta(days=2))
        case "owe-long":
            worked.owe(tenant, timedelta(days=40))
        case "cancel":
            worked.cancel(tenant)
        case "limit":
            worked.limit(tenant, 7)
        case "move":
            prices = sorted(worked.account.prices)
            if prices:
                worked.move(tenant, prices[0])


events = st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(TENANTS)), max_size=4)


def trusting(kind: dict[str, Any]) -> Manifest:
    body = without_status(kind)
    body["spec"]["trustedNamespaces"] = {"from": "All"}
    return body


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=manifests(), later=events, second=manifests(), trusts=st.booleans(), begun=st.booleans())
async def test_predicted_calls_are_the_calls_that_are_made(
    first: list[Manifest],
    later: list[tuple[str, str]],
    second: list[Manifest],
    trusts: bool,
    begun: bool,
) -> None:
    worked = Worked()
    backend, cluster = (trusting if trusts else without_status, trusting if trusts else without_status)
    owners = [backend(bodies.a_backend()), cluster(bodies.a_cluster())]
    if begun:
        worked.apply(*owners, *first)
        await worked.settle()
        worked.pay_everything()
        for event in later:
            happen(worked, event)
        worked.restart()
        await worked.settle()
    worked.forget_writes()

    forecast = await worked.rehearse(*owners, *second)
    assert worked.writes() == [], "a rehearsal writes nothing"

    worked.apply(*owners, *second)
    worked.restart()
    await worked.settle()
    assert predicted(forecast.calls) == worked.done()
    for outlook in forecast.outlooks:
        assert (outlook.ready, outlook.reason) == worked.ready(outlook.subject), outlook
