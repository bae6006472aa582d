"""Reading Kubernetes for a person at a terminal: one list, or one clear error."""

import base64
import binascii
import json
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import click
import requests
from pykube.config import KubeConfig
from pykube.exceptions import HTTPError, PyKubeError
from pykube.http import HTTPClient

from tenant_billing.api import names
from tenant_billing.clients.kubeconfig import FAULTY, why_not
from tenant_billing.commands.problems import OF_THE_CLUSTER, no_kubeconfig
from tenant_billing.domain.errors import Forbidden, Unauthorized, Unreachable
from tenant_billing.ports import StoredSecret

PAGE: Final = 500
TIMEOUT: Final = 15.0
LOGIN_PROBLEMS: Final = (KeyError, NotImplementedError, OSError, TypeError, subprocess.SubprocessError)
"""What a plugin named in the kubeconfig raises that is missing, fails, or is of a kind that pykube does not know."""
_CORE: Final = "v1"
_PLUGIN_VERSION: Final = "client.authentication.k8s.io/v1"

Body = dict[str, Any]


class CannotRead(click.ClickException):
    """The API server could not be read; the message says why and what to do. Exit status 1."""


class KubernetesReader:
    """Reads objects with the person's own kubeconfig.

    Args:
        kubeconfig: The file; None: the service account of a pod, else what kubectl would use.

    Raises:
        CannotRead: There is no usable configuration.
    """

    def __init__(self, kubeconfig: Path | None = None) -> None:
        try:
            config = _configuration(kubeconfig)
            self._client = HTTPClient(config, timeout=TIMEOUT)
            self.namespace: str = config.namespace
            self._date = ""
        except (PyKubeError, *FAULTY) as error:
            raise CannotRead(no_kubeconfig(why_not(error))) from None

    def list(self, kind: names.ResourceKind, namespace: str | None) -> Iterator[Body]:
        """Give all objects of a kind, in the order of the API server.

        Args:
            kind: Which kind.
            namespace: Only this namespace's; None: all.

        Raises:
            CannotRead: The API server refused, or gave no usable answer.
        """
        try:
            yield from self._pages(names.API_VERSION, kind.plural, namespace)
        except HTTPError as error:
            raise CannotRead(_worded(error, kind)) from None

    def namespaces(self) -> Iterator[Body]:
        """Give all Namespaces.

        Raises:
            CannotRead: The API server refused, or gave no usable answer.
        """
        try:
            yield from self._pages(_CORE, "namespaces", None)
        except HTTPError as error:
            raise CannotRead(refused(error, "to list Namespaces")) from None

    def secret(self, namespace: str, name: str) -> StoredSecret | None:
        """Give a Secret with the values that can be decoded, None where there is no such Secret.

        Raises:
            CannotRead: The API server refused, or gave no usable answer.
        """
        try:
            return self._stored(namespace, name)
        except HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            raise CannotRead(
                f"Secret {namespace}/{name} cannot be read: {error}. Ask for the right to read it, "
                "or give the Secret among the manifests."
            ) from None

    def _stored(self, namespace: str, name: str) -> StoredSecret:
        """A Secret.

        Raises:
            HTTPError: The API server refused, or there is none.
            CannotRead: It gave no usable answer.
        """
        found = self._get(_CORE, f"secrets/{name}", namespace, {})
        metadata = found["metadata"]
        values = {key: text for key, value in (found.get("data") or {}).items() if (text := decoded(value))}
        return StoredSecret(metadata["resourceVersion"], metadata.get("annotations") or {}, values)

    def _pages(self, version: str, path: str, namespace: str | None) -> Iterator[Body]:
        params = {"limit": str(PAGE)}
        while True:
            page = self._get(version, path, namespace, params)
            if "items" not in page:
                raise self._no_answer("something else than a list")
            yield from page["items"] or ()
            following = page.get("metadata", {}).get("continue")
            if not following:
                return
            params = {"limit": str(PAGE), "continue": following}

    def _get(self, version: str, path: str, namespace: str | None, params: dict[str, str]) -> Body:
        where = {"version": version, "namespace": namespace, "url": path}
        return self._answered(partial(self._client.get, **where, params=params))

    def _answered(self, send: Callable[[], requests.Response]) -> Body:
        """The JSON object that a request brings.

        Raises:
            HTTPError: The API server refused.
            CannotRead: It gave no usable answer.
        """
        try:
            answer = send()
            self._client.raise_for_status(answer)  # type: ignore[no-untyped-call]  # published without types
            found: Body = answer.json()
        except HTTPError:
            raise
        except (requests.RequestException, PyKubeError, ValueError) as error:
            raise self._no_answer(type(error).__name__) from None
        except LOGIN_PROBLEMS as error:
            raise CannotRead(f"the kubeconfig's way to log in does not work here: {_told(error)}") from None
        if not isinstance(found, dict):
            raise self._no_answer("something else than an object")
        self._date = str(answer.headers.get("Date", ""))
        return found

    def _no_answer(self, why: str) -> CannotRead:
        return CannotRead(f"no usable answer from {self._client.url}: {why}. {OF_THE_CLUSTER[Unreachable]}")


def decoded(value: object) -> str:
    """One value of a Secret's ``data``, empty where it is no text in base 64."""
    try:
        return base64.b64decode(str(value), validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _configuration(kubeconfig: Path | None) -> KubeConfig:
    load = KubeConfig.from_env if kubeconfig is None else partial(KubeConfig.from_file, kubeconfig)
    found: KubeConfig = load()  # type: ignore[no-untyped-call]  # published without types
    for each in found.doc.get("users") or ():
        _accept_v1((each.get("user") or {}).get("exec") or {})
    return found


def _accept_v1(plugin: dict[str, Any]) -> None:
    """Let a plugin that logs in by ``v1`` be used: pykube knows the versions before it, whose answers are the same."""
    if plugin.get("apiVersion") != _PLUGIN_VERSION:
        return
    asked = {"apiVersion": _PLUGIN_VERSION, "kind": "ExecCredential", "spec": {"interactive": False}}
    variable = {"name": "KUBERNETES_EXEC_INFO", "value": json.dumps(asked)}
    plugin |= {"apiVersion": f"{_PLUGIN_VERSION}beta1", "env": [*(plugin.get("env") or []), variable]}


def _told(error: Exception) -> str:
    """What is wrong with a plugin; its arguments are left out, which may be secrets."""
    match error:
        case subprocess.CalledProcessError(cmd=[command, *_], returncode=code):
            return f"{command} ended with {code}"
        case KeyError() | TypeError():
            return "its plugin answers in another shape"
        case _:
            return str(error)


def _worded(error: HTTPError, kind: names.ResourceKind) -> str:
    if error.code == HTTPStatus.NOT_FOUND:
        return f"the cluster has no {kind.plural}.{names.GROUP}. Install the definitions: kubectl apply -f deploy/crds"
    return refused(error)


def refused(error: HTTPError, what: str = "") -> str:
    """A refusal in the words of the API server, and what to do about it."""
    remedies = {HTTPStatus.UNAUTHORIZED: Unauthorized, HTTPStatus.FORBIDDEN: Forbidden}
    kind = remedies.get(error.code)
    remedy = f". {OF_THE_CLUSTER[kind]}" if kind is not None else ""
    return f"the API server refused{what and f' {what}'}: {error}{remedy}"
