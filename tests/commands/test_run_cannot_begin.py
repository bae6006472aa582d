"""``tenant-billing run`` where it cannot begin: one line that says why and what to set, never a traceback."""

import socket
from pathlib import Path

from command_line import tenant_billing

KUBECONFIG = """
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {token: hidden-token}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


async def test_a_faulty_kubeconfig_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("users: [")
    ran = await tenant_billing("run", directory=tmp_path, environment={"KUBECONFIG": "config"})
    assert ran.code == 1
    assert ran.errors == (
        "Error: no way to the Kubernetes API server: line 1 is no YAML. Set TENANT_BILLING_KUBECONFIG.\n"
    )


async def test_an_address_that_another_process_has_is_told(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(KUBECONFIG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environment = {
            "KUBECONFIG": "config",
            "TENANT_BILLING_HOST": "127.0.0.1",
            "TENANT_BILLING_PORT": str(port),
        }
        ran = await tenant_billing("run", directory=tmp_path, environment=environment)
    assert ran.code == 1
    assert ran.errors.startswith(f"Error: cannot listen at 127.0.0.1:{port}: ")
    assert ran.errors.endswith(
        "Set TENANT_BILLING_HOST, TENANT_BILLING_PORT and TENANT_BILLING_PROBE_PORT.\n"
    )
    assert ran.errors.count("\n") == 1
