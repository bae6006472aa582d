"""What each answer of an API server means, from a local server that answers as told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from kubernetes.aio import client

from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.kubernetes_configuration import connected
from tenant_billing.domain.errors import Forbidden, Refused, Throttled, Unauthorized, Unreachable
from tenant_billing.ports import ObjectConflict, ObjectGone
from tenant_billing.runtime.clock import SystemClock

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def an_api_that(answer: Answer) -> AsyncIterator[KubernetesApi]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with connected(client.Configuration(host=f"http://{host}:{port}")) as api_client:
            yield KubernetesApi(api_client)
    finally:
        await runner.cleanup()


def status(code: int, headers: dict[str, str] | None = None) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        body = {"kind": "Status", "message": f"code {code}", "reason": "Because", "code": code}
        return web.json_response(body, status=code, headers=headers)

    return answer


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, Refused),
        (401, Unauthorized),
        (403, Forbidden),
        (404, ObjectGone),
        (405, Refused),
        (409, ObjectConflict),
        (415, Refused),
        (422, Refused),
        (429, Throttled),
        (500, Unreachable),
        (503, Unreachable),
        (504, Unreachable),
    ],
)
async def test_each_status_code_has_one_meaning(code: int, error: type[Exception]) -> None:
    async with an_api_that(status(code)) as api:
        with pytest.raises(error, match=f"code {code}") as caught:
            await api.call("GET", "/version")
    assert type(caught.value) is error


async def test_a_throttled_call_says_how_long_to_wait() -> None:
    async with an_api_that(status(429, {"Retry-After": "7"})) as api:
        with pytest.raises(Throttled) as caught:
            await api.call("GET", "/version")
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_only_the_outcome_of_a_write_is_unknown_after_no_answer(method: str) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with an_api_that(cut) as api:
        with pytest.raises(Unreachable) as caught:
            await api.call(method, "/version", body={})
    assert caught.value.outcome_unknown is (method == "PATCH")


@pytest.mark.parametrize("text", ["", "<html>proxy</html>", "[]"], ids=["empty", "a proxy's page", "a list"])
async def test_an_answer_that_is_no_object_is_no_answer(text: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    async with an_api_that(answer) as api:
        with pytest.raises(Unreachable):
            await api.call("GET", "/version")


async def test_readiness_is_asked_of_the_api_server() -> None:
    for code, expected in ((200, True), (503, False)):
        async with an_api_that(status(code)) as api:
            assert await KubernetesCluster(api, SystemClock(), "test").is_reachable() is expected
