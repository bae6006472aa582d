"""How the API server is reached: the pod's service account, or a kubeconfig."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from kubernetes.aio import client, config
from requests.utils import get_environ_proxies, select_proxy

from tenant_billing.clients.kubeconfig import FAULTY, NoConfiguration, why_not

CONNECTIONS: Final = 64
"""More than workers, webhook deliveries and the Lease use at a time."""


async def load_configuration(kubeconfig: Path | None) -> client.Configuration:
    """Find out how to reach the API server.

    Args:
        kubeconfig: A file to use; None: the pod's service account, else the file that kubectl would use.

    Raises:
        NoConfiguration: Neither is there, or the file is faulty.
    """
    configuration = client.Configuration(connection_pool_maxsize=CONNECTIONS)
    if kubeconfig is None:
        try:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]  # published without types
        except config.ConfigException:
            await _load_file(configuration, None)
    else:
        await _load_file(configuration, kubeconfig)
    # Once, and not by aiohttp at each request: it asks a thread, reads ~/.netrc, and knows no networks in NO_PROXY.
    configuration.proxy = configuration.proxy or environment_proxy(configuration.host)
    configuration.client_session_kwargs = {"trust_env": False}
    return configuration


def environment_proxy(url: str) -> str | None:
    """The proxy that ``HTTPS_PROXY`` and ``NO_PROXY`` name for an address; networks (10.0.0.0/8) count, as in Go."""
    return select_proxy(url, get_environ_proxies(url))


async def _load_file(configuration: client.Configuration, kubeconfig: Path | None) -> None:
    path = str(kubeconfig) if kubeconfig else None
    load = config.load_kube_config
    try:
        await load(path, client_configuration=configuration, persist_config=False)  # type: ignore[no-untyped-call]  # published without types
    except (config.ConfigException, *FAULTY) as error:
        problem = why_not(error)
    else:
        return
    raise NoConfiguration(problem)


@asynccontextmanager
async def connected(configuration: client.Configuration) -> AsyncIterator[client.ApiClient]:
    """One connection pool, closed in the end.

    Raises:
        NoConfiguration: A certificate or a key of the configuration cannot be read.
    """
    try:
        api_client = client.ApiClient(configuration)
    except (OSError, ValueError) as error:
        raise NoConfiguration(f"its certificates or keys cannot be used: {why_not(error)}") from None
    try:
        yield api_client
    finally:
        await api_client.close()  # type: ignore[no-untyped-call]  # published without types
