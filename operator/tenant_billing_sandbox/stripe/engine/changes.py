"""Changing an object so that its event carries the former values (stripe.md 1.2, Event)."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.problems import invalid
from tenant_billing_sandbox.stripe.validation import METADATA_KEYS

WHOLE = frozenset({"items", "lines", "phases"})


def difference(before: Object, after: Object) -> Object:
    """The former values of what changed; hashes are compared key by key, lists as a whole; null where absent."""
    former: Object = {}
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and key not in WHOLE:
            former[key] = difference(old, new)
        else:
            former[key] = old
    return former


@contextmanager
def changing(account: Account, object_: Object, event: str) -> Iterator[None]:
    """Emit ``event`` with ``previous_attributes`` if the block changed the object."""
    before = copy.deepcopy(object_)
    yield
    former = difference(before, object_)
    if former:
        account.emit(event, object_, former)


def merge_metadata(object_: Object, metadata: Any) -> None:
    """Merge metadata: an empty value removes its key, an empty string in place of the hash all (stripe.md 5.1).

    Raises:
        Problem: 400 where more than 50 keys would result (stripe.md 9); the object is then unchanged.
    """
    object_["metadata"] = merged_metadata(object_["metadata"], metadata)


def merged_metadata(metadata: Object, changes: Any) -> Object:
    """What :func:`merge_metadata` would set.

    Raises:
        Problem: 400.
    """
    if changes is None:
        return metadata
    merged = {} if changes == "" else {**metadata, **changes}
    kept = {key: str(value) for key, value in merged.items() if value != ""}
    if len(kept) > METADATA_KEYS:
        raise invalid(f"You can only specify up to {METADATA_KEYS} metadata keys.", param="metadata")
    return kept
