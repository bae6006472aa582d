"""What was asked and what was answered, taken down on the way between a client and a server."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from tenant_billing_sandbox.service.listening import listening

NOT_FORWARDED = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
NOT_RETURNED = frozenset({"content-length", "connection", "transfer-encoding", "content-encoding", "server"})


@dataclass(frozen=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method: ``GET``, ``POST`` or ``DELETE``.
        path: The path without the query.
        parameters: The parameters, decoded: hashes of text, lists where the name ends in ``[]``.
        status: HTTP status of the answer.
        answer: The answered JSON, None if only the request is known.
        encoded: The parameters as they were sent.
    """

    method: str
    path: str
    parameters: Mapping[str, Any]
    status: int = 200
    answer: Any = None
    encoded: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status < 400

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


@dataclass
class Recorder:
    """A proxy that takes down what passes.

    Attributes:
        url: Its own address.
        exchanges: All exchanges so far.
    """

    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)


@asynccontextmanager
async def recording(upstream: str) -> AsyncIterator[Recorder]:
    """Stand in front of a server; what is asked for is passed on to it untouched, and the answer back."""
    recorder = Recorder()

    async def forward(request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: text for name, text in request.headers.items() if name.lower() not in NOT_FORWARDED}
        async with session.request(request.method, request.path_qs, headers=headers, data=body) as answer:
            content = await answer.read()
            returned = {
                name: text for name, text in answer.headers.items() if name.lower() not in NOT_RETURNED
            }
        if not request.path.startswith("/_sandbox/"):
            encoded = request.query_string or body.decode(errors="replace")
            recorder.exchanges.append(
                Exchange(
                    request.method,
                    request.path,
                    decoded(encoded),
                    answer.status,
                    json.loads(content),
                    encoded,
                )
            )
        return web.Response(body=content, status=answer.status, headers=returned)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", forward)
    async with aiohttp.ClientSession(upstream) as session, listening(app) as url:
        recorder.url = url
        yield recorder


def decoded(encoded: str) -> dict[str, Any]:
    """The nested hashes that bracketed names stand for: ``items[0][id]=a`` is ``{"items": {"0": {"id": "a"}}}``."""
    values: dict[str, Any] = {}
    for name, text in parse_qsl(encoded, keep_blank_values=True):
        first, *rest = re.findall(r"[^\[\]]+", name)
        target = values
        for part in [first, *rest][:-1]:
            target = target.setdefault(part, {})
        if name.endswith("[]"):
            target.setdefault([first, *rest][-1], []).append(text)
        else:
            target[[first, *rest][-1]] = text
    return values
