"""What every examination of the outside works with, and one question answered in time: what went wrong is an answer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tenant_billing.clients.backoff import Backoff
from tenant_billing.domain.diagnosis.secrets import SecretAnswer
from tenant_billing.domain.errors import OutsideError, Unreachable
from tenant_billing.ports import Clock

T = TypeVar("T")

PATIENCE: Final = 10.0
"""Seconds for which a person at a terminal waits for one answer."""
ASKED_ONCE: Final = Backoff(attempts=1)
"""What fails is told, not tried again."""


@dataclass(frozen=True)
class Means:
    """What it needs, whatever is examined.

    Attributes:
        kept: Reads a Secret of the operator's namespace by its name.
        namespace: That namespace.
        clock: The local time.
    """

    kept: Callable[[str], SecretAnswer]
    namespace: str
    clock: Clock

    async def secret(self, name: str) -> SecretAnswer:
        """A Secret by its name; reading waits for the API server beside the event loop."""
        return await asyncio.to_thread(self.kept, name)


async def answer_of(question: Awaitable[T]) -> T | OutsideError:
    """The answer, or what went wrong."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await question
    except OutsideError as error:
        return error
    except TimeoutError:
        return Unreachable(f"no answer within {PATIENCE:.0f} s")
