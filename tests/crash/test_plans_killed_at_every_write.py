"""The operator dies at every write of a plan's life: product, meter, price, a changed amount, and the end."""

import pytest

from crash_plans import PHASES, die_at, record, wrong
from running_product import Product

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]


async def test_plan_killed_at_every_write_ends_as_if_undisturbed(product: Product) -> None:
    cases, pictures = await record(product, "plan-undisturbed")
    made = {each.point.path for each in cases["create"] if each.point.system == "Stripe"}
    assert made == {"/v1/products", "/v1/billing/meters", "/v1/prices"}
    names = [f"plan-{number:03}" for number in range(max(len(each) for each in cases.values()))]
    for phase in PHASES:
        await die_at(product, phase, cases[phase.name], names)
        assert await wrong(product, pictures[phase.name], names) == []
