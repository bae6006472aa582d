"""The Kubernetes cluster: what the loop writes to it, and reads of it beside what is watched.

Status is written by server-side apply: one call for the whole of it, and a field that the operator stops to name
disappears. Finalizers are guarded by the version that was read, so that nobody's finalizer is lost.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from tenant_billing.api import names
from tenant_billing.clients.kubernetes_api import APPLY_PATCH, MERGE_PATCH, METADATA_LIST, KubernetesApi
from tenant_billing.clients.kubernetes_events import EventTeller
from tenant_billing.clients.kubernetes_secrets import KubernetesSecrets
from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import (
    Clock,
    ListedObject,
    Listing,
    ObjectConflict,
    ObjectGone,
    ObjectKey,
)

PAGE: Final = 500
"""Objects per page of a list."""
_KINDS: Final = {each.kind: each for each in names.KINDS}
_DEFINITIONS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class KubernetesCluster(KubernetesSecrets):
    """The ``Cluster`` port on the API server."""

    def __init__(self, api: KubernetesApi, clock: Clock, instance: str) -> None:
        """Use a connection.

        Args:
            api: Where to call.
            clock: The time of Kubernetes events.
            instance: Name of this process in Kubernetes events.
        """
        super().__init__(api)
        self._events = EventTeller(api, clock, instance)

    async def create(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make an object of one of our kinds; gives it as it is after.

        Not by server-side apply: that would change an object of the same name that somebody has just made.

        Raises:
            ObjectConflict: There is one of that name, which stays as it is.
            ObjectGone: Its namespace does not exist.
            OutsideError: The API server refused, or gave no usable answer.
        """
        path = _collection(str(body["kind"]), body["metadata"].get("namespace"))
        return await self._api.call("POST", path, body=body, query={"fieldManager": names.FIELD_MANAGER})

    async def apply_status(
        self, kind: str, namespace: str | None, name: str, uid: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Write the whole status by server-side apply; gives the object as it is after.

        Raises:
            ObjectGone: There is no such object, or another one of the same name.
            OutsideError: The API server refused, or gave no usable answer.
        """
        after = await self._apply_status(kind, namespace, name, status)
        if after["metadata"]["uid"] != uid:
            # The API server checks no uid below /status. Whoever took the name has no status of its own yet:
            # one pass of a name runs at a time, and this is still the pass of the object that is gone.
            await self._apply_status(kind, namespace, name, {})
            raise ObjectGone(f"{kind} {name} is another object of the same name now")
        return after

    async def set_finalizers(self, body: Mapping[str, Any], finalizers: Sequence[str]) -> Mapping[str, Any]:
        """Replace the finalizers of the very version given; gives the object as it is after.

        Raises:
            ObjectConflict: The object is not of that version any more, or is another one of the same name.
            ObjectGone: There is no such object.
            OutsideError: The API server refused, or gave no usable answer.
        """
        metadata = body["metadata"]
        guard = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
        change = {"metadata": guard | {"finalizers": list(finalizers)}}
        path = _path(str(body["kind"]), metadata.get("namespace"), metadata["name"])
        return await self._patch(path, change)

    async def annotate(
        self, kind: str, namespace: str | None, name: str, annotations: Mapping[str, str]
    ) -> None:
        """Merge annotations into an object.

        Raises:
            ObjectGone: There is no such object.
            OutsideError: The API server refused, or gave no usable answer.
        """
        await self._patch(_path(kind, namespace, name), {"metadata": {"annotations": dict(annotations)}})

    async def is_being_removed(self, kind: str, namespace: str | None) -> bool:
        """Whether the namespace or the kind's definition itself is being deleted, or is gone already.

        Raises:
            OutsideError: The API server refused, or gave no usable answer.
        """
        if await self._is_going(f"{_DEFINITIONS}/{_KINDS[kind].definition_name}"):
            return True
        return namespace is not None and await self._is_going(f"/api/v1/namespaces/{namespace}")

    async def existing(self) -> Listing:
        """Every object of our kinds, and every namespace, that exists now; only their metadata is sent.

        Raises:
            OutsideError: The API server refused, or gave no usable answer.
        """
        paths = {each.kind: f"/apis/{names.API_VERSION}/{each.plural}" for each in names.KINDS}
        found: dict[str, Sequence[ListedObject]] = {}
        for kind, path in {**paths, "Namespace": "/api/v1/namespaces"}.items():
            try:
                found[kind] = [_listed(kind, metadata) async for metadata in self._listed(path)]
            except ObjectGone:
                continue  # not defined, or not served yet: nothing is known of it
        return found

    async def event(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        """Tell people what happened to an object, once; a failure to tell is logged and nothing else."""
        await self._events.tell(body, type_, reason, message)

    async def is_reachable(self) -> bool:
        """Whether the API server answers at all; what a probe of readiness asks."""
        try:
            await self._api.call("GET", "/version")
        except (OutsideError, ObjectGone, ObjectConflict):
            return False
        return True

    async def _listed(self, path: str) -> AsyncIterator[Mapping[str, Any]]:
        """The metadata of each object of a list.

        Raises:
            ObjectGone: The kind is not defined.
        """
        async for page in self._api.pages(path, PAGE, accept=METADATA_LIST):
            for item in page:
                yield item["metadata"]

    async def _apply_status(
        self, kind: str, namespace: str | None, name: str, status: Mapping[str, Any]
    ) -> dict[str, Any]:
        metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
        body = {"apiVersion": names.API_VERSION, "kind": kind, "metadata": metadata, "status": dict(status)}
        query = {"fieldManager": names.FIELD_MANAGER, "force": "true"}
        path = f"{_path(kind, namespace, name)}/status"
        return await self._api.call("PATCH", path, body=body, content_type=APPLY_PATCH, query=query)

    async def _patch(self, path: str, change: Mapping[str, Any]) -> Mapping[str, Any]:
        query = {"fieldManager": names.FIELD_MANAGER}
        return await self._api.call("PATCH", path, body=change, content_type=MERGE_PATCH, query=query)

    async def _is_going(self, path: str) -> bool:
        try:
            found = await self._api.call("GET", path)
        except ObjectGone:
            return True
        return "deletionTimestamp" in found["metadata"]


def _listed(kind: str, metadata: Mapping[str, Any]) -> ListedObject:
    key = ObjectKey(kind, metadata.get("namespace") or "", metadata["name"])
    return ListedObject(key, metadata["uid"], metadata["resourceVersion"])


def _path(kind: str, namespace: str | None, name: str) -> str:
    """Path of one object; names of Kubernetes need no quoting."""
    return f"{_collection(kind, namespace)}/{name}"


def _collection(kind: str, namespace: str | None) -> str:
    of_namespace = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{names.API_VERSION}{of_namespace}/{_KINDS[kind].plural}"
