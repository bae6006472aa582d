"""Which proxy stands between the operator and the API server: the same for its watches and for all else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from tenant_billing.clients.kubernetes_api import KubernetesApi, access_of
from tenant_billing.clients.kubernetes_configuration import connected, load_configuration
from tenant_billing.handlers.startup import connection

HOST = "10.96.0.1"
"""Nothing answers there but the proxy in its place."""
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def proxy() -> AsyncIterator[str]:
    """A proxy that answers each request with the host that it was asked for, and the credentials."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"host": request.url.host, "user": request.headers.get("Authorization")})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def kubeconfig(directory: Path, **cluster: str) -> Path:
    """A file that names the API server, without credentials."""
    file = directory / "kubeconfig"
    content = {
        "current-context": "one",
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "clusters": [{"name": "one", "cluster": {"server": f"http://{HOST}", **cluster}}],
        "users": [{"name": "one", "user": {}}],
    }
    file.write_text(yaml.safe_dump(content))
    return file


async def proxies_of(file: Path) -> tuple[str | None, str | None]:
    """Of the operator's own requests, and of kopf's watches."""
    configuration = await load_configuration(file)
    return configuration.proxy, connection(await access_of(configuration)).proxy_url


async def test_requests_go_through_the_proxy_of_the_environment(
    proxy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy)
    async with connected(await load_configuration(kubeconfig(tmp_path))) as api_client:
        assert await KubernetesApi(api_client).call("GET", "/version") == {"host": HOST, "user": None}


async def test_watches_go_where_all_other_requests_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert await proxies_of(kubeconfig(tmp_path)) == ("http://proxy.example:3128",) * 2


async def test_the_proxy_of_the_kubeconfig_goes_before_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    file = kubeconfig(tmp_path, **{"proxy-url": "http://bastion.example:8080"})
    assert await proxies_of(file) == ("http://bastion.example:8080",) * 2


@pytest.mark.parametrize("exception", [HOST, "10.96.0.0/12", "example.org,10.0.0.0/8", "*"])
async def test_an_address_or_network_of_no_proxy_is_reached_directly(
    exception: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", exception)
    assert await proxies_of(kubeconfig(tmp_path)) == (None, None)


async def test_credentials_of_a_netrc_file_are_sent_nowhere(
    proxy: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", proxy)
    async with connected(await load_configuration(kubeconfig(tmp_path))) as api_client:
        assert await KubernetesApi(api_client).call("GET", "/version") == {"host": HOST, "user": None}


async def test_a_proxys_password_is_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@proxy.example:3128")
    access = await access_of(await load_configuration(kubeconfig(tmp_path)))
    assert access.proxy == "http://user:secret@proxy.example:3128"
    assert "secret" not in repr(access)
