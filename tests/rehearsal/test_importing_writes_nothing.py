"""Whatever stands outside: applying what an import has written writes nothing outside, by the real reconcilers."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import kubernetes_bodies as bodies
from hand_clock import NOW
from importing_builders import LIMITS, NAMES, Left
from rehearsal_worlds import Manifest, Worked
from tenant_billing.domain.importing.remarks import Severity
from tenant_billing.domain.importing.result import Import, imported, without_writes
from tenant_billing.domain.observations import Invoice, TenantState

TENANTS = ("acme", "beta", "gamma", "delta")
OTHERWISE: list[dict[str, Any]] = [{}, {}, {"billing": None}, {"attributes": {"tier": "gold"}}]


def put(worked: Worked, left: Left) -> None:
    """Have it all stand outside."""
    account = worked.account
    account.products = {each.id: each for each in left.products}
    account.prices = {each.id: each for each in left.prices}
    account.customers = {each.id: each for each in left.customers}
    account.subscriptions = {each.id: each for each in left.subscriptions}
    worked.registry.tenants = {each.id: each for each in left.tenants}


async def import_from(worked: Worked, left: Left) -> Import:
    """What ``tenant-billing import`` gives."""
    names = replace(NAMES, api_key_secret="stripe", admin_key_secret="tts")
    account = worked.account
    source = replace(
        left.source(),
        names=names,
        products=tuple(account.products.values()),
        prices=tuple(account.prices.values()),
        customers=tuple(account.customers.values()),
        subscriptions=tuple(account.subscriptions.values()),
        tenants=tuple(worked.registry.tenants.values()),
    )
    result = imported(source)
    worked.loop.kubernetes.secrets["billing", "tts", "tenant-admin-key"] = "0a" * 32
    return without_writes(result, await worked.rehearse(*result.resources))


async def apply_and_count(worked: Worked, result: Import) -> list[str]:
    worked.apply(*(dict(each) for each in result.resources))
    worked.restart()
    await worked.settle()
    return [operation for _, operation, _, _ in worked.writes()]


@st.composite
def tenants_of_the_billing_server(draw: st.DrawFn) -> Left:
    """A few tenants in whatever state the Tenant Billing Server, people and time have left them."""
    left = Left()
    left.price(
        "price_A", metadata=draw(st.sampled_from([{}, {"max-end-devices": "500"}, {"max-users": "x"}]))
    )
    left.price("price_B", product="Growth", metered=draw(st.booleans()))
    for tenant in TENANTS:
        status = draw(
            st.sampled_from(["active", "trialing", "past_due", "unpaid", "canceled", "incomplete", "paused"])
        )
        sold = left.sold(tenant, draw(st.sampled_from(["price_A", "price_B"])), status=status)
        if status == "past_due":
            late = NOW - draw(st.sampled_from([timedelta(days=2), timedelta(days=40)]))
            invoice = Invoice(f"in_{tenant}", sold.id, "open", late, due_date=late)
            left.subscriptions[-1] = sold = replace(sold, open_invoices=(invoice,))
        state = draw(st.sampled_from(list(TenantState)[1:6]))
        limits = {**LIMITS, "end_devices": draw(st.sampled_from([None, 3, 500]))}
        if draw(st.integers(0, 5)):
            left.tenant(
                sold,
                state=state,
                limits=limits,
                state_description=draw(st.sampled_from(["", "Stripe subscription past due", "abuse"])),
                counts_only_activated=draw(st.booleans()),
                **draw(st.sampled_from(OTHERWISE)),
            )
    return left


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(left=tenants_of_the_billing_server())
async def test_applying_an_import_writes_nothing(left: Left) -> None:
    worked = Worked()
    put(worked, left)
    result = await import_from(worked, left)
    paused = {each.subject for each in result.remarks if each.severity is Severity.PAUSED}
    event(f"{len(paused)} paused")
    assert await apply_and_count(worked, result) == []


async def test_tenants_that_are_as_they_should_be_are_not_paused() -> None:
    left = Left()
    left.price()
    for tenant in TENANTS:
        left.tenant(left.sold(tenant))
    worked = Worked()
    put(worked, left)
    result = await import_from(worked, left)
    assert not [each for each in result.resources if "annotations" in each["metadata"]]
    assert await apply_and_count(worked, result) == []
    assert {worked.ready(f"TenantSubscription tenants/{each}") for each in TENANTS} == {
        ("True", "Provisioned")
    }


# -- restore ----------------------------------------------------------------


def without_status(body: dict[str, Any]) -> Manifest:
    return {name: value for name, value in body.items() if name != "status"}


async def lived() -> Worked:
    """An installation with plans, and tenants in several states, that was settled."""
    worked = Worked()
    plans = [without_status(bodies.a_plan(each)) for each in ("starter", "growth")]
    plans[1]["spec"]["entityLimits"] = {"gateways": 3}
    backend = without_status(bodies.a_backend())
    backend["spec"]["trustedNamespaces"] = {"from": "All"}
    tenants = [without_status(bodies.a_subscription(each)) for each in TENANTS]
    tenants[1]["spec"]["planRef"]["name"] = "growth"
    tenants[2]["spec"]["limitOverrides"] = {"limits": {"gateways": 1}}
    lab = without_status(bodies.a_subscription("lab", payer="acme"))
    worked.apply(backend, without_status(bodies.a_cluster()), *plans, *tenants, lab)
    await worked.settle()
    worked.pay_everything()
    worked.owe("delta", timedelta(days=40))
    worked.restart()
    await worked.settle()
    return worked


def standing(worked: Worked) -> dict[str, Any]:
    """What counts of each object: tenant, customer, subscription, price, plan."""
    found = {}
    for key in worked.loop.store.everything():
        if key.kind == "TenantSubscription":
            body = worked.loop.store.body(key) or {}
            status = body["status"]
            spec = body["spec"]
            found[str(key)] = (
                spec["tenant"]["id"],
                status["customerID"],
                status["subscriptionID"],
                status["planRef"]["name"],
                status["tenantState"],
            )
    return found


async def test_a_lost_cluster_comes_back_whole_and_nothing_is_written_outside() -> None:
    before = await lived()
    after = Worked()
    after.account, after.registry = before.account, before.registry
    after.forget_writes()
    outside = (dict(before.account.subscriptions), dict(before.registry.tenants))
    left = Left(names=NAMES)
    result = await import_from(after, left)
    assert not [each for each in result.resources if "annotations" in each["metadata"]], result.remarks
    assert await apply_and_count(after, result) == []
    assert standing(after) == standing(before)
    assert (dict(after.account.subscriptions), dict(after.registry.tenants)) == outside
