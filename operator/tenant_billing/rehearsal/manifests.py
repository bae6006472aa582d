"""How an object would stand in the cluster once a manifest of it was applied."""

import copy
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tenant_billing.api.timestamps import format_timestamp
from tenant_billing.runtime.observed import read

LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""Where kubectl keeps what it applied (without ``--server-side``)."""

Body = Mapping[str, Any]


def applied(manifest: Body, existing: Body | None, now: datetime) -> Body:
    """The object after ``kubectl apply``: spec of the manifest, labels and annotations merged, the rest as it was.

    A label or annotation that kubectl applied last, and that the manifest does not have any more, goes, as kubectl has
    it: so a ``paused`` that was taken out of a file is told as what it is.

    Args:
        manifest: What is applied; a status in it counts for nothing, as with the API server.
        existing: The object as it is, None where there is none.
        now: When a new object is made.
    """
    wanted = copy.deepcopy(dict(manifest))
    wanted.pop("status", None)
    metadata = {**wanted["metadata"]}
    if existing is None:
        identity = f"{manifest['kind']}/{metadata.get('namespace')}/{metadata['name']}"
        metadata["uid"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"rehearsal/{identity}"))
        metadata["creationTimestamp"] = format_timestamp(now)
        metadata |= {"generation": 1, "resourceVersion": "1"}
        return {**wanted, "metadata": metadata}
    before = existing["metadata"]
    merged = {field: _merged(field, before, metadata) for field in ("labels", "annotations")}
    after = {**before, **merged}
    after["resourceVersion"] = next_version(before)
    wanted = {**existing, **wanted}
    if not _same_spec(existing, wanted):
        after["generation"] = int(before.get("generation", 0)) + 1
    return {**wanted, "metadata": after}


def _merged(field: str, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, str]:
    """Labels or annotations as they are after an apply."""
    given = wanted.get(field) or {}
    kept = {key: value for key, value in (before.get(field) or {}).items() if key not in _last(before, field)}
    return {**kept, **given}


def _last(metadata: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """The labels or annotations that kubectl applied last; none where it never did."""
    text = (metadata.get("annotations") or {}).get(LAST_APPLIED, "{}")
    try:
        found = json.loads(text)["metadata"][field]
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _same_spec(existing: Body, wanted: Body) -> bool:
    """Whether both ask for the same, with every default filled in."""
    before, after = read(existing).resource, read({**wanted, "metadata": existing["metadata"]}).resource
    if before is None or after is None:
        return bool(existing.get("spec") == wanted.get("spec"))
    return before.spec == after.spec


def next_version(metadata: Mapping[str, Any]) -> str:
    """A resource version that counts as newer than the one held."""
    version = str(metadata.get("resourceVersion", ""))
    return str(int(version) + 1) if version.isdecimal() else f"{version}+"
