"""Keys as a person gives them to a command: from a file or the environment, never among the arguments."""

import os
from pathlib import Path
from typing import Final

from tenant_billing.api.billing_backend import StripeMode
from tenant_billing.commands.problems import CannotGoOn
from tenant_billing.domain.health import admin_key_problem, key_problem

STRIPE_KEY: Final = "STRIPE_API_KEY"
ADMIN_KEY: Final = "THINGS_STACK_ADMIN_KEY"


def stripe_key(file: Path | None) -> tuple[str, StripeMode]:
    """Stripe's key, and the mode that its form says.

    Raises:
        CannotGoOn: There is none, or it has not the form of a key; it is sent nowhere then, and never shown.
    """
    key = _key(file, STRIPE_KEY, "--stripe-key-file")
    for mode in StripeMode:
        if key_problem(key, mode) is None:
            return key, mode
    raise CannotGoOn(
        f"{_origin(file, STRIPE_KEY)} holds no secret or restricted key of Stripe (sk_… or rk_…)"
    )


def admin_key(file: Path | None) -> str:
    """The tenant admin key of The Things Stack.

    Raises:
        CannotGoOn: There is none, or it has not the form of a key; it is sent nowhere then, and never shown.
    """
    key = _key(file, ADMIN_KEY, "--admin-key-file")
    if admin_key_problem(key) is not None:
        raise CannotGoOn(
            f"{_origin(file, ADMIN_KEY)} holds no tenant admin key (32, 48 or 64 hexadecimal digits)"
        )
    return key


def _key(file: Path | None, variable: str, option: str) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise CannotGoOn(f"{option} {file}: the file cannot be read as text") from None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise CannotGoOn(f"no key: set {variable}, or give {option}")
    return key


def _origin(file: Path | None, variable: str) -> str:
    return variable if file is None else str(file)
