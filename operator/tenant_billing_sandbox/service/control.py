"""The routes under ``/_sandbox/`` that both simulators serve: faults, record of requests, state."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from tenant_billing_sandbox.service.faults import Fault, FaultSpecification
from tenant_billing_sandbox.service.interception import Observed


class RecordQuestion(BaseModel):
    """The query of ``GET /_sandbox/requests`` and ``GET /_sandbox/requests/counts``.

    Attributes:
        since: Only requests after this sequence number.
        writes: Only writes (true) or only reads (false).
    """

    model_config = ConfigDict(extra="forbid")

    since: int = 0
    writes: bool | None = None


def add_control_routes(app: web.Application, observed: Observed) -> None:
    """Serve the control routes. They have no keys: a simulator listens on the loopback address only.

    ``GET /_sandbox/faults/{id}?until=hit`` (or ``held``) answers when the fault has hit (or blocks) a call.
    """
    app.router.add_get("/_sandbox/state", _state(observed))
    app.router.add_get("/_sandbox/requests", _requests(observed))
    app.router.add_get("/_sandbox/requests/counts", _counts(observed))
    app.router.add_get("/_sandbox/faults", _list_faults(observed))
    app.router.add_post("/_sandbox/faults", _script_fault(observed))
    app.router.add_delete("/_sandbox/faults", _clear_faults(observed))
    app.router.add_get("/_sandbox/faults/{id}", _show_fault(observed))
    app.router.add_delete("/_sandbox/faults/{id}", _remove_fault(observed))
    app.router.add_post("/_sandbox/faults/{id}/release", _release_fault(observed))


Route = Callable[[web.Request], Awaitable[web.Response]]


def control_error(status: HTTPStatus, message: str) -> web.Response:
    """The answer to a control call that cannot be done."""
    return web.json_response({"error": message}, status=status)


def _state(observed: Observed) -> Route:
    async def state(_: web.Request) -> web.Response:
        return web.json_response(observed.state())

    return state


def _requests(observed: Observed) -> Route:
    async def requests(request: web.Request) -> web.Response:
        try:
            question = RecordQuestion.model_validate(dict(request.query))
        except ValidationError as error:
            return control_error(HTTPStatus.BAD_REQUEST, str(error))
        entries = observed.record.since(question.since, writes=question.writes)
        return web.json_response({"requests": [entry.model_dump(mode="json") for entry in entries]})

    return requests


def _counts(observed: Observed) -> Route:
    async def counts(request: web.Request) -> web.Response:
        try:
            question = RecordQuestion.model_validate(dict(request.query))
        except ValidationError as error:
            return control_error(HTTPStatus.BAD_REQUEST, str(error))
        return web.json_response(observed.record.counts(question.since).model_dump(mode="json"))

    return counts


def _list_faults(observed: Observed) -> Route:
    async def list_faults(_: web.Request) -> web.Response:
        reports = [fault.report().model_dump(mode="json") for fault in observed.faults.all()]
        return web.json_response({"faults": reports})

    return list_faults


def _script_fault(observed: Observed) -> Route:
    async def script_fault(request: web.Request) -> web.Response:
        try:
            specification = FaultSpecification.model_validate_json(await request.read())
        except ValidationError as error:
            return control_error(HTTPStatus.BAD_REQUEST, str(error))
        return _told(observed.faults.script(specification), status=HTTPStatus.CREATED)

    return script_fault


def _clear_faults(observed: Observed) -> Route:
    async def clear_faults(_: web.Request) -> web.Response:
        observed.faults.clear()
        return web.json_response({"faults": []})

    return clear_faults


def _show_fault(observed: Observed) -> Route:
    async def show_fault(request: web.Request) -> web.Response:
        fault = observed.faults.get(request.match_info["id"])
        if fault is not None and request.query.get("until") == "hit":
            await fault.has_hit.wait()
        elif fault is not None and request.query.get("until") == "held":
            await fault.has_held.wait()
        return _told(fault)

    return show_fault


def _remove_fault(observed: Observed) -> Route:
    async def remove_fault(request: web.Request) -> web.Response:
        return _told(observed.faults.remove(request.match_info["id"]))

    return remove_fault


def _release_fault(observed: Observed) -> Route:
    async def release_fault(request: web.Request) -> web.Response:
        fault = observed.faults.get(request.match_info["id"])
        if fault is not None:
            fault.release()
        return _told(fault)

    return release_fault


def _told(fault: Fault | None, *, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    if fault is None:
        return control_error(HTTPStatus.NOT_FOUND, "there is no such fault")
    return web.json_response(fault.report().model_dump(mode="json"), status=status)
