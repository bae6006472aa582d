"""Kubernetes events: telling people what happened to an object, once per change."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import structlog

from tenant_billing.api import names
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import Clock, ObjectConflict, ObjectGone

LONGEST_NOTE: Final = 1024
"""Bytes that events.k8s.io/v1 admits."""
_REMEMBERED: Final = 20_000
_NAMESPACE_OF_CLUSTER_SCOPED: Final = "default"


class EventTeller:
    """Writes events; remembers the last one of each object, so that a pass that is repeated tells nothing twice."""

    def __init__(self, api: KubernetesApi, clock: Clock, instance: str) -> None:
        """Tell nothing yet.

        Args:
            api: Where to write.
            clock: The time of an event.
            instance: Name of this process, ``reportingInstance``.
        """
        self._api = api
        self._clock = clock
        self._instance = instance
        self._told: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._log = structlog.get_logger("events")

    async def tell(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        """Write an event about an object unless it was the last one told; a failure is logged and nothing else.

        Args:
            body: The object.
            type_: ``Normal`` or ``Warning``.
            reason: In CamelCase, of the closed list of reasons.
            message: For people; cut at :data:`LONGEST_NOTE`.
        """
        uid = str(body["metadata"]["uid"])
        if self._told.get(uid) == (reason, message):
            return
        self._remember(uid, reason, message)
        namespace = body["metadata"].get("namespace", _NAMESPACE_OF_CLUSTER_SCOPED)
        event = self._event(body, namespace, type_, reason, message)
        try:
            await self._api.call("POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", body=event)
        except (OutsideError, ObjectGone, ObjectConflict) as error:
            self._log.warning(
                "event not told", reason=reason, name=body["metadata"]["name"], error=str(error)
            )

    def _remember(self, uid: str, reason: str, message: str) -> None:
        self._told[uid] = (reason, message)
        self._told.move_to_end(uid)
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    def _event(
        self, body: Mapping[str, Any], namespace: str, type_: str, reason: str, message: str
    ) -> dict[str, Any]:
        metadata = body["metadata"]
        regarding = {
            "apiVersion": body["apiVersion"],
            "kind": body["kind"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        }
        if "namespace" in metadata:
            regarding["namespace"] = metadata["namespace"]
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"generateName": f"{metadata['name']}-", "namespace": namespace},
            "eventTime": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "type": type_,
            "reason": reason,
            "action": "Reconcile",
            "note": _cut(message),
            "regarding": regarding,
            "reportingController": f"{names.GROUP}/{names.FIELD_MANAGER}",
            "reportingInstance": self._instance,
        }


def _cut(message: str) -> str:
    encoded = message.encode()
    if len(encoded) <= LONGEST_NOTE:
        return message
    return encoded[: LONGEST_NOTE - 3].decode(errors="ignore") + "…"
