"""Kubernetes events: telling people what happened to an object, once per change, and not without end."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from tenant_billing.api import names
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import Clock, ObjectConflict, ObjectGone

LONGEST_NOTE: Final = 1024
"""Bytes that events.k8s.io/v1 admits."""
MOST_AT_ONCE: Final = 10
"""Events about one object in a row; a life from the first payment to the last takes fewer."""
ONE_MORE_AFTER: Final = 300.0
"""Seconds after which one more may be told: what flaps is told every five minutes, and its conditions say the rest.
The event recorder of Kubernetes' own controllers does likewise (client-go, ``EventSourceObjectSpamFilter``)."""
_REMEMBERED: Final = 20_000
_NAMESPACE_OF_CLUSTER_SCOPED: Final = "default"


@dataclass(frozen=True)
class _Told:
    """What was told of one object.

    Attributes:
        last: Reason and message of the last event.
        left: How many more could be told at once then.
        at: When that was, in monotonic seconds.
    """

    last: tuple[str, str]
    left: float
    at: float

    def left_at(self, now: float) -> float:
        """How many can be told at once now."""
        return min(MOST_AT_ONCE, self.left + (now - self.at) / ONE_MORE_AFTER)


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
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._log = structlog.get_logger("events")

    async def tell(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        """Write an event about an object; a failure is logged and nothing else.

        Not the one that was told last, and not one more of too many (:data:`MOST_AT_ONCE`).

        Args:
            body: The object.
            type_: ``Normal`` or ``Warning``.
            reason: In CamelCase, of the closed list of reasons.
            message: For people; cut at :data:`LONGEST_NOTE`.
        """
        uid = str(body["metadata"]["uid"])
        if not self._is_worth_telling(uid, (reason, message)):
            return
        namespace = body["metadata"].get("namespace", _NAMESPACE_OF_CLUSTER_SCOPED)
        event = self._event(body, namespace, type_, reason, message)
        try:
            await self._api.call("POST", f"/apis/events.k8s.io/v1/namespaces/{namespace}/events", body=event)
        except (OutsideError, ObjectGone, ObjectConflict) as error:
            self._log.warning(
                "event not told", reason=reason, name=body["metadata"]["name"], error=str(error)
            )

    def _is_worth_telling(self, uid: str, news: tuple[str, str]) -> bool:
        """Whether to tell; remembers what was wished to be told, told or not, so that it is asked for once."""
        now, known = self._clock.monotonic(), self._told.get(uid)
        if known is not None and known.last == news:
            return False
        left = known.left_at(now) if known is not None else float(MOST_AT_ONCE)
        told = left >= 1.0
        self._told[uid] = _Told(news, left - 1.0 if told else left, now)
        self._told.move_to_end(uid)
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        return told

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
