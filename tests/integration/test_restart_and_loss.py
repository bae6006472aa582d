"""What a restart, or the loss of everything that etcd knew, must not change."""

import json
from typing import Final

import pytest
import pytest_asyncio

from crash_life import difference
from crash_points import marks, writes_since
from fleet import EXPECTED, Fleet, everyone, launch
from running_product import Product, accounts
from tenant_billing_sandbox.environment.installation import apply, samples
from tenant_billing_sandbox.environment.places import SERVICE_ACCOUNT, SYSTEM_NAMESPACE
from waiting import wait_for

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

OPERATOR: Final = f"system:serviceaccount:{SYSTEM_NAMESPACE}:{SERVICE_ACCOUNT}"
QUIET: Final = 3.0
"""Seconds without a write after which none is expected any more."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(product: Product) -> Fleet:
    """More than fifty objects in all states, settled."""
    return await launch(product)


async def until_everybody_was_looked_at(product: Product, log_start: int) -> None:
    """Wait until a pass over every object has ended well since a place in the operator's log."""

    def looked_at() -> bool:
        lines = [json.loads(line) for line in product.log()[log_start:].splitlines() if line.startswith("{")]
        done = {line["name"] for line in lines if line["event"] == "pass" and line["result"] != "failed"}
        missing = set(everyone()) - done
        assert not missing, missing
        return True

    await wait_for(looked_at, "a pass over every object", 60, 0.5)
    await product.until_quiet(QUIET)


async def test_a_restart_with_everything_settled_writes_nothing_anywhere(
    product: Product, fleet: Fleet
) -> None:
    assert len(everyone()) > 50
    before = await fleet.pictures(product)
    since, position, log_start = (
        marks(product),
        product.environment.plane.audit.position(),
        len(product.log()),
    )

    await product.environment.operator.stop()
    await product.environment.start_operator()
    await until_everybody_was_looked_at(product, log_start)

    assert [(system, entry.path, entry.params) for system, entry in writes_since(product, since)] == []
    assert product.environment.plane.audit.writes(position, OPERATOR) == []
    assert difference(before, await fleet.pictures(product)) == []


async def test_etcd_is_wiped_and_everything_applied_again_from_files(product: Product, fleet: Fleet) -> None:
    """No call creates anything, and all is as it was: whose plan was changed, who was flagged and who suspended."""
    environment = product.environment
    before = await fleet.pictures(product)
    since, log_start = marks(product), len(product.log())

    await product.kill()
    await environment.plane.wipe()
    await environment.install()
    await apply(
        environment.plane, *accounts(environment), *fleet.tenants, *fleet.plans, *samples("billingplan")
    )
    await environment.start_operator()
    await until_everybody_was_looked_at(product, log_start)

    made = [
        (system, entry.operation, entry.params)
        for system, entry in writes_since(product, since)
        if entry.creates and system != "Kubernetes"
    ]
    assert made == []
    assert difference(before, await fleet.pictures(product)) == []
    assert {each.rpartition("-")[0] for each in before} == set(EXPECTED)
