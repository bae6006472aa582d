"""Serving an aiohttp application on the loopback address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def listening(app: web.Application, *, port: int = 0) -> AsyncIterator[str]:
    """Serve until the block is left; yields the URL, such as ``http://127.0.0.1:41234``.

    Args:
        app: What to serve.
        port: The port; 0 takes a free one.
    """
    # A client that gives up does not undo its call: as with the real service, what was sent is carried out.
    runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port)
        await site.start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
