"""Serving an application on an address while a context lasts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


class CannotListen(Exception):
    """An address cannot be had: another process has it, or it is none of this machine's."""


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve, and give the port that was taken (another one than asked for only where 0 was asked for).

    Raises:
        CannotListen: The address cannot be had.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no address"
            raise CannotListen(f"cannot listen at {host}:{port}: {why}") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
