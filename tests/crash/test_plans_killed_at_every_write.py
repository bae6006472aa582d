"""The operator dies at every write of a plan's life, and while it moves subscribers to a changed price."""

import pytest

from crash_plans import PHASES, PLURAL, die_at, record, wrong
from crash_price_change import NAMES, PLAN, hold_moves, invoiced_changes, migrated, price_of
from manifests import a
from running_product import DAY, Product, a_tenant, is_provisioned
from waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


async def test_plan_killed_at_every_write_ends_as_if_undisturbed(product: Product) -> None:
    cases, pictures = await record(product, "plan-undisturbed")
    made = {each.point.path for each in cases["create"] if each.point.system == "Stripe"}
    assert made == {"/v1/products", "/v1/billing/meters", "/v1/prices"}
    names = [f"plan-{number:03}" for number in range(max(len(each) for each in cases.values()))]
    for phase in PHASES:
        await die_at(product, phase, cases[phase.name], names)
        assert await wrong(product, pictures[phase.name], names) == []


async def test_killed_in_the_middle_of_a_price_change_each_is_moved_once(product: Product) -> None:
    policies = {"spec.priceChangePolicy": "Immediately", "spec.prorationPolicy": "InvoiceNow"}
    await product.apply(a("BillingPlan", {"metadata.name": PLAN, **policies}))
    before = await product.until_ready(PLAN, "Available", plural=PLURAL)
    await product.apply(*(a_tenant(name, {"spec.planRef.name": PLAN}) for name in NAMES))
    await product.pay_when_asked(NAMES)
    await product.until(NAMES, is_provisioned, "provisioned")
    await product.environment.outside.advance(5 * DAY)
    former = before["status"]["priceID"]
    assert {price_of(product, name) for name in NAMES} == {former}

    faults = hold_moves(product)
    await product.change(PLAN, {"spec": {"price": {"recurring": {"unitAmount": 9900}}}}, plural=PLURAL)
    await wait_for(lambda: all(fault.has_held.is_set() for fault in faults), "moves to be held", PATIENCE)
    await product.kill()
    await product.environment.start_operator()

    plan = await migrated(product, former)
    assert {price_of(product, name) for name in NAMES} == {plan["status"]["priceID"]}
    moves = {name: invoiced_changes(product, name) for name in NAMES}
    assert {(len(each), each[0] > 0) for each in moves.values()} == {(1, True)}, moves
    await product.until(NAMES, is_provisioned, "provisioned")
