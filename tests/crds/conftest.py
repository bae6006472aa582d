"""The four kinds, defined in the real kube-apiserver."""

import asyncio

import pytest

from manifests import DEFINITIONS
from tenant_billing_sandbox.control_plane.plane import ControlPlane


@pytest.fixture(scope="session")
def definitions(control_plane: ControlPlane) -> ControlPlane:
    """A control plane that knows the four kinds; applied once for all tests of a worker."""
    asyncio.run(control_plane.apply(DEFINITIONS))
    return control_plane
