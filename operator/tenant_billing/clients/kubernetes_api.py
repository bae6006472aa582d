"""Calls to the API server in JSON: one request, and what its errors mean.

The official client's typed models are left out on purpose: they validate every answer in Python, and a custom resource
definition alone would cost more than all else in a pass.
"""

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from kubernetes.aio import client

from tenant_billing.clients.measuring import measuring
from tenant_billing.domain.errors import (
    Forbidden,
    OutsideError,
    Refused,
    Throttled,
    Unauthorized,
    Unreachable,
)
from tenant_billing.ports import UNMEASURED, CallMeter, Fence, ObjectConflict, ObjectGone, unfenced

REQUEST_TIMEOUT: Final = aiohttp.ClientTimeout(total=15, sock_connect=5)
"""Seconds; a call that hangs must not hold a worker."""
MERGE_PATCH: Final = "application/merge-patch+json"
APPLY_PATCH: Final = "application/apply-patch+yaml"
JSON: Final = "application/json"
METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Asks for a list without specs and statuses."""
_VERBS: Final = {"POST": "Create", "PUT": "Replace", "PATCH": "Patch", "DELETE": "Delete"}
_OF_OBJECTS: Final[Mapping[int, type[Exception]]] = {
    HTTPStatus.NOT_FOUND: ObjectGone,
    HTTPStatus.CONFLICT: ObjectConflict,
}
_REFUSALS: Final[Mapping[int, type[OutsideError]]] = {
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
}


@dataclass(frozen=True)
class Access:
    """How to reach the API server and who we are there, for a library with connections of its own.

    Attributes:
        authority: Path of the certificate that the server's is checked against.
        authorization: Value of the header: scheme and token, or empty. Never shown.
        certificate: Path of the client certificate.
        private_key: Path of its key.
        proxy: What requests go through; it may hold a password. Never shown.
    """

    server: str
    verify: bool
    authority: str | None
    authorization: str = field(repr=False)
    certificate: str | None
    private_key: str | None
    proxy: str | None = field(default=None, repr=False)


async def access_of(configuration: client.Configuration) -> Access:
    """The present credentials; a token that is about to expire is read again first."""
    authorization = await configuration.get_api_key_with_prefix("BearerToken")
    return Access(
        configuration.host,
        configuration.verify_ssl,
        configuration.ssl_ca_cert,
        authorization or "",
        configuration.cert_file,
        configuration.key_file,
        configuration.proxy,
    )


class KubernetesApi:
    """One request at a time, errors translated."""

    def __init__(
        self, api_client: client.ApiClient, fence: Fence = unfenced, *, meter: CallMeter = UNMEASURED
    ) -> None:
        """Send nothing yet.

        Args:
            api_client: The connections.
            fence: Asked before everything but a read.
            meter: Told of every write; reads are the watches' and not counted.
        """
        self._client = api_client
        self._fence = fence
        self._meter = meter

    def fenced(self, fence: Fence) -> "KubernetesApi":
        """The same connections, for what only a leader may do."""
        return KubernetesApi(self._client, fence, meter=self._meter)

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send a request and give the object that comes back.

        Args:
            method: ``GET``, ``POST``, ``PUT`` or ``PATCH``.
            path: Path of the API, already quoted where it needs to be.
            body: What to send.
            content_type: How the body is meant: plain, a merge patch, or a server-side apply.
            accept: Which form of the answer is asked for.
            query: Parameters.

        Raises:
            ObjectConflict: 409.
            ObjectGone: 404.
            NotLeading: The fence lets nothing through any more.
            OutsideError: The API server refused, or gave no usable answer.
        """
        send = functools.partial(self._send, method, path, body, content_type, accept, query)
        if method == "GET":
            return await send()
        with measuring(
            self._meter,
            asyncio.get_running_loop().time,
            operation_of(method, path, content_type),
            is_read=False,
        ) as measured:
            answer = await send()
            measured.succeeded()
            return answer

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        content_type: str,
        accept: str,
        query: Mapping[str, str] | None,
    ) -> dict[str, Any]:
        write = method != "GET"
        if write:
            self._fence()
        try:
            request = await self._client.param_serialize(
                method,
                path,
                query_params=list((query or {}).items()),
                header_params={"Accept": accept, "Content-Type": content_type},
                body=body,
                auth_settings=["BearerToken"],
            )
            response = await self._client.call_api(*request, _request_timeout=REQUEST_TIMEOUT)
            text = await response.read()  # type: ignore[no-untyped-call]  # published without types
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _no_answer(f"{method} {path}", type(error).__name__, write=write) from None
        return _answer(response.status, response.headers, text, f"{method} {path}", write=write)

    async def pages(
        self, path: str, size: int, *, accept: str = JSON
    ) -> AsyncIterator[list[Mapping[str, Any]]]:
        """Give the objects of a list, page by page.

        Args:
            path: Path of the list.
            size: Objects per page, at most.
            accept: Which form of the answer is asked for.

        Raises:
            ObjectGone: The kind is not defined.
            OutsideError: The API server refused, or gave no usable answer.
        """
        query = {"limit": str(size)}
        while True:
            page = await self.call("GET", path, query=query, accept=accept)
            yield page["items"] or []  # null where there is none
            if not page["metadata"].get("continue"):
                return
            query["continue"] = page["metadata"]["continue"]


def operation_of(method: str, path: str, content_type: str) -> str:
    """A write without the names of its objects, such as ``ApplyTenantsubscriptionsStatus``: a closed list."""
    parts = path.strip("/").split("/")
    resource = parts[2:] if parts[0] == "api" else parts[3:]
    if resource[:1] == ["namespaces"] and len(resource) > 2:  # noqa: PLR2004 - the namespace, and what lies in it
        resource = resource[2:]
    verb = "Apply" if content_type == APPLY_PATCH else _VERBS[method]
    return verb + "".join(each.capitalize() for each in (*resource[:1], *resource[2:]))


def _no_answer(operation: str, why: str, *, write: bool) -> Unreachable:
    return Unreachable(
        f"the Kubernetes API server gave no usable answer to {operation}: {why}",
        operation=operation,
        outcome_unknown=write,
    )


def _answer(
    status: int, headers: Mapping[str, str], text: bytes, operation: str, *, write: bool
) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise _no_answer(operation, f"status {status} without a JSON object", write=write)
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return answer
    raise _error(status, headers, answer, operation, write=write)


def _error(
    status: int, headers: Mapping[str, str], answer: Mapping[str, Any], operation: str, *, write: bool
) -> Exception:
    """A ``metav1.Status`` as the error that the loop knows, by status code only: its reasons add nothing here."""
    message = f"the Kubernetes API server: {answer.get('message', 'no message')}"
    code = str(answer.get("reason", status))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(message, operation, code, retry_after=_seconds(headers.get("Retry-After")))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(message, operation, code, outcome_unknown=write)
    if status in _OF_OBJECTS:
        return _OF_OBJECTS[status](message)
    return _REFUSALS.get(status, Refused)(message, operation, code)


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isdigit() else None
