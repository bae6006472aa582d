"""``kubectl apply -k deploy/kustomize``: the chart's defaults, for those who do not use Helm."""

from collections.abc import Mapping

import pytest
import yaml

from chart_rendering import Object, Rendered
from dry_run import DryRun
from manifests import REPOSITORY
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment import places

KUSTOMIZE = REPOSITORY / "deploy" / "kustomize"


async def built(plane: ControlPlane, folder: str) -> list[Object]:
    output = await plane.run_kubectl("kustomize", str(KUSTOMIZE / folder))
    return list(yaml.load_all(output, yaml.CSafeLoader))


@pytest.mark.parametrize("folder", [".", "uninstall"])
async def test_api_server_takes_all_of_it(folder: str, every_kind: ControlPlane, dry_run: DryRun) -> None:
    create = ("create", "namespace", places.SYSTEM_NAMESPACE, "--dry-run=client", "--output=yaml")
    namespace = await every_kind.run_kubectl(*create)
    await every_kind.run_kubectl("apply", "--server-side", "--filename", "-", input=namespace)
    for each in await built(every_kind, folder):
        assert await dry_run.objections(each) == [], each["metadata"]["name"]


async def test_same_objects_as_the_chart_makes(
    every_kind: ControlPlane, renders: Mapping[str, Rendered]
) -> None:
    found = {
        (each["kind"], each["metadata"]["name"])
        for folder in (".", "uninstall")
        for each in await built(every_kind, folder)
    }
    made = {(each["kind"], each["metadata"]["name"]) for each in renders["nothing set"].objects}
    assert found == made | {("Namespace", places.SYSTEM_NAMESPACE)}


async def test_pods_may_run_where_only_restricted_ones_may(every_kind: ControlPlane) -> None:
    (namespace,) = [each for each in await built(every_kind, ".") if each["kind"] == "Namespace"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
