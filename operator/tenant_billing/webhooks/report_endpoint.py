"""The address that usage is pushed to, and what it answers, in the words of The Things Stack's own API."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web

from tenant_billing.webhooks.usage_reports import Result, UsageReports

REPORT_PATH: Final = "/api/v3/tbs/report"
"""The Tenant Billing Server's own path: who moves from it changes nothing but the secret."""
LARGEST_REPORT: Final = 4 * 1024 * 1024
"""Bytes: about 20,000 tenants; more is refused with 413 before it is read to the end."""
BEARER: Final = "bearer "
MOST_WARNINGS: Final = 20

_ANSWERS: Final[Mapping[Result, tuple[HTTPStatus, int]]] = {
    Result.STORED: (HTTPStatus.OK, 0),
    Result.STRANGER: (HTTPStatus.UNAUTHORIZED, 16),
    Result.PULLED: (HTTPStatus.BAD_REQUEST, 9),
    Result.MALFORMED: (HTTPStatus.BAD_REQUEST, 3),
    Result.NOT_STORED: (HTTPStatus.SERVICE_UNAVAILABLE, 14),
}
"""HTTP status and gRPC code (things-stack.md 4)."""


def add_report_route(app: web.Application, reports: UsageReports) -> None:
    """Serve pushed reports; its own bound of size holds beside that of the application."""

    async def report(request: web.Request) -> web.Response:
        authorization = request.headers.get("Authorization", "")
        if authorization[: len(BEARER)].lower() != BEARER:
            return _refused(HTTPStatus.UNAUTHORIZED, 16, "a bearer token is required")
        token = authorization[len(BEARER) :].strip()
        try:
            answer = await reports.take(lambda: _body_of(request), token, request.remote or "")
        except _TooLargeError:
            return _refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, 8, "the report is too large: send it in parts"
            )
        await _pass_over(request)
        status, code = _ANSWERS[answer.result]
        response = _refused(status, code, answer.why) if code else web.json_response({})
        for skipped in answer.skipped[:MOST_WARNINGS]:
            response.headers.add("X-Warning", _printable(skipped))
        return response

    app.router.add_post(REPORT_PATH, report)


class _TooLargeError(Exception):
    """A report is larger than any that is read."""


async def _body_of(request: web.Request) -> bytes:
    """The whole body.

    Raises:
        _TooLargeError: It is too large, and was not read to its end.
    """
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_REPORT:
            raise _TooLargeError
    return bytes(body)


async def _pass_over(request: web.Request) -> None:
    """Let what was not read of the body go by: who is still sending would not hear the answer."""
    passed = 0
    while passed <= LARGEST_REPORT and (chunk := await request.content.readany()):
        passed += len(chunk)


def _refused(status: HTTPStatus, code: int, why: str) -> web.Response:
    return web.json_response({"code": code, "message": f"error:tenant-billing:report ({why})"}, status=status)


def _printable(text: str) -> str:
    """Nothing in a header that a sender could have smuggled there."""
    return "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in text)
