"""What every reconciler of a cluster-scoped kind does with its object: finalizer, status, the annotations of people."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from tenant_billing.api.names import FINALIZER, Annotation
from tenant_billing.api.resource import Resource, ResourceStatus
from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import (
    Clock,
    Cluster,
    CorrectionMeter,
    ObjectConflict,
    ObjectGone,
    ObjectKey,
    Outcome,
    Queue,
    Resources,
    uncounted_correction,
)
from tenant_billing.reconcilers.seen_events import SeenEvents
from tenant_billing.reconcilers.used_secrets import UsedSecrets

MOST_USERS_NAMED: Final = 5

StatusT = TypeVar("StatusT", bound=ResourceStatus)


def key_of(resource: Resource) -> ObjectKey:
    """The unit of work of an object."""
    return ObjectKey(resource.resource_kind.kind, resource.metadata.namespace or "", resource.metadata.name)


def is_paused(resource: Resource) -> bool:
    """Whether a person asked to leave the object alone."""
    return resource.metadata.annotations.get(Annotation.PAUSED) == "true"


def reconcile_token(resource: Resource) -> str | None:
    """The token that a person asks to be handled, None where there is none."""
    return resource.metadata.annotations.get(Annotation.RECONCILE)


def acknowledged(resource: Resource, status: StatusT) -> StatusT:
    """The status with the generation and the token that it speaks of."""
    return status.model_copy(
        update={
            "observed_generation": resource.metadata.generation,
            "last_handled_reconcile": reconcile_token(resource),
        }
    )


def named(users: Sequence[str]) -> str:
    """The first users of an object by name, and how many more there are."""
    first = sorted(users)[:MOST_USERS_NAMED]
    more = len(users) - len(first)
    return ", ".join(first) + (f" and {more} more" if more else "")


@dataclass(frozen=True)
class Surroundings:
    """What the reconcilers of cluster-scoped kinds work with.

    Attributes:
        namespace: The operator's own namespace, the only one whose Secrets they read (api.md, rule 2).
        jitter: Gives a random number from 0 to 1.
        seen_events: Which events were told already; shared by those who are told.
        corrected: Counts what was put back after somebody else had changed it.
    """

    resources: Resources
    kubernetes: Cluster
    queue: Queue
    clock: Clock
    namespace: str
    jitter: Callable[[], float]
    seen_events: SeenEvents = field(default_factory=SeenEvents)
    corrected: CorrectionMeter = uncounted_correction

    @cached_property
    def secrets(self) -> UsedSecrets:
        """The Secrets of that namespace; shared, so that one look at each does for all who use it."""
        return UsedSecrets(self.kubernetes, self.queue, self.namespace)


async def guarded(work: Awaitable[Outcome]) -> Outcome:
    """Await a pass; what Kubernetes or an outside system may say at any moment becomes its outcome."""
    try:
        return await work
    except ObjectConflict:
        return Outcome("waiting", retry=True, why="the object changed meanwhile")
    except ObjectGone:
        return Outcome("gone")
    except OutsideError as error:
        return Outcome("failed", retry=True, why=str(error))


async def write_status(
    resources: Resources, kubernetes: Cluster, resource: Resource, status: ResourceStatus
) -> None:
    """Write the whole status of an object, and know it at once.

    Raises:
        ObjectGone: There is no such object any more, which is known at once, too.
    """
    metadata, kind = resource.metadata, resource.resource_kind.kind
    with _noticing_that_it_is_gone(resources, resource):
        body = await kubernetes.apply_status(
            kind, metadata.namespace, metadata.name, metadata.uid, status.to_kubernetes()
        )
    resources.observe(body)


@contextmanager
def _noticing_that_it_is_gone(resources: Resources, resource: Resource) -> Iterator[None]:
    """A watch that was broken tells no deletion that happened meanwhile; the answer to a write does."""
    try:
        yield
    except ObjectGone:
        body = resources.body(key_of(resource))
        if body is not None and body["metadata"]["uid"] == resource.metadata.uid:
            resources.forget(body)
        raise


class Reporter:
    """Writes the status and the finalizers of objects, only where they differ."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._resources = surroundings.resources
        self._kubernetes = surroundings.kubernetes

    async def store(self, resource: Resource, before: ResourceStatus, status: ResourceStatus) -> bool:
        """Write the whole status if it differs from the one before; gives whether it did."""
        if status == before:
            return False
        await write_status(self._resources, self._kubernetes, resource, status)
        return True

    async def hold(self, resource: Resource) -> bool:
        """Keep an object from vanishing before its reconciler let it go; gives whether that had to be written."""
        if FINALIZER in resource.metadata.finalizers or resource.metadata.is_being_deleted:
            return False
        return await self._set_finalizers(resource, (*resource.metadata.finalizers, FINALIZER))

    async def let_go(self, resource: Resource) -> None:
        """Let an object vanish."""
        if FINALIZER in resource.metadata.finalizers:
            rest = tuple(each for each in resource.metadata.finalizers if each != FINALIZER)
            await self._set_finalizers(resource, rest)

    async def _set_finalizers(self, resource: Resource, finalizers: Sequence[str]) -> bool:
        body: Mapping[str, Any] | None = self._resources.body(key_of(resource))
        if body is None:
            return False
        with _noticing_that_it_is_gone(self._resources, resource):
            after = await self._kubernetes.set_finalizers(body, finalizers)
        self._resources.observe(after)
        return True
