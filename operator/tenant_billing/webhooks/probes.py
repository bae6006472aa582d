"""The kubelet's questions. Ready says that deliveries can be stored, and nothing about anybody's account."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

Check = Callable[[], Awaitable[bool]]


def probe_application(
    api_server_answers: Check, age_of_watches: Callable[[], float | None], oldest: float
) -> web.Application:
    """``/healthz`` and ``/readyz``.

    Args:
        api_server_answers: Without it nothing can be stored.
        age_of_watches: Seconds since the watches were known to have brought everything that exists: what they have not
            brought, no event finds. None before they have brought it for the first time.
        oldest: Age from which this process is not ready.
    """

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        age = age_of_watches()
        if age is None:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="watches are not complete")
        if age > oldest:
            text = f"watches are not known to be complete for {age:.0f} s"
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text=text)
        if not await api_server_answers():
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="the API server does not answer")
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    return app
