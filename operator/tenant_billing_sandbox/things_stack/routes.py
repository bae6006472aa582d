"""The HTTP routes of the registry: what the gateway makes of a request before a service sees it."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tenant_billing_sandbox.service.interception import execution_fault, recorded
from tenant_billing_sandbox.service.record import redacted
from tenant_billing_sandbox.things_stack.calls import Answer, Call
from tenant_billing_sandbox.things_stack.errors import malformed
from tenant_billing_sandbox.things_stack.message_json import Message, read_message
from tenant_billing_sandbox.things_stack.queries import read_field_mask, read_page, read_search
from tenant_billing_sandbox.things_stack.rate_limits import RateLimits
from tenant_billing_sandbox.things_stack.registry import TenantRegistry
from tenant_billing_sandbox.things_stack.scripted import ScriptedError
from tenant_billing_sandbox.things_stack.totals import RegistryTotals

API_PREFIX = "/api/v3"
BATCH_TOTALS_PATH = f"{API_PREFIX}/tenants/registry-totals"
HEADERS: web.RequestKey[dict[str, str]] = web.RequestKey("headers", dict)

Operation = Callable[[web.Request, Call], Awaitable[Answer]]


def is_write(method: str, path: str) -> bool:
    """Whether a call changes something when it succeeds; the batch of totals is a POST that reads."""
    return method not in {"GET", "HEAD", "OPTIONS"} and path != BATCH_TOTALS_PATH


class RegistryRoutes:
    """Serves the registry below ``/api/v3``."""

    def __init__(self, registry: TenantRegistry, totals: RegistryTotals, rate_limits: RateLimits) -> None:
        self._registry = registry
        self._totals = totals
        self._rate_limits = rate_limits

    def add_to(self, app: web.Application) -> None:
        """Add every route, the fixed paths first."""
        for verb, path, method, operation in (
            ("POST", "/tenants", "Create", self._create),
            ("GET", "/tenants", "List", self._list),
            ("GET", "/search/tenants", "SearchTenants", self._search),
            ("POST", "/tenants/registry-totals", "BatchGetRegistryTotals", self._batch_totals),
            ("GET", "/tenants/{tenant_id}", "Get", self._get),
            ("PUT", "/tenants/{tenant_id}", "Update", self._update),
            ("DELETE", "/tenants/{tenant_id}", "Delete", self._delete),
            ("GET", "/tenants/{tenant_id}/registry-totals", "GetRegistryTotals", self._get_totals),
        ):
            template = f"{verb} {API_PREFIX}{path.replace('{tenant_id}', '{}')}"
            app.router.add_route(verb, API_PREFIX + path, self._route(template, method, operation))

    def _route(
        self, template: str, method: str, operation: Operation
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def route(request: web.Request) -> web.Response:
            entry = recorded(request)
            entry.operation = template
            limited = self._rate_limits.take(method, request.match_info.get("tenant_id"))
            if limited is not None:
                request[HEADERS] = dict(limited.headers)
                if limited.error is not None:
                    raise limited.error
            call = Call(request.headers.get("Authorization"), _striking(request))
            answer = await operation(request, call)
            entry.committed = entry.writes
            entry.creates = method == "Create"
            return _response(answer)

        return route

    async def _create(self, request: web.Request, call: Call) -> Answer:
        return self._registry.create(await _body("CreateTenantRequest", request), call)

    async def _list(self, request: web.Request, call: Call) -> Answer:
        return self._registry.list(read_page(request.query), call)

    async def _search(self, request: web.Request, call: Call) -> Answer:
        return self._registry.search(read_search(request.query), read_page(request.query), call)

    async def _get(self, request: web.Request, call: Call) -> Answer:
        return self._registry.get(_tenant_id(request), read_field_mask(request.query), call)

    async def _update(self, request: web.Request, call: Call) -> Answer:
        content = await _body("UpdateTenantRequest", request)
        tenant = content.get("tenant", {}) | {"ids": {"tenant_id": _tenant_id(request)}}
        return self._registry.update(content | {"tenant": tenant}, call)

    async def _delete(self, request: web.Request, call: Call) -> Answer:
        return self._registry.delete(_tenant_id(request), call)

    async def _get_totals(self, request: web.Request, call: Call) -> Answer:
        return self._totals.get(_tenant_id(request), read_field_mask(request.query), call)

    async def _batch_totals(self, request: web.Request, call: Call) -> Answer:
        return self._totals.batch(await _body("BatchGetTenantRegistryTotalsRequest", request), call)


def decoded(body: bytes) -> Any:
    """The JSON of a body; an empty one is an empty message.

    Raises:
        GatewayError: It is no JSON.
    """
    if not body.strip():
        return {}
    try:
        return json.loads(body, parse_constant=_refused_constant)
    except (ValueError, RecursionError):
        raise malformed("the body is no JSON") from None


def _refused_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _striking(request: web.Request) -> Callable[[], None]:
    def strike() -> None:
        specification = execution_fault(request)
        if specification is not None:
            raise ScriptedError(specification)

    return strike


async def _body(message: str, request: web.Request) -> Message:
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise malformed("the body is larger than 16 MiB") from None
    value = decoded(body)
    if isinstance(value, dict):
        recorded(request).params = redacted(value)
    return read_message(message, value)


def _tenant_id(request: web.Request) -> str:
    return request.match_info["tenant_id"]


def _response(answer: Answer) -> web.Response:
    response = web.json_response(answer.body)
    if answer.total_count is not None:
        response.headers["X-Total-Count"] = str(answer.total_count)
    for warning in answer.warnings:
        response.headers.add("X-Warning", warning)
    return response
