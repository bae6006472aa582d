"""Work that a signal may end at any moment, and that ends what it has begun before it goes."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, an ordinary kill, and a terminal that is closed."""


class Interrupted(Exception):
    """A signal ended the work, and everything that it had begun has ended."""


async def interruptible(work: Coroutine[Any, Any, Result], told: Callable[[], None]) -> Result:
    """Carry out work, which the first signal cancels; later ones do not disturb it while it ends.

    Args:
        work: What is done.
        told: Called when the signal comes.

    Raises:
        Interrupted: A signal came.
    """
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    came = False

    def end() -> None:
        nonlocal came
        if not came:
            came = True
            task.cancel()
            told()  # last: a terminal that was closed takes no words

    for number in ENDING:
        loop.add_signal_handler(number, end)
    try:
        return await task
    except asyncio.CancelledError:
        if not came:
            raise
        raise Interrupted from None
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)
