"""``rbac.secrets.scope: Names``: the operator's ServiceAccount on the real API server."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from chart_rendering import NAMESPACE, Rendered
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError

ACCOUNT: Final = "tenant-billing-operator"


def secret(name: str) -> str:
    metadata = {"name": name, "namespace": NAMESPACE}
    return json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "b"}})


@pytest.fixture(scope="module")
def operator(every_kind: ControlPlane, renders: Mapping[str, Rendered]) -> Path:
    """Kubeconfig of an operator that may read ``stripe`` and ``main-webhook``, and write the latter."""
    rendered = renders["Secrets by name, of the accounts"]
    kinds = ("ServiceAccount", "Role", "RoleBinding")
    rights = [
        each for each in rendered.objects if each["kind"] in kinds and each["metadata"]["name"] == ACCOUNT
    ]

    async def prepare() -> Path:
        items = json.dumps({"apiVersion": "v1", "kind": "List", "items": rights})
        for manifest in (items, secret("stripe")):
            await every_kind.run_kubectl("apply", "--server-side", "--filename", "-", input=manifest)
        token = await every_kind.token(NAMESPACE, ACCOUNT)
        path = every_kind.directory / "operator-by-name.kubeconfig"
        return every_kind.kubeconfig_for_token(token, path, namespace=NAMESPACE)

    return asyncio.run(prepare())


async def test_named_secrets_are_read_and_the_webhooks_is_made_and_changed(
    every_kind: ControlPlane, operator: Path
) -> None:
    """A name binds "create", too, where an object is made by server-side apply."""
    await every_kind.run_kubectl("get", "secret", "stripe", kubeconfig=operator)
    for _ in ("made", "changed"):
        arguments = ("apply", "--server-side", "--force-conflicts", "--filename", "-")
        await every_kind.run_kubectl(*arguments, input=secret("main-webhook"), kubeconfig=operator)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "secret", "somebodys"),
        ("get", "secrets"),
        ("create", "secret", "generic", "somebodys"),
        ("label", "secret", "stripe", "a=b"),
        ("delete", "secret", "stripe"),
    ],
    ids=" ".join,
)
async def test_all_else_is_refused(
    every_kind: ControlPlane, operator: Path, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(KubectlError, match="forbidden"):
        await every_kind.run_kubectl(*arguments, kubeconfig=operator)
