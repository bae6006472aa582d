"""The aiohttp middleware that records every request and lets the scripted faults strike it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from tenant_billing_sandbox.service.faults import Fault, Faults, FaultSpecification
from tenant_billing_sandbox.service.record import RecordedRequest, RequestRecord

CONTROL_PREFIX = "/_sandbox/"
RECORDED: web.RequestKey[RecordedRequest] = web.RequestKey("recorded", RecordedRequest)
EXECUTION_FAULT: web.RequestKey[FaultSpecification] = web.RequestKey("execution_fault", FaultSpecification)


@dataclass
class Observed:
    """What a simulator shows under ``/_sandbox/`` and how the shared room learns what a call means.

    Attributes:
        writes: Whether a call (method, path) changes something when it succeeds.
        error: Words the answer of an ``error`` fault that has no body of its own.
        state: Everything the simulator holds, as JSON.
        operation: The name of a call (method, path) in the record, known before it is carried out, or None.
        headers: What every answer carries, those of ``error`` faults included.
        faults: The scripted faults.
        record: The record of requests.
    """

    writes: Callable[[str, str], bool]
    error: Callable[[FaultSpecification], web.Response]
    state: Callable[[], dict[str, Any]]
    operation: Callable[[str, str], str | None] = lambda _method, _path: None
    headers: Callable[[], dict[str, str]] = dict
    faults: Faults = field(default_factory=Faults)
    record: RequestRecord = field(default_factory=RequestRecord)

    def faulty_answer(self, specification: FaultSpecification) -> web.Response:
        """The answer of an ``error`` fault."""
        if specification.body is None:
            answer = self.error(specification)
        else:
            answer = web.json_response(specification.body, status=specification.status or 500)
        answer.headers.update(self.headers() | specification.headers)
        return answer


def recorded(request: web.Request) -> RecordedRequest:
    """The entry of a request; the simulator fills in operation, params, committed, creates and replayed."""
    return request[RECORDED]


def execution_fault(request: web.Request) -> FaultSpecification | None:
    """The ``error`` fault that shall strike this call at its execution, or None."""
    return request.get(EXECUTION_FAULT)


def interception(observed: Observed) -> Middleware:
    """The middleware; it must be the outermost one. Control routes pass it untouched."""

    @web.middleware
    async def intercept(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PREFIX):
            return await handler(request)
        writes = observed.writes(request.method, request.path)
        entry = observed.record.begin(request.method, request.path, writes=writes)
        entry.operation = observed.operation(request.method, request.path)
        request[RECORDED] = entry
        body = await request.text() if observed.faults.read_bodies else ""
        struck = observed.faults.striking(request.method, request.path, body, writes=writes)
        entry.faults = [fault.id for fault in struck]
        answer: web.StreamResponse | None = await _before(observed, request, struck)
        if answer is None:
            answer = await _after(request, await handler(request), struck)
        if not _is_gone(request):
            entry.status = answer.status
        return answer

    return intercept


async def _before(observed: Observed, request: web.Request, struck: list[Fault]) -> web.Response | None:
    """Strike before the call is carried out; an answer means that it is not carried out at all."""
    for fault in struck:
        specification = fault.specification
        if specification.effect == "delay":
            await asyncio.sleep(specification.seconds or 0)
        elif specification.effect == "hold_before":
            await fault.hold(recorded(request).sequence)
            if _is_gone(request):
                return web.Response(status=499)
        elif specification.effect == "disconnect_before":
            return _cut(request)
        elif specification.effect == "error" and specification.point == "arrival":
            return observed.faulty_answer(specification)
        elif specification.effect == "error":
            request[EXECUTION_FAULT] = specification
    return None


async def _after(request: web.Request, answer: web.StreamResponse, struck: list[Fault]) -> web.StreamResponse:
    for fault in struck:
        if fault.specification.effect == "hold_after":
            await fault.hold(recorded(request).sequence)
        elif fault.specification.effect == "disconnect_after":
            return _cut(request)
    return answer


def _cut(request: web.Request) -> web.Response:
    """Cut the connection; the response returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)


def _is_gone(request: web.Request) -> bool:
    """Whether the client has left: a call that was held for it is then never carried out."""
    return request.transport is None or request.transport.is_closing()
