"""Calls that are of use only together."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def all_or_none(*parts: Coroutine[Any, Any, None]) -> None:
    """Wait for all parts; when one fails, the others end too: the next try begins anew."""
    tasks = [asyncio.create_task(each) for each in parts]
    if not tasks:
        return
    try:
        await asyncio.gather(*tasks)
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.wait(tasks)
