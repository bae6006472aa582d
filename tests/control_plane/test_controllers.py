"""kube-controller-manager, for what only it does."""

import json

import pytest

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError
from waiting import wait_for


def config_map(name: str, owner: dict[str, str] | None = None) -> str:
    references = [{"apiVersion": "v1", "kind": "ConfigMap", **owner}] if owner else []
    metadata = {"name": name, "ownerReferences": references}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


async def is_gone(plane: ControlPlane, *what: str) -> bool:
    return not await plane.run_kubectl("get", *what, "--ignore-not-found")


async def test_what_is_owned_goes_with_its_owner(control_plane_with_controllers: ControlPlane) -> None:
    plane = control_plane_with_controllers
    await plane.run_kubectl("create", "--filename", "-", input=config_map("owner"))
    uid = await plane.run_kubectl("get", "configmap", "owner", "--output", "jsonpath={.metadata.uid}")
    owned = config_map("owned", {"name": "owner", "uid": uid})
    await plane.run_kubectl("create", "--filename", "-", input=owned)
    await plane.run_kubectl("delete", "configmap", "owner", "--wait=false")
    await wait_for(lambda: is_gone(plane, "configmap", "owned"), "garbage collection")


async def test_a_namespace_ends_with_all_it_holds(control_plane_with_controllers: ControlPlane) -> None:
    plane = control_plane_with_controllers
    await plane.run_kubectl("create", "namespace", "short-lived")
    await plane.run_kubectl("create", "configmap", "held", "--namespace", "short-lived")
    await plane.run_kubectl("delete", "namespace", "short-lived", "--wait=false")
    await wait_for(lambda: is_gone(plane, "namespace", "short-lived"), "the namespace's end")
    with pytest.raises(KubectlError, match="not found"):
        await plane.run_kubectl("get", "configmap", "held", "--namespace", "short-lived")
