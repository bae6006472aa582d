"""The Kubernetes cluster, as far as the loop writes to it or reads what it does not watch."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tenant_billing.ports.objects import ObjectMaker
from tenant_billing.ports.secrets import Secrets


class ObjectConflict(Exception):
    """The object changed meanwhile (409): look again, in silence."""


class ObjectGone(Exception):
    """The object does not exist any more (404), or is another one of the same name."""


class Cluster(ObjectMaker, Secrets, Protocol):
    """The Kubernetes cluster, as far as the loop writes to it or reads what it does not watch.

    Raises:
        ObjectConflict: The object changed meanwhile.
        ObjectGone: It does not exist any more.
        tenant_billing.domain.errors.Unreachable: The API server gave no usable answer.
    """

    async def apply_status(
        self, kind: str, namespace: str | None, name: str, uid: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Write the whole status by server-side apply; gives the object as it is after."""
        ...

    async def set_finalizers(self, body: Mapping[str, Any], finalizers: Sequence[str]) -> Mapping[str, Any]:
        """Replace the finalizers of the very version given; gives the object as it is after."""
        ...

    async def annotate(
        self, kind: str, namespace: str | None, name: str, annotations: Mapping[str, str]
    ) -> None:
        """Merge annotations into an object."""
        ...

    async def is_being_removed(self, kind: str, namespace: str | None) -> bool:
        """Whether the namespace or the kind's definition itself is being deleted (then deletion acts as ``Orphan``)."""
        ...

    async def event(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        """Tell people what happened to an object, once; a failure to tell is logged and nothing else."""
        ...
