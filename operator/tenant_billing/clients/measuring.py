"""Measuring one request, whatever becomes of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tenant_billing.ports import INTERRUPTED, SUCCEEDED, CallMeter


@dataclass
class Answer:
    """What became of a request; the client says so.

    Attributes:
        result: :data:`tenant_billing.ports.INTERRUPTED` until it is known.
    """

    result: str = INTERRUPTED

    def succeeded(self) -> None:
        """It was answered as hoped."""
        self.result = SUCCEEDED

    def failed(self, error: Exception) -> None:
        """It ended with an error: only its kind is told."""
        self.result = type(error).__name__


@contextmanager
def measuring(
    meter: CallMeter, time: Callable[[], float], operation: str, *, is_read: bool
) -> Iterator[Answer]:
    """Around one request: tells the meter when it has ended.

    Args:
        meter: Is told.
        time: Gives seconds that never go backwards.
        operation: The call.
        is_read: Whether it changes nothing.
    """
    begun, answer = time(), Answer()
    try:
        yield answer
    except Exception as error:
        answer.failed(error)
        raise
    finally:
        meter.answered(operation, answer.result, time() - begun, is_read=is_read)
