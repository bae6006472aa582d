"""An answer that comes in byte by byte holds nobody without end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from tenant_billing.clients.patience import answered_in_time


@asynccontextmanager
async def a_server_whose_answers_never_end() -> AsyncIterator[str]:
    """It ends once its clients have left."""
    answering: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        answering.add(task)
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"1\r\n \r\n")
                await writer.drain()
                await asyncio.sleep(0)
            await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}"
        await asyncio.wait(answering)


async def test_an_answer_that_never_ends_is_given_up() -> None:
    async with a_server_whose_answers_never_end() as url, httpx.AsyncClient(timeout=5) as client:
        with pytest.raises(httpx.ReadTimeout):
            await answered_in_time(client.get(url), longest=0.3)
