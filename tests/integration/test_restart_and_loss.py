"""What a restart, or the loss of everything that etcd knew, must not change."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from billing_server_fleet import run_with_keys
from crash_life import difference
from crash_points import marks, writes_since
from fleet import EXPECTED, OUTSIDE, STAGES, Fleet, everyone, launch, members
from running_product import Manifest, Product, accounts, condition
from tenant_billing_sandbox.environment.installation import apply, samples
from tenant_billing_sandbox.environment.places import SERVICE_ACCOUNT, SYSTEM_NAMESPACE
from waiting import PATIENCE, wait_for

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

OPERATOR: Final = f"system:serviceaccount:{SYSTEM_NAMESPACE}:{SERVICE_ACCOUNT}"
DEPENDS_ON_ITS_PLAN: Final = "suspended"
"""Whose state follows from stages of their plan that stand nowhere outside: by the defaults they had time left."""
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

    await wait_for(looked_at, "a pass over every object", PATIENCE, 0.5)
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


async def test_etcd_is_wiped_twice_an_import_gives_back_what_stands_outside_and_files_give_back_all(
    product: Product, fleet: Fleet, tmp_path: Path
) -> None:
    """In the end all is as it was: whose plan was changed, who was flagged and who suspended."""
    environment, before, since = product.environment, await fleet.pictures(product), marks(product)
    await restored_by_an_import(product, tmp_path)

    await etcd_is_lost(product)
    log_start = len(product.log())
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


async def restored_by_an_import(product: Product, directory: Path) -> None:
    """With only Stripe and The Things Stack left, all objects of tenants are back, and nothing was written there.

    What stands nowhere outside is the default, and is reported.
    """
    environment, before, since = product.environment, await product.tenants(), marks(product)
    await etcd_is_lost(product)
    imported = await run_with_keys(environment, directory, "import", "-d", "restored", "-o", "json")
    assert imported.code == 0, imported.errors
    await environment.plane.run_kubectl("apply", "--filename", str(directory / "restored"))
    await environment.start_operator()

    wanted = {
        name: "Paused" if group == DEPENDS_ON_ITS_PLAN else EXPECTED[group][0]
        for group in OUTSIDE
        for name in members(group)
    }
    restored = await product.until(wanted, lambda each: _is_as(each, wanted), "restored", 120)
    await product.until_quiet(QUIET)
    assert [entry.path for system, entry in writes_since(product, since) if system != "Kubernetes"] == []
    assert (await product.tenants()).keys() == wanted.keys()
    for name in set(wanted) - set(members(DEPENDS_ON_ITS_PLAN)):
        assert _identity(restored[name]) == _identity(before[name]), name
    report = json.loads(imported.output)["report"]
    told = {each["subject"].rpartition("/")[2] for each in report if each["severity"] == "Paused"}
    assert told == set(members(DEPENDS_ON_ITS_PLAN)), "and why is in the report"
    defaults = {each["subject"] for each in report if "they are the defaults" in each["problem"]}
    assert defaults == {f"BillingPlan {name}" for name in (*STAGES, "starter", "growth")}


async def etcd_is_lost(product: Product) -> None:
    """The operator dies, and all that etcd knew is gone; definitions, rights and Secrets are there again."""
    await product.kill()
    await product.environment.plane.wipe()
    await product.environment.install()


def _is_as(resource: Manifest | None, wanted: Mapping[str, str]) -> bool:
    return resource is not None and condition(resource)[1] == wanted[resource["metadata"]["name"]]


def _identity(resource: Manifest) -> dict[str, object]:
    """For whom an object stands, and who pays for it by what."""
    known = ("customerID", "subscriptionID", "subscriptionItemID", "planRef", "tenantState")
    status = {field: resource["status"].get(field) for field in known}
    return {"tenant": resource["spec"]["tenant"]["id"], "plan": resource["spec"]["planRef"], **status}
