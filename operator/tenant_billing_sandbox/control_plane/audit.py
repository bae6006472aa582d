"""What kube-apiserver was asked, read back from its audit log."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITING_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})

AUDIT_POLICY: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [
        # Bodies of our own kinds explain a write; bodies of Secrets and tokens must never be in a log.
        {
            "level": "Request",
            "verbs": sorted(WRITING_VERBS),
            "resources": [{"group": "tenantbilling.dev"}],
        },
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True)
class AuditEntry:
    """One answered request.

    Attributes:
        user: Who asked, ``system:serviceaccount:NAMESPACE:NAME`` for a service account.
        user_agent: The client's name for itself.
        verb: ``get``, ``list``, ``watch``, or one of `WRITING_VERBS`.
        group: API group, empty for the core group.
        resource: Plural name; empty for a request of no resource, ``/readyz`` for one.
        subresource: ``status`` for one; else empty.
        namespace: Empty for what is cluster-scoped.
        name: Empty for lists, and for a create, whose name stands in the body.
        code: HTTP status of the answer.
        uri: Path and query.
        body: What a write of our own kinds sent; None elsewhere.
    """

    user: str
    user_agent: str
    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    uri: str
    body: Any = None

    @property
    def writes(self) -> bool:
        """Whether the verb is one that changes something, answered well or not."""
        return self.verb in WRITING_VERBS


class AuditLog:
    """The audit log of one kube-apiserver. A line may follow the answer to its request by a moment.

    Args:
        path: The file that kube-apiserver appends to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def position(self) -> int:
        """Return the present end, to read on from later."""
        return self.path.stat().st_size if self.path.exists() else 0

    def entries(self, since: int = 0) -> list[AuditEntry]:
        """Return the requests answered so far.

        Args:
            since: A `position`; requests recorded before it are left out.
        """
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(since)
            whole, _, _unfinished = file.read().rpartition(b"\n")
        return [_entry(json.loads(line)) for line in whole.splitlines() if line]

    def writes(self, since: int = 0, user: str | None = None) -> list[AuditEntry]:
        """Return what was written: the entries of writing verbs, Leases aside.

        Args:
            since: As for `entries`.
            user: Only this user's.
        """
        return [
            entry
            for entry in self.entries(since)
            if entry.writes and entry.resource != "leases" and user in (None, entry.user)
        ]


def _entry(line: dict[str, Any]) -> AuditEntry:
    reference = line.get("objectRef", {})
    return AuditEntry(
        user=line.get("user", {}).get("username", ""),
        user_agent=line.get("userAgent", ""),
        verb=line.get("verb", ""),
        group=reference.get("apiGroup", ""),
        resource=reference.get("resource", ""),
        subresource=reference.get("subresource", ""),
        namespace=reference.get("namespace", ""),
        name=reference.get("name", ""),
        code=line.get("responseStatus", {}).get("code", 0),
        uri=line.get("requestURI", ""),
        body=line.get("requestObject"),
    )
