"""Pruning a namespace must not end every payer: deletion acts as Orphan there."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from manifests import DEFINITIONS
from scenario_scene import Scene
from scenario_stage import CORE, Stage, set_stage
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(control_plane_with_controllers: ControlPlane) -> AsyncIterator[Stage]:
    """A stage on a control plane that ends namespaces."""
    await control_plane_with_controllers.apply(DEFINITIONS)
    async with set_stage(control_plane_with_controllers) as running:
        yield running


async def test_deleting_a_namespace_lets_its_subscriptions_and_tenants_be(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())

    await scene.stage.outside.kubernetes.delete(f"{CORE}/{scene.namespace}")

    left = await acme.until_gone()
    assert (left.subscription["status"], left.tenant["state"]) == ("active", "STATE_APPROVED")

    async def namespace_is_gone() -> bool:
        return await scene.stage.outside.from_kubernetes(f"{CORE}/{scene.namespace}") is None

    await wait_for(namespace_is_gone, "the namespace to be gone")
