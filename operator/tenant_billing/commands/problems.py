"""What a person reads when a command cannot do its work: one line that says why and what to do, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from tenant_billing.api.resource import InvalidResourceError
from tenant_billing.domain.errors import Forbidden, OutsideError, Unauthorized, Unreachable


class CannotGoOn(click.ClickException):
    """A command cannot do its work; the message says why and what to do. Exit status 1."""


@contextmanager
def told_in_one_line(system: str = "") -> Iterator[None]:
    """Turn what the outside says into one line with its remedy.

    Args:
        system: Whom the block asks, for errors that do not say so themselves.

    Raises:
        CannotGoOn: The outside refused, or gave no usable answer.
    """
    try:
        yield
    except OutsideError as error:
        what = f"{system}: {error}" if system else str(error)
        raise CannotGoOn(f"{what.rstrip('.')}. {_remedy(error)}".strip()) from None
    except InvalidResourceError as error:
        raise CannotGoOn(str(error)) from None


def _remedy(error: OutsideError) -> str:
    match error:
        case Unauthorized():
            return "Check the key: its account, its mode, and that it was not revoked."
        case Forbidden():
            return "Give the key the permission, or use one that has it."
        case Unreachable():
            return "Check the address and the network, then try again."
        case _:
            return ""
