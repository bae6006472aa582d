"""``tenant-billing doctor`` where it may see little, or nothing."""

import json
from pathlib import Path

from command_line import tenant_billing
from tenant_billing_sandbox.control_plane.plane import ControlPlane


async def test_without_a_kubeconfig_nothing_can_be_looked_at(tmp_path: Path) -> None:
    ran = await tenant_billing("doctor", directory=tmp_path, environment={"KUBECONFIG": "/nowhere"})
    assert (ran.code, ran.output) == (2, "")
    assert ran.errors.startswith("Error: no usable kubeconfig: ")


def kubeconfig(directory: Path, user: dict[str, object]) -> Path:
    """One whose server nobody serves."""
    path = directory / "config"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(json.dumps(config))
    return path


async def test_an_api_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, {"token": "hidden-token"})
    ran = await tenant_billing("doctor", "--kubeconfig", str(path), directory=tmp_path)
    assert ran.code == 2
    assert ran.errors.startswith("Error: no usable answer from http://127.0.0.1:1: ConnectionError. Check ")


async def test_a_login_plugin_that_is_missing_is_told(tmp_path: Path) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "no-such-login"}
    path = kubeconfig(tmp_path, {"exec": plugin})
    ran = await tenant_billing("doctor", "--kubeconfig", str(path), directory=tmp_path)
    assert ran.code == 2
    assert "no-such-login" in ran.errors
    assert "Traceback" not in ran.errors


async def test_who_may_read_nothing_learns_that_and_nothing_crashes(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    await control_plane.run_kubectl("create", "serviceaccount", "nobody", "--namespace", namespace)
    token = await control_plane.token(namespace, "nobody")
    path = control_plane.kubeconfig_for_token(token, tmp_path / "config")
    ran = await tenant_billing("doctor", "-o", "json", "--kubeconfig", str(path), directory=tmp_path)
    assert (ran.code, ran.errors) == (2, "")  # nothing could be looked at
    told = json.loads(ran.output)
    found = {(each["check"], each["status"]) for each in told["findings"]}
    assert found == {
        ("api-server", "ok"),
        ("own-rights", "warning"),
        ("operator-rights", "skipped"),
        ("definitions", "skipped"),
        ("leader", "skipped"),
        ("objects", "skipped"),
    }
    assert told["summary"]["skipped"] == sum(each["status"] == "skipped" for each in told["findings"])
