"""Field masks: which paths a message has, and what a mask copies (things-stack.md 5, "Field masks")."""

from collections.abc import Iterable, Mapping
from functools import cache

from tenant_billing_sandbox.things_stack.errors import FIELD_MASK_PATHS, ThingsStackError
from tenant_billing_sandbox.things_stack.fields import Cardinality, Field, Kind
from tenant_billing_sandbox.things_stack.message_definitions import MESSAGES
from tenant_billing_sandbox.things_stack.message_json import Message

ALWAYS_RETURNED = ("ids", "created_at", "updated_at")
"""Returned whatever the mask says, and dropped silently from the mask of an update."""


class MaskTree(dict[str, "MaskTree | None"]):
    """The paths of a mask by segment; None stands for a whole subtree."""


@cache
def known_paths(message: str) -> frozenset[str]:
    """Every path that a mask for this message may name.

    Maps, lists, wrappers and scalars are leaves: no key of ``attributes`` can be addressed (T-11). The name of
    a oneof is a segment of its own (T-09).
    """
    paths: set[str] = set()
    for name, field in MESSAGES[message].items():
        prefix = f"{field.oneof}.{name}" if field.oneof else name
        paths.update({prefix, field.oneof} - {""})
        if field.kind is Kind.MESSAGE and field.cardinality is Cardinality.ONE:
            paths.update(f"{prefix}.{path}" for path in known_paths(field.message))
    return frozenset(paths)


def check_paths(message: str, paths: Iterable[str], *, unsupported: frozenset[str] = frozenset()) -> None:
    """Refuse a mask that names a path which the message does not have.

    Raises:
        ThingsStackError: ``field_mask_paths``; one unknown path fails the whole request.
    """
    allowed = known_paths(message) - unsupported
    forbidden = [path for path in paths if path not in allowed]
    if forbidden:
        raise ThingsStackError(FIELD_MASK_PATHS, forbidden_paths=forbidden)


def without_always_returned(paths: Iterable[str]) -> list[str]:
    """The paths of an update's mask that have an effect."""
    return [path for path in paths if path.split(".")[0] not in ALWAYS_RETURNED]


def mask_tree(paths: Iterable[str]) -> MaskTree:
    """The paths as a tree, in which a parent path swallows those below it."""
    root = MaskTree()
    for path in paths:
        *parents, last = path.split(".")
        node: MaskTree | None = root
        for segment in parents:
            node = node.setdefault(segment, MaskTree()) if node is not None else None
        if node is not None:
            node[last] = None
    return root


def copied(message: str, mask: MaskTree, source: Message | None, target: Message) -> Message:
    """The target with every masked field as it is in the source; what the source lacks is cleared (T-06)."""
    result = dict(target)
    fields = MESSAGES[message]
    for segment, below in mask.items():
        if segment in fields:
            _copy_field(fields[segment], segment, below, source, result)
        else:
            _copy_oneof(_group(fields, segment), below, source, result)
    return result


def _group(fields: Mapping[str, Field], oneof: str) -> Mapping[str, Field]:
    return {name: field for name, field in fields.items() if field.oneof == oneof}


def _copy_field(
    field: Field, name: str, below: MaskTree | None, source: Message | None, result: Message
) -> None:
    given = None if source is None else source.get(name)
    if below is None:
        if given is None:
            result.pop(name, None)
        else:
            result[name] = given
    elif given is not None or name in result:
        result[name] = copied(field.message, below, given, result.get(name, {}))


def _copy_oneof(
    group: Mapping[str, Field], below: MaskTree | None, source: Message | None, result: Message
) -> None:
    masked = group if below is None else [name for name in group if name in below]
    if source is not None and any(name in source for name in masked):
        for other in group:
            if other not in source:
                result.pop(other, None)
    for name in masked:
        _copy_field(group[name], name, None if below is None else below[name], source, result)
