"""Serving an aiohttp application on the loopback address."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def listening(
    app: web.Application, *, port: int = 0, tls: ssl.SSLContext | None = None, cancels: bool = False
) -> AsyncIterator[str]:
    """Serve until the block is left; yields the URL, such as ``http://127.0.0.1:41234``.

    Args:
        app: What to serve.
        port: The port; 0 takes a free one.
        tls: Serve https with this.
        cancels: Whether a handler is cancelled when its client leaves. Not so by default: as with the real services,
            what was sent is carried out, whether or not the client still listens.
    """
    runner = web.AppRunner(app, access_log=None, handler_cancellation=cancels, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, port, ssl_context=tls)
        await site.start()
        yield f"{'http' if tls is None else 'https'}://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
