"""Asking the real kube-apiserver to judge a manifest; nothing is stored."""

import json
from collections.abc import Mapping
from typing import Final

import pytest

from manifests import a
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError

BACKEND: Final = "BillingBackend"
CLUSTER: Final = "ThingsStackCluster"
PLAN: Final = "BillingPlan"
SUBSCRIPTION: Final = "TenantSubscription"


async def accepts(plane: ControlPlane, kind: str, changes: Mapping[str, object]) -> None:
    """The sample of a kind, so changed, would be created."""
    manifest = a(kind, changes)
    manifest["metadata"].pop("namespace", None)
    await plane.run_kubectl("create", "--dry-run=server", "--filename=-", input=json.dumps(manifest))


async def refuses(
    plane: ControlPlane, kind: str, changes: Mapping[str, object], field: str, message: str
) -> None:
    """The sample of a kind, so changed, is refused in words that name the field and the remedy."""
    with pytest.raises(KubectlError) as caught:
        await accepts(plane, kind, changes)
    said = str(caught.value)
    assert field in said
    assert message in said
