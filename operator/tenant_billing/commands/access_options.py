"""The options by which a command reaches Stripe and The Things Stack without a cluster; keys are never among them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import click

from tenant_billing.commands.keys import admin_key, stripe_key
from tenant_billing.commands.outside_reading import Access
from tenant_billing.commands.problems import CannotGoOn

Result = TypeVar("Result")

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS: Final = (
    click.option("--things-stack-url", required=True, envvar="THINGS_STACK_URL", help="Its address."),
    click.option("--admin-key-file", type=_FILE, help="The tenant admin key; else $THINGS_STACK_ADMIN_KEY."),
    click.option("--ca-bundle", type=_FILE, help="Certificates of The Things Stack to trust, PEM."),
    click.option("--stripe-key-file", type=_FILE, help="Stripe's key; else $STRIPE_API_KEY."),
    click.option("--stripe-url", envvar="STRIPE_URL", help="Another address than Stripe's, for a sandbox."),
)


def with_access(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command these options, and to its function one parameter ``access`` instead of them."""

    @functools.wraps(command)
    def wrapped(
        *arguments: object,
        things_stack_url: str,
        admin_key_file: Path | None,
        ca_bundle: Path | None,
        stripe_key_file: Path | None,
        stripe_url: str | None,
        **others: object,
    ) -> Result:
        key, mode = stripe_key(stripe_key_file)
        access = Access(
            url=things_stack_url,
            admin_key=admin_key(admin_key_file),
            ca_bundle=_text(ca_bundle),
            api_key=key,
            mode=mode,
            api_url=stripe_url,
        )
        return command(*arguments, access=access, **others)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _text(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CannotGoOn(f"{file}: the file cannot be read as text") from None
