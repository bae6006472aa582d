"""What all catalogue objects have in common when they are made and changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.published.tables import blank


def new_object(account: Account, kind: str, identifier: str, created: int | None = None) -> Object:
    """An object with nothing set but its id, its mode and its time of creation (the account's, by default)."""
    return blank(kind) | {
        "id": identifier,
        "created": account.now if created is None else created,
        "livemode": account.livemode,
        "metadata": {},
    }


def assign(object_: Object, params: Mapping[str, Any], names: Iterable[str]) -> None:
    """Set the members that the call names; an empty string unsets (stripe.md 5.1)."""
    for name in names:
        if name in params:
            object_[name] = None if params[name] == "" else params[name]
