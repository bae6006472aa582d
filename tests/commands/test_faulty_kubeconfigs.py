"""A kubeconfig that cannot be used is told in one line, by whichever library reads it, and never quoted."""

from pathlib import Path

import pytest

from tenant_billing.clients.kubeconfig import NoConfiguration
from tenant_billing.clients.kubernetes_configuration import connected, load_configuration
from tenant_billing.commands.reading import CannotRead, KubernetesReader

TOKEN = "hidden-token"
WHOLE = f"""
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:1"}}}}]
users: [{{name: u, user: {{token: {TOKEN}}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""
FAULTY = [
    pytest.param(f"users: [{{token: {TOKEN}".encode(), "line 1 is no YAML", id="YAML that is broken"),
    pytest.param(f"token: '{TOKEN}".encode(), "line 1 is no YAML", id="a text without end"),
    pytest.param(TOKEN.encode(), "it is YAML, but no kubeconfig", id="a text"),
    pytest.param(b"- 1\n- 2\n", "it is YAML, but no kubeconfig", id="a list"),
    pytest.param(b"", "it is YAML, but no kubeconfig", id="nothing"),
    pytest.param(b"\xff\xfe\xfd", "it is no YAML", id="bytes that are no text"),
    pytest.param(
        WHOLE.replace("current-context: x", "current-context: y").encode(), "y", id="no such context"
    ),
]


@pytest.mark.parametrize(("content", "problem"), FAULTY)
async def test_what_is_wrong_with_it_is_told_and_nothing_of_it(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "config"
    path.write_bytes(content)
    with pytest.raises(CannotRead) as by_reader:
        KubernetesReader(path)
    with pytest.raises(NoConfiguration) as by_operator:
        await load_configuration(path)
    assert by_reader.value.message.startswith("no usable kubeconfig: ")
    assert by_reader.value.message.endswith(". Set KUBECONFIG, or give --kubeconfig.")
    for told in (by_reader.value.message, str(by_operator.value)):
        assert problem in told
        assert TOKEN not in told
    assert by_operator.value.__context__ is None


async def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(WHOLE.replace('server: "http', 'certificate-authority-data: aGVsbG8=, server: "https'))
    configuration = await load_configuration(path)
    with pytest.raises(NoConfiguration, match="certificates or keys cannot be used"):
        async with connected(configuration):
            pass
