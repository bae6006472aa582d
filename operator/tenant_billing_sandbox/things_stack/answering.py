"""The middleware that words errors and puts on the headers that every answer of the API carries."""

import secrets
import uuid
from collections.abc import Awaitable, Callable
from html import escape
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Middleware

from tenant_billing_sandbox.service.faults import FaultSpecification
from tenant_billing_sandbox.service.interception import CONTROL_PREFIX
from tenant_billing_sandbox.things_stack.errors import (
    HTTP_STATUS,
    ROUTE_NOT_FOUND,
    Code,
    GatewayError,
    ThingsStackError,
)
from tenant_billing_sandbox.things_stack.routes import API_PREFIX, HEADERS
from tenant_billing_sandbox.things_stack.scripted import ScriptedError

CSRF_COOKIE = "_csrf"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answering(
    scripted_answer: Callable[[FaultSpecification], web.Response],
) -> Middleware:
    """The middleware; it stands within the one that records requests and lets faults strike."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except ThingsStackError as error:
            response = error_response(error)
        except GatewayError as error:
            response = error_response(error)
        except ScriptedError as error:
            response = scripted_answer(error.specification)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
            response = _unrouted(request, error.status)
        if not request.path.startswith(CONTROL_PREFIX):
            _complete(request, response)
        return response

    return answer


def error_response(error: ThingsStackError | GatewayError) -> web.Response:
    """The answer to a refused call."""
    code = error.definition.code if isinstance(error, ThingsStackError) else error.code
    response = web.json_response(error.body(), status=HTTP_STATUS[code])
    if code is Code.UNAUTHENTICATED:
        response.headers["WWW-Authenticate"] = "TenantAdminKey"
    return response


def _unrouted(request: web.Request, status: int) -> web.Response:
    """The second and the third kind of 404 (T-01), and the gateway's answer to a wrong verb."""
    if request.path.startswith(CONTROL_PREFIX):
        return web.json_response({"error": "there is no such control route"}, status=status)
    if not f"{request.path}/".startswith(f"{API_PREFIX}/"):
        return _router_error(request, ThingsStackError(ROUTE_NOT_FOUND, route=request.path))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return error_response(GatewayError(Code.UNIMPLEMENTED, "Method Not Allowed"))
    return error_response(GatewayError(Code.NOT_FOUND, "Not Found"))


def _router_error(request: web.Request, error: ThingsStackError) -> web.Response:
    """The web router's error: HTML unless the client asks for JSON."""
    if "application/json" in request.headers.get("Accept", ""):
        return error_response(error)
    page = f"<!doctype html><title>Error</title><p>{escape(error.message)}</p>"
    return web.Response(text=page, content_type="text/html", status=HTTP_STATUS[error.definition.code])


def _complete(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Request-Id"] = request.headers.get("X-Request-Id") or uuid.uuid4().hex
    response.headers.update(request.get(HEADERS, {}))
    if CSRF_COOKIE not in request.cookies:
        response.set_cookie(
            CSRF_COOKIE, secrets.token_urlsafe(16), path="/", httponly=True, samesite="Strict"
        )
