"""``tenant-billing status`` where it cannot read: one clear line and exit status 1, never a traceback."""

from pathlib import Path

import pytest

from command_line import tenant_billing
from manifests import REMOVED, a
from outside_stubs import Answer, stub_server
from tenant_billing_sandbox.control_plane.plane import ControlPlane


def kubeconfig(directory: Path, server: str) -> dict[str, str]:
    path = directory / "config"
    path.write_text(
        f"""
        apiVersion: v1
        kind: Config
        clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
        users: [{{name: u, user: {{token: hidden-token}}}}]
        contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
        current-context: x
        """
    )
    return {"KUBECONFIG": str(path)}


async def test_a_missing_kubeconfig_is_named_with_the_remedy(tmp_path: Path) -> None:
    ran = await tenant_billing("status", directory=tmp_path, environment={"KUBECONFIG": "/nowhere"})
    assert ran.code == 1
    assert ran.errors == (
        "Error: no usable kubeconfig: Configuration file /nowhere not found. "
        "Set KUBECONFIG, or give --kubeconfig.\n"
    )


async def test_an_api_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    environment = kubeconfig(tmp_path, "http://127.0.0.1:1")
    ran = await tenant_billing("status", directory=tmp_path, environment=environment)
    assert ran.code == 1
    assert ran.errors == (
        "Error: no usable answer from http://127.0.0.1:1: ConnectionError. "
        "Check that the cluster is up, and that KUBECONFIG or --kubeconfig names it.\n"
    )


async def test_a_wrong_token_is_refused_in_the_words_of_the_api_server(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    path = control_plane.kubeconfig_for_token("wrong-token", tmp_path / "config")
    ran = await tenant_billing("status", "--kubeconfig", str(path), directory=tmp_path)
    assert ran.code == 1
    assert ran.errors == (
        "Error: the API server refused: Unauthorized. Log in again, or give another --kubeconfig.\n"
    )


async def test_an_object_that_cannot_be_read_is_named_and_hides_no_other(tmp_path: Path) -> None:
    unreadable = a("TenantSubscription", {"metadata.name": "odd", "spec.tenant": REMOVED})
    async with stub_server() as stub:
        stub.will(Answer({"items": [unreadable, a("TenantSubscription")], "metadata": {}}))
        environment = kubeconfig(tmp_path, stub.url)
        ran = await tenant_billing("status", "-A", directory=tmp_path, environment=environment)
    assert ran.code == 1
    assert [line.split()[1] for line in ran.output.splitlines()] == ["TENANT", "acme-iot"]
    assert ran.errors == (
        "Error: TenantSubscription tenants/odd: spec.tenant: Field required. "
        "Is this tenant-billing older than the definitions?\n"
    )


@pytest.mark.parametrize("arguments", [("-n", "a", "-A"), ("-o", "yaml")])
async def test_a_wrong_call_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = await tenant_billing("status", *arguments, directory=tmp_path)
    assert ran.code == 2
    assert ran.errors.startswith("Usage: ")
    assert "Traceback" not in ran.errors
