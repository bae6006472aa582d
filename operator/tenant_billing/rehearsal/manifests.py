"""How an object would stand in the cluster once a manifest of it was applied."""

import copy
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tenant_billing.api.timestamps import format_timestamp
from tenant_billing.runtime.observed import read

Body = Mapping[str, Any]


def applied(manifest: Body, existing: Body | None, now: datetime) -> Body:
    """The object after ``kubectl apply``: spec of the manifest, labels and annotations merged, the rest as it was.

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
    merged = {
        field: {**(before.get(field) or {}), **(metadata.get(field) or {})}
        for field in ("labels", "annotations")
    }
    after = {**before, **{field: value for field, value in merged.items() if value}}
    after["resourceVersion"] = next_version(before)
    wanted = {**existing, **wanted}
    if not _same_spec(existing, wanted):
        after["generation"] = int(before.get("generation", 0)) + 1
    return {**wanted, "metadata": after}


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
