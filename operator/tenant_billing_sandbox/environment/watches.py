"""The watches that run through the gateway, which can be made to miss what happens, as a broken one does."""

import asyncio
import json
from typing import Any, Final

import aiohttp
from aiohttp import web

PLACE_LOST: Final[dict[str, Any]] = {
    "type": "ERROR",
    "object": {
        "apiVersion": "v1",
        "kind": "Status",
        "metadata": {},
        "status": "Failure",
        "message": "too old resource version",
        "reason": "Expired",
        "code": 410,
    },
}
"""What kube-apiserver says when a watch asks for a version that is compacted: then the client lists anew."""


class Watches:
    """Hands watches on as they come, until they are told to go deaf."""

    def __init__(self) -> None:
        self._hearing = asyncio.Event()
        self._hearing.set()
        self._deaf = asyncio.Event()

    def go_deaf(self) -> None:
        """From now on nothing that happens reaches a watch."""
        self._hearing.clear()
        self._deaf.set()

    def hear_again(self) -> None:
        """Let every watch that was deaf begin anew, by a list: what happened meanwhile is never told."""
        self._deaf.clear()
        self._hearing.set()

    async def hand_on(self, upstream: aiohttp.ClientResponse, answer: web.StreamResponse) -> None:
        """Copy a watch until one side ends it."""
        deaf = asyncio.create_task(self._deaf.wait())
        copying = asyncio.create_task(_copy(upstream, answer))
        try:
            await asyncio.wait([deaf, copying], return_when=asyncio.FIRST_COMPLETED)
            if copying.done():
                return await copying
            copying.cancel()
            await self._hearing.wait()
            await answer.write(json.dumps(PLACE_LOST).encode() + b"\n")
        finally:
            deaf.cancel()
            copying.cancel()


async def _copy(upstream: aiohttp.ClientResponse, answer: web.StreamResponse) -> None:
    async for chunk in upstream.content.iter_any():
        await answer.write(chunk)
