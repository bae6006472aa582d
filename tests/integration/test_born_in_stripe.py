"""Tenants that are born in Stripe: the operator dies at every write of a birth, and then all of etcd is lost."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest
import pytest_asyncio

import manifests
from crash_points import AFTER, BEFORE, Identity, Point, marks, points_of, writes_since
from running_product import NAMESPACE, Manifest, Product, accounts, is_provisioned
from tenant_billing_sandbox.environment.installation import apply
from waiting import wait_for

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

PLAN: Final = manifests.a(
    "BillingPlan",
    {
        "metadata.name": "born-in-stripe",
        "spec.discovery": {"namespace": NAMESPACE, "clusterRef": {"name": "eu1"}},
    },
)
RECORDED: Final = "recorded"


async def _subscribe(product: Product, names: Sequence[str]) -> None:
    """Customers subscribe at Checkout, each for a tenant."""
    plan = await product.until_ready("born-in-stripe", "Available", plural="billingplans")
    for name in names:
        purchase = {"email": f"ann@{name}.example", "metadata": {"tenant-id": name}}
        price = {"price": plan["status"]["priceID"]}
        await product.environment.outside.drive_stripe("/_sandbox/checkout", purchase | price)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def points(product: Product) -> Sequence[Point]:
    """The writes that one undisturbed birth takes."""
    await product.apply(PLAN)
    since = marks(product)
    await _subscribe(product, [RECORDED])
    await product.until([RECORDED], is_provisioned, "provisioned")
    await product.until_quiet()
    writes = [entry for entry in writes_since(product, since) if "_sandbox" not in entry[1].path]
    found = points_of(writes, Identity(RECORDED))
    return [each for each in found if each.is_certain or each.method == "POST"]


def _written_to_stripe(product: Product, since: Mapping[str, int]) -> list[tuple[str, Any]]:
    return [
        (entry.path, entry.params) for system, entry in writes_since(product, since) if system == "Stripe"
    ]


def _tenants_made(product: Product, since: Mapping[str, int]) -> list[str]:
    made = [
        entry.params
        for system, entry in writes_since(product, since)
        if entry.creates and system == "TheThingsStack"
    ]
    return sorted(each["tenant"]["ids"]["tenant_id"] for each in made)


def _essence(resource: Manifest) -> Manifest:
    """An object without what says when and as which version it was made."""
    metadata = {key: resource["metadata"][key] for key in ("name", "namespace", "annotations", "finalizers")}
    metadata["annotations"] = {
        key: value for key, value in metadata["annotations"].items() if "tenantbilling.dev" not in key
    }
    status = {key: value for key, value in resource["status"].items() if key != "conditions"}
    told = {each["type"]: (each["status"], each["reason"]) for each in resource["status"]["conditions"]}
    return {"metadata": metadata, "spec": resource["spec"], "status": status, "conditions": told}


async def test_a_birth_takes_three_writes_to_kubernetes_one_to_the_things_stack_and_none_to_stripe(
    points: Sequence[Point],
) -> None:
    systems = [each.system for each in points]
    assert (systems.count("Kubernetes"), systems.count("TheThingsStack"), systems.count("Stripe")) == (
        3,
        1,
        0,
    )


@pytest.mark.parametrize("side", [BEFORE, AFTER])
async def test_killed_at_every_write_of_a_birth_nothing_is_made_twice_and_nothing_lost(
    product: Product, points: Sequence[Point], side: str
) -> None:
    """The plan makes a few of its objects at a time: none is held at being made before all others are made."""
    first, *later = points
    held = {f"{side.split(maxsplit=1)[0]}-{number}": point for number, point in enumerate((*later, first))}
    since = marks(product)
    faults = [point.hold(product, Identity(name), side) for name, point in held.items()]

    await _subscribe(product, list(held))
    await wait_for(lambda: all(fault.has_held.is_set() for fault in faults), "every write to be held")
    await product.kill()
    await product.environment.start_operator()

    await product.until(list(held), is_provisioned, "provisioned")
    await product.until_quiet()
    assert _tenants_made(product, since) == sorted(held)
    assert _written_to_stripe(product, since) == []


async def test_a_lost_etcd_is_discovered_again_identically(product: Product, points: Sequence[Point]) -> None:
    assert points
    await product.until_quiet()
    names = list(await product.tenants())
    before = {
        name: (_essence(each), product.tenant(name)) for name, each in (await product.tenants()).items()
    }
    since, environment = marks(product), product.environment

    await product.kill()
    await environment.plane.wipe()
    await environment.install()
    await apply(environment.plane, *accounts(environment), PLAN)
    await environment.start_operator()

    await product.until(names, is_provisioned, "discovered again")
    await product.until_quiet()
    after = {name: (_essence(each), product.tenant(name)) for name, each in (await product.tenants()).items()}
    assert after == before
    outside = [
        (system, entry.path) for system, entry in writes_since(product, since) if system != "Kubernetes"
    ]
    assert outside == []


async def test_what_is_deleted_comes_back_and_what_has_ended_meanwhile_does_not(
    product: Product, points: Sequence[Point]
) -> None:
    assert points
    ended, alive = "leaving", "staying"
    await _subscribe(product, [ended, alive])
    await product.until([ended, alive], is_provisioned, "provisioned")
    subscriptions = product.stripe_objects("subscription")
    (leaving,) = [each for each in subscriptions if each["metadata"].get("tenant-id") == ended]
    await product.environment.operator.stop()
    answer = await product.environment.outside.stripe.delete(f"/v1/subscriptions/{leaving['id']}")
    assert answer.is_success
    await product.environment.start_operator()
    await product.until_ready(ended, "SubscriptionEnded")
    former = await product.get(alive)

    await product.delete(ended)
    await product.delete(alive)

    def is_back(resource: Manifest | None) -> bool:
        uid = (former or {})["metadata"]["uid"]
        return is_provisioned(resource) and (resource or {})["metadata"]["uid"] != uid

    await product.until([alive], is_back, "made again")
    assert await product.get(ended) is None
    assert (product.tenant(ended) or {})["state"] == "STATE_SUSPENDED"
