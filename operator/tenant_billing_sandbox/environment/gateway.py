"""A gateway before kube-apiserver, so that a call to Kubernetes can be recorded, refused, held and cut like any other.

It serves https with kube-apiserver's own certificate and hands every request on as it came, the bearer token
included. Watches are streamed. A request of the operator is a write where it may change an object, Leases aside:
they are renewed at any moment and would make "the third write" another one in every run.
"""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from aiohttp import web

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment.watches import Watches
from tenant_billing_sandbox.service.control import add_control_routes
from tenant_billing_sandbox.service.faults import FaultSpecification
from tenant_billing_sandbox.service.interception import Observed, execution_fault, interception, recorded
from tenant_billing_sandbox.service.listening import listening
from tenant_billing_sandbox.service.record import REDACTED, RecordedRequest, redacted

LARGEST_BODY: Final = 16 * 1024 * 1024
CONNECT_TIMEOUT: Final = 5.0
_WRITING_METHODS: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NO_WRITES: Final = re.compile(r"/apis/(authentication|authorization|coordination)\.k8s\.io/.*")
_COLLECTION: Final = re.compile(r"(/apis/[^/]+|/api)/[^/]+(/namespaces/[^/]+)?/(?P<plural>[^/]+)")
_OF_THE_CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length"}
)
_SECRET_VALUES: Final = ("data", "stringData")


def is_write(method: str, path: str) -> bool:
    """Whether a call may change an object; renewing a Lease and asking for a review do not count."""
    return method in _WRITING_METHODS and _NO_WRITES.fullmatch(path) is None


def operation(method: str, path: str) -> str:
    """Method and path with names replaced: ``PATCH /apis/GROUP/VERSION/namespaces/{}/PLURAL/{}/status``."""
    parts = path.strip("/").split("/")
    first = 2 if parts[0] == "api" else 3
    named = first + 2 if parts[first : first + 1] == ["namespaces"] and len(parts) > first + 2 else first
    for position in (first + 1, named + 1):
        if position < len(parts):
            parts[position] = "{}"
    return f"{method} /{'/'.join(parts)}"


def failure(specification: FaultSpecification) -> web.Response:
    """The ``metav1.Status`` of a scripted error."""
    status = specification.status or HTTPStatus.INTERNAL_SERVER_ERROR
    reason = specification.type or "InternalError"
    body = {"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure"}
    answer = {**body, "message": specification.message, "reason": reason, "code": int(status)}
    return web.json_response(answer, status=status)


@dataclass(frozen=True)
class KubernetesGateway:
    """A running gateway.

    Attributes:
        url: Its address, for a kubeconfig that trusts the control plane's authority.
        observed: Scripted faults and the record of requests; also served under ``/_sandbox/``.
        watches: The watches that run through it.
    """

    url: str
    observed: Observed
    watches: Watches

    @classmethod
    @asynccontextmanager
    async def serve(cls, plane: ControlPlane) -> AsyncIterator["KubernetesGateway"]:
        """Stand before a control plane until the block is left."""
        trust = ssl.create_default_context(cafile=plane.authority)
        identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        identity.load_cert_chain(*plane.serving)
        observed = Observed(writes=is_write, error=failure, state=lambda: {"server": plane.url})
        watches = Watches()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT)
        connector = aiohttp.TCPConnector(ssl=trust, limit=0)
        async with aiohttp.ClientSession(
            plane.url,
            connector=connector,
            timeout=timeout,
            auto_decompress=False,
            skip_auto_headers=["Accept", "Accept-Encoding", "Content-Type", "User-Agent"],
        ) as session:
            app = web.Application(middlewares=[interception(observed)], client_max_size=LARGEST_BODY)
            add_control_routes(app, observed)
            app.router.add_route("*", "/{path:.*}", _Forwarding(session, observed, watches).answer)
            # A watch ends with its client; a write that was begun is carried out all the same.
            async with listening(app, tls=identity, cancels=True) as url:
                yield cls(url, observed, watches)


class _Forwarding:
    def __init__(self, session: aiohttp.ClientSession, observed: Observed, watches: Watches) -> None:
        self._session = session
        self._observed = observed
        self._watches = watches
        self._under_way: set[asyncio.Task[web.Response]] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        entry = recorded(request)
        body = await request.read()
        entry.operation = operation(request.method, request.path)
        entry.params = _told(request, body)
        fault = execution_fault(request)
        if fault is not None:
            return self._observed.faulty_answer(fault)
        try:
            if request.query.get("watch", "") in {"1", "true"}:
                return await self._streamed(request)
            return await self._whole(request, body, entry)
        except (aiohttp.ClientError, OSError) as error:
            message = f"kube-apiserver gave no answer: {type(error).__name__}"
            return failure(
                FaultSpecification(effect="error", status=503, message=message, type="ServiceUnavailable")
            )

    async def _whole(self, request: web.Request, body: bytes, entry: RecordedRequest) -> web.Response:
        task = asyncio.create_task(self._forward(request, body, entry))
        self._under_way.add(task)  # the loop itself holds tasks weakly only
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def _forward(self, request: web.Request, body: bytes, entry: RecordedRequest) -> web.Response:
        async with self._session.request(
            request.method, request.rel_url, headers=_handed_on(request.headers), data=body or None
        ) as upstream:
            answer = await upstream.read()
            succeeded = upstream.status < HTTPStatus.BAD_REQUEST
            entry.committed = entry.writes and succeeded
            entry.creates = entry.committed and _creates(request.method, request.path, upstream.status)
            return web.Response(body=answer, status=upstream.status, headers=_handed_on(upstream.headers))

    async def _streamed(self, request: web.Request) -> web.StreamResponse:
        async with self._session.get(request.rel_url, headers=_handed_on(request.headers)) as upstream:
            answer = web.StreamResponse(status=upstream.status, headers=_handed_on(upstream.headers))
            await answer.prepare(request)
            try:
                await self._watches.hand_on(upstream, answer)
            except (aiohttp.ClientPayloadError, ConnectionError):
                return answer  # one side ended the watch, which either may at any time
            await answer.write_eof()
            return answer


def _creates(method: str, path: str, status: int) -> bool:
    """A post to a collection, or a server-side apply of what did not exist."""
    posted = method == "POST" and _COLLECTION.fullmatch(path) is not None
    return posted or (method == "PATCH" and status == HTTPStatus.CREATED)


def _handed_on(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION]


def _told(request: web.Request, body: bytes) -> dict[str, Any]:
    """Query and body for the record; values of Secrets are blotted out."""
    told: dict[str, Any] = dict(request.query)
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return told
    if isinstance(content, Mapping):
        if "/secrets" in request.path:
            content = {name: REDACTED if name in _SECRET_VALUES else value for name, value in content.items()}
        told |= redacted(content)
    return told
