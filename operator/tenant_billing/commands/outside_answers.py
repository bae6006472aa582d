"""One question to the outside, answered in time: what went wrong is an answer, too."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from tenant_billing.clients.backoff import Backoff
from tenant_billing.domain.errors import OutsideError, Unreachable

T = TypeVar("T")

PATIENCE: Final = 10.0
"""Seconds for which a person at a terminal waits for one answer."""
ASKED_ONCE: Final = Backoff(attempts=1)
"""What fails is told, not tried again."""


async def answer_of(question: Awaitable[T]) -> T | OutsideError:
    """The answer, or what went wrong."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await question
    except OutsideError as error:
        return error
    except TimeoutError:
        return Unreachable(f"no answer within {PATIENCE:.0f} s")
