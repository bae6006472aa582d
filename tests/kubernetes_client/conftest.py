"""The real kube-apiserver with our kinds, and the port on it."""

import pytest

from kubernetes_fixtures import api, kinds
from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.runtime.clock import SystemClock

__all__ = ["api", "cluster", "kinds"]


@pytest.fixture
def cluster(api: KubernetesApi) -> KubernetesCluster:
    return KubernetesCluster(api, SystemClock(), "test")
