"""What a rehearsal predicts is what the reconcilers then do: call by call, parameter by parameter."""

import copy
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kubernetes_bodies as bodies
from rehearsal_worlds import Manifest, Worked, predicted

PLANS = ("small", "large", "yearly", "counted")
TENANTS = ("acme", "beta", "gamma")
DISCOVERY = {"namespace": "tenants", "clusterRef": {"name": "eu1"}}
MOSTLY = st.sampled_from([True, True, True, False])


@st.composite
def plans(draw: st.DrawFn, name: str) -> Manifest:
    plan = bodies.a_plan(name)
    del plan["status"]
    spec = plan["spec"]
    price = spec["price"]["recurring"] | {
        "unitAmount": draw(st.sampled_from([0, 900, 4900, 9900])),
        "interval": "Year" if name == "yearly" else "Month",
    }
    spec["price"] = {"metered" if name == "counted" else "recurring": price}
    spec["priceChangePolicy"] = draw(
        st.sampled_from(["NewSubscriptionsOnly", "AtRenewal", "Immediately", "Immediately"])
    )
    if draw(st.integers(0, 3)) == 0:
        spec["discovery"] = DISCOVERY
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


@st.composite
def two_files(draw: st.DrawFn) -> tuple[list[Manifest], list[Manifest]]:
    """A file by which everybody subscribes, and the same after somebody has worked on it."""
    first = [draw(plans(each)) for each in PLANS] + [draw(subscriptions(each)) for each in TENANTS]
    for each in first[: len(PLANS)]:
        each["spec"]["newSubscriptions"] = "Allow"
    for each in first[len(PLANS) :]:
        each["spec"]["planRef"] = {"name": draw(st.sampled_from(PLANS))}
    second = [copy.deepcopy(each) for each in first if draw(MOSTLY)]
    for each in second:
        spec = each["spec"]
        if each["kind"] != "BillingPlan":
            continue
        (price,) = spec["price"].values()
        price["unitAmount"] += draw(st.sampled_from([0, 100]))
        spec["priceChangePolicy"] = draw(
            st.sampled_from(["Immediately", "AtRenewal", "NewSubscriptionsOnly"])
        )
        if draw(st.booleans()):
            spec["discovery"] = DISCOVERY
    return first, second


EVENTS = ["pay", "owe-short", "owe-long", "cancel", "limit", "nothing", "move", "count", "born", "born"]


def happen(worked: Worked, event: tuple[str, str]) -> None:
    """Something happens outside, to one tenant."""
    what, tenant = event
    prices = sorted(worked.account.prices)
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
        case "move" if prices:
            worked.move(tenant, prices[0])
        case "born" if prices:
            worked.born(f"{tenant}-born", prices[-1])
        case "count":
            worked.count(tenant, 7)


events = st.lists(st.tuples(st.sampled_from(EVENTS), st.sampled_from(TENANTS)), max_size=4)


def trusting(kind: dict[str, Any]) -> Manifest:
    body = without_status(kind)
    body["spec"]["trustedNamespaces"] = {"from": "All"}
    return body


GONE = [*(("BillingPlan", each) for each in PLANS), *(("TenantSubscription", each) for each in TENANTS)]
deletions = st.lists(st.sampled_from(GONE), max_size=3, unique=True)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    first=manifests(),
    later=events,
    deleted=deletions,
    second=manifests(),
    trusts=st.booleans(),
    begun=st.booleans(),
)
async def test_predicted_calls_are_the_calls_that_are_made(
    first: list[Manifest],
    later: list[tuple[str, str]],
    deleted: list[tuple[str, str]],
    second: list[Manifest],
    trusts: bool,
    begun: bool,
) -> None:
    worked, owners = Worked(), _owners(trusts=trusts)
    if begun:
        await _lived(worked, [*owners, *first], later)
        worked.delete(deleted)
    await _predicted_and_done(worked, [*owners, *second], deleted if begun else [])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(files=two_files(), later=events, deleted=deletions)
async def test_an_edited_file_is_predicted_for_all_who_subscribed(
    files: tuple[list[Manifest], list[Manifest]],
    later: list[tuple[str, str]],
    deleted: list[tuple[str, str]],
) -> None:
    worked, (first, second) = Worked(), files
    owners = _owners(trusts=True)
    await _lived(worked, [*owners, *first], later)
    worked.delete(deleted)
    await _predicted_and_done(worked, [*owners, *second], deleted)


def _owners(*, trusts: bool) -> list[Manifest]:
    """The account and the cluster."""
    made = trusting if trusts else without_status
    return [made(bodies.a_backend()), made(bodies.a_cluster())]


async def _lived(worked: Worked, manifests: list[Manifest], later: list[tuple[str, str]]) -> None:
    """Manifests were applied, everybody has paid, and something has happened since."""
    worked.apply(*manifests)
    for tenant in TENANTS:
        worked.count(tenant, 5)
    await worked.settle()
    worked.pay_everything()
    for event in later:
        happen(worked, event)
    worked.restart()
    await worked.settle()


async def _predicted_and_done(
    worked: Worked, manifests: list[Manifest], deleted: list[tuple[str, str]]
) -> None:
    """What the rehearsal of applying manifests tells is what applying them does."""
    worked.forget_writes()
    forecast = await worked.rehearse(*manifests)
    assert worked.writes() == [], "a rehearsal writes nothing"

    if deleted:  # before anything else is applied, the operator lets go of what somebody has deleted
        worked.restart()
        await worked.settle()
    worked.apply(*manifests)
    worked.restart()
    await worked.settle()
    assert predicted(forecast.calls) == worked.done()
    assert {each.subject for each in forecast.outlooks} <= worked.standing()
    for outlook in forecast.outlooks:
        assert (outlook.ready, outlook.reason) == worked.ready(outlook.subject), outlook
