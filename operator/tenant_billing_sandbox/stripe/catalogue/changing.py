"""What all catalogue objects have in common when they are made and changed."""

from collections.abc import Iterable, Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.changes import merge_metadata
from tenant_billing_sandbox.stripe.problems import invalid
from tenant_billing_sandbox.stripe.published.tables import blank
from tenant_billing_sandbox.stripe.validation import METADATA_KEYS


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


def assign_metadata(object_: Object, params: Mapping[str, Any]) -> None:
    """Merge the call's metadata; what results may have 50 keys (stripe.md 9).

    Raises:
        Problem: 400; the object is then unchanged.
    """
    trial = {"metadata": dict(object_["metadata"])}
    merge_metadata(trial, params.get("metadata"))
    if len(trial["metadata"]) > METADATA_KEYS:
        raise invalid(f"You can only specify up to {METADATA_KEYS} metadata keys.", param="metadata")
    object_["metadata"] = trial["metadata"]
