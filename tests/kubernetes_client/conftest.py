"""A connection to the real kube-apiserver, with our kinds defined there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import KubernetesApi, connected, load_configuration
from tenant_billing.runtime.clock import SystemClock
from tenant_billing_sandbox.control_plane.plane import ControlPlane

DEFINITIONS = Path(__file__).parents[2] / "deploy" / "crds"


@pytest.fixture
async def api(control_plane: ControlPlane) -> AsyncIterator[KubernetesApi]:
    await control_plane.apply(DEFINITIONS)
    configuration = await load_configuration(control_plane.kubeconfig)
    async with connected(configuration) as api_client:
        yield KubernetesApi(api_client)


@pytest.fixture
def cluster(api: KubernetesApi) -> KubernetesCluster:
    return KubernetesCluster(api, SystemClock(), "test")
