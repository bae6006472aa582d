"""Fixtures for tests that speak to the real kube-apiserver themselves."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from manifests import DEFINITIONS
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.kubernetes_configuration import connected, load_configuration
from tenant_billing_sandbox.control_plane.plane import ControlPlane


@pytest.fixture(scope="session")
def kinds(control_plane: ControlPlane) -> ControlPlane:
    """The control plane with our kinds defined, once: each time takes longer the more objects there are."""
    asyncio.run(control_plane.apply(DEFINITIONS))
    return control_plane


@pytest.fixture
async def api(kinds: ControlPlane) -> AsyncIterator[KubernetesApi]:
    """Raw calls as the administrator."""
    async with connected(await load_configuration(kinds.kubeconfig)) as api_client:
        yield KubernetesApi(api_client)
