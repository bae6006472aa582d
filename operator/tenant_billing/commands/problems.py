"""What a person reads when a command cannot do its work: one line that says why and what to do, never a traceback."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import click

from tenant_billing.api.resource import InvalidResourceError
from tenant_billing.domain.errors import Forbidden, OutsideError, Unauthorized, Unreachable


class CannotGoOn(click.ClickException):
    """A command cannot do its work; the message says why and what to do. Exit status 1."""


Remedies = Mapping[type[OutsideError], str]
"""What to do about each kind of error."""

OF_A_KEY: Final[Remedies] = {
    Unauthorized: "Check the key: its account, its mode, and that it was not revoked.",
    Forbidden: "Give the key the permission, or use one that has it.",
    Unreachable: "Check the address and the network, then try again.",
}
"""Where Stripe or The Things Stack was asked."""
OF_THE_CLUSTER: Final[Remedies] = {
    Unauthorized: "Log in again, or give another --kubeconfig.",
    Forbidden: "Ask for the right, or give the --kubeconfig of somebody who has it.",
    Unreachable: "Check that the cluster is up, and that KUBECONFIG or --kubeconfig names it.",
}
"""Where Kubernetes was asked."""


@contextmanager
def told_in_one_line(system: str = "", remedies: Remedies = OF_A_KEY) -> Iterator[None]:
    """Turn what the outside says into one line with its remedy.

    Args:
        system: Whom the block asks, for errors that do not say so themselves.
        remedies: What to do about it.

    Raises:
        CannotGoOn: The outside refused, or gave no usable answer.
    """
    try:
        yield
    except OutsideError as error:
        what = str(error)
        if not what.startswith(system):
            what = f"{system}: {what}"
        remedy = next((text for kind, text in remedies.items() if isinstance(error, kind)), "")
        raise CannotGoOn(f"{what.rstrip('.')}. {remedy}".strip()) from None
    except InvalidResourceError as error:
        raise CannotGoOn(str(error)) from None


def no_kubeconfig(problem: str) -> str:
    """What a person reads whose kubeconfig cannot be used."""
    return f"no usable kubeconfig: {problem}. Set KUBECONFIG, or give --kubeconfig."
