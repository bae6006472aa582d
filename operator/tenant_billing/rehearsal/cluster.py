"""A Kubernetes cluster in memory: a :class:`tenant_billing.ports.Cluster` for a rehearsal."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from tenant_billing.api.names import API_VERSION
from tenant_billing.ports import (
    Clock,
    ObjectConflict,
    ObjectGone,
    ObjectKey,
    SecretKeyMissing,
    SecretNotFound,
    StoredSecret,
)
from tenant_billing.rehearsal.manifests import applied, next_version
from tenant_billing.runtime.observed import key_of
from tenant_billing.runtime.resources import ResourceStore

SecretReader = Callable[[str, str], Awaitable[StoredSecret | None]]
"""Gives a Secret by namespace and name; None where there is none."""


class RehearsedCluster:
    """Writes go into the store of the rehearsal, as a watch would bring them back, and nowhere else.

    Args:
        store: The objects of the rehearsal.
        read_secret: Where Secrets come from.
        clock: When an object is made.
    """

    def __init__(self, store: ResourceStore, read_secret: SecretReader, clock: Clock) -> None:
        self._store = store
        self._read_secret = read_secret
        self._clock = clock
        self._secrets: dict[tuple[str, str], StoredSecret] = {}

    async def create(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Hold a new object.

        Raises:
            ObjectConflict: There is one of that name.
            ObjectGone: Its namespace does not exist.
        """
        key = key_of(body)
        if self._store.body(key) is not None:
            raise ObjectConflict(str(key))
        if key.namespace and self._store.namespace_labels(key.namespace) is None:
            raise ObjectGone(f"there is no namespace {key.namespace}")
        return applied(body, None, self._clock.now())

    async def apply_status(
        self, kind: str, namespace: str | None, name: str, uid: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Hold the status."""
        return self._written(ObjectKey(kind, namespace or "", name), {"status": dict(status)}, {})

    async def set_finalizers(self, body: Mapping[str, Any], finalizers: Sequence[str]) -> Mapping[str, Any]:
        """Hold the finalizers."""
        metadata = body["metadata"]
        key = ObjectKey(str(body["kind"]), metadata.get("namespace") or "", metadata["name"])
        return self._written(key, {}, {"finalizers": list(finalizers)})

    async def annotate(
        self, kind: str, namespace: str | None, name: str, annotations: Mapping[str, str]
    ) -> None:
        """Hold the annotations."""
        key = ObjectKey(kind, namespace or "", name)
        held = self._store.body(key)
        known = (held["metadata"].get("annotations") or {}) if held is not None else {}
        self._store.arrive(self._written(key, {}, {"annotations": {**known, **annotations}}))

    async def secret_value(self, namespace: str, name: str, key: str) -> str:
        """One value of a Secret.

        Raises:
            SecretNotFound: There is no such Secret.
            SecretKeyMissing: The Secret has no such key, or an empty value.
        """
        found = await self.secret(namespace, name)
        if found is None:
            raise SecretNotFound(f"{namespace}/{name}")
        if not found.values.get(key):
            raise SecretKeyMissing(f"{namespace}/{name} {key}")
        return found.values[key]

    async def secret(self, namespace: str, name: str) -> StoredSecret | None:
        """A whole Secret; None where there is none."""
        return self._secrets.get((namespace, name)) or await self._read_secret(namespace, name)

    async def apply_secret(
        self,
        namespace: str,
        name: str,
        values: Mapping[str, str],
        annotations: Mapping[str, str],
        *,
        instead_of: StoredSecret | None,
    ) -> None:
        """Hold the Secret."""
        self._secrets[namespace, name] = StoredSecret("rehearsed", dict(annotations), dict(values))

    async def is_being_removed(self, kind: str, namespace: str | None) -> bool:
        """Nothing is being removed: a rehearsal applies."""
        return False

    async def event(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        """Nobody is told."""

    def _written(
        self, key: ObjectKey, change: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        body = self._store.body(key)
        if body is None:
            raise ObjectGone(str(key))
        before = body["metadata"]
        after = {**before, **metadata, "resourceVersion": next_version(before)}
        return {"apiVersion": API_VERSION, **body, **change, "metadata": after}
