"""Leaving what is under way when told to stop."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def until(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do something, or leave it when told to stop."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(_wait(stop))
    try:
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        working.cancel()
        stopping.cancel()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
