"""One stage for the scenarios of a file, and a scene for each."""

from collections.abc import AsyncIterator

import pytest_asyncio

from kubernetes_fixtures import kinds
from scenario_scene import Scene
from scenario_stage import Stage, set_stage
from tenant_billing_sandbox.control_plane.plane import ControlPlane

__all__ = ["kinds", "scene", "stage"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(kinds: ControlPlane) -> AsyncIterator[Stage]:
    """The running operator; whatever a scenario leaves behind is cleared away."""
    async with set_stage(kinds) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def scene(stage: Stage) -> AsyncIterator[Scene]:
    """A scenario's own namespace, plans and tenants."""
    opened = await Scene(stage).open()
    try:
        yield opened
    finally:
        await opened.close()
