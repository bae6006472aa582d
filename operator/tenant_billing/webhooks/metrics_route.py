"""The address that Prometheus scrapes, beside the probes."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

METRICS_PATH: Final = "/metrics"
Answer = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Gives text and content type from the header ``Accept``."""


def add_metrics_route(app: web.Application, answer: Answer) -> None:
    """Serve the metrics."""

    async def metrics(request: web.Request) -> web.Response:
        body, content_type = await answer(request.headers.get("Accept", ""))
        response = web.Response(body=body, headers={"Content-Type": content_type})
        response.enable_compression()
        return response

    app.router.add_get(METRICS_PATH, metrics)
