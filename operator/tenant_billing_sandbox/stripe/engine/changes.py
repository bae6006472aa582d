"""Changing an object so that its event carries the former values (stripe.md 1.2, Event)."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object

WHOLE = frozenset({"items", "lines", "phases"})


def difference(before: Object, after: Object) -> Object:
    """The former values of what changed; hashes are compared key by key, lists as a whole; null where absent."""
    former: Object = {}
    for key in before.keys() | after.keys():
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
    """Merge metadata: an empty value removes its key, an empty string in place of the hash all (stripe.md 5.1)."""
    if metadata is None:
        return
    merged = {} if metadata == "" else {**object_["metadata"], **metadata}
    object_["metadata"] = {key: str(value) for key, value in merged.items() if value != ""}
