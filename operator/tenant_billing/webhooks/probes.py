"""The kubelet's questions. Ready says that deliveries can be stored, and nothing about anybody's account."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

Check = Callable[[], Awaitable[bool]]


def probe_application(api_server_answers: Check, watches_are_complete: Callable[[], bool]) -> web.Application:
    """``/healthz`` and ``/readyz``.

    Args:
        api_server_answers: Without it nothing can be stored.
        watches_are_complete: Before that, no event finds its object.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        if not watches_are_complete():
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="watches are not complete")
        if not await api_server_answers():
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="the API server does not answer")
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    return app
