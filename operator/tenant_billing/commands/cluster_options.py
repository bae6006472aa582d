"""The options by which a command reaches the cluster."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from tenant_billing.settings import DEFAULT_NAMESPACE, PREFIX

CommandT = TypeVar("CommandT", bound=Callable[..., object])

kubeconfig_option: Final = click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The kubeconfig to use; otherwise kubectl's.",
)


def operator_namespace_option(what_lies_there: str) -> Callable[[CommandT], CommandT]:
    """``--operator-namespace``, which the operator's own setting is the default of."""
    return click.option(
        "--operator-namespace",
        default=lambda: os.environ.get(f"{PREFIX}NAMESPACE", DEFAULT_NAMESPACE),
        help=what_lies_there,
    )
