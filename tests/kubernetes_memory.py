"""A Kubernetes cluster with a memory; it decides nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recorded_calls import Failing
from tenant_billing.ports import (
    ObjectConflict,
    ObjectGone,
    ObjectKey,
    SecretKeyMissing,
    SecretNotFound,
    StoredSecret,
)
from tenant_billing.runtime.resources import ResourceStore


@dataclass
class KubernetesMemory(Failing):
    """Writes into the store of watched objects, as a watch would bring it back."""

    store: ResourceStore = field(default_factory=ResourceStore)
    secrets: dict[tuple[str, str, str], str] = field(default_factory=dict)
    annotations: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    removed: set[tuple[str, str | None]] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    created: list[Mapping[str, Any]] = field(default_factory=list)

    async def create(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.called("create")
        metadata = body["metadata"]
        if self.store.body(ObjectKey(body["kind"], metadata["namespace"], metadata["name"])) is not None:
            raise ObjectConflict(metadata["name"])
        self.created.append(body)
        known = {
            "uid": f"uid-{len(self.created)}-of-{metadata['name']}",
            "resourceVersion": "1",
            "generation": 1,
        }
        return {**body, "metadata": {**metadata, **known, "creationTimestamp": "2026-11-20T10:00:00Z"}}

    async def apply_status(
        self, kind: str, namespace: str | None, name: str, uid: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        self.called("apply_status")
        return self._written(ObjectKey(kind, namespace or "", name), {"status": dict(status)})

    async def set_finalizers(self, body: Mapping[str, Any], finalizers: Sequence[str]) -> Mapping[str, Any]:
        self.called("set_finalizers")
        metadata = body["metadata"]
        key = ObjectKey(body["kind"], metadata.get("namespace", ""), metadata["name"])
        return self._written(key, {"metadata": {**metadata, "finalizers": list(finalizers)}})

    async def annotate(
        self, kind: str, namespace: str | None, name: str, annotations: Mapping[str, str]
    ) -> None:
        self.called("annotate")
        key = ObjectKey(kind, namespace or "", name)
        metadata = (self.store.body(key) or {}).get("metadata")
        if metadata is not None:
            merged = {**(metadata.get("annotations") or {}), **annotations}
            self.store.observe(self._written(key, {"metadata": {**metadata, "annotations": merged}}))

    async def secret_value(self, namespace: str, name: str, key: str) -> str:
        self.called("secret_value")
        value = self.secrets.get((namespace, name, key))
        if value is not None:
            return value
        known = any(each[:2] == (namespace, name) for each in self.secrets)
        raise SecretKeyMissing(key) if known else SecretNotFound(name)

    async def secret(self, namespace: str, name: str) -> StoredSecret | None:
        self.called("secret")
        values = {
            key: value.strip()
            for (where, which, key), value in self.secrets.items()
            if (where, which) == (namespace, name)
        }
        if not values:
            return None
        version = hashlib.sha256(repr(sorted(values.items())).encode()).hexdigest()
        return StoredSecret(version, self.annotations.get((namespace, name), {}), values)

    async def apply_secret(
        self,
        namespace: str,
        name: str,
        values: Mapping[str, str],
        annotations: Mapping[str, str],
        *,
        instead_of: StoredSecret | None,
    ) -> None:
        self.called("apply_secret")
        if await self.secret(namespace, name) != instead_of:
            raise ObjectConflict(name)
        self.secrets |= {(namespace, name, key): value for key, value in values.items()}
        self.annotations[namespace, name] = dict(annotations)

    async def is_being_removed(self, kind: str, namespace: str | None) -> bool:
        return (kind, namespace) in self.removed

    async def event(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        self.events.append(reason)
        self.told.append(message)

    def _written(self, key: ObjectKey, change: Mapping[str, Any]) -> Mapping[str, Any]:
        body = self.store.body(key)
        if body is None:
            raise ObjectGone(str(key))
        written = {**body, **change}
        version = str(int(body["metadata"]["resourceVersion"]) + 1)
        written["metadata"] = {**written["metadata"], "resourceVersion": version}
        return written
