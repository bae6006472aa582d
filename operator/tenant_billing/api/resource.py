"""One object of any of our kinds: read from Kubernetes, its status written back."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import JsonValue, ValidationError

from tenant_billing.api.conditions import Conditions
from tenant_billing.api.fields import ApiModel, Count
from tenant_billing.api.names import API_VERSION, ResourceKind
from tenant_billing.api.timestamps import Timestamp


class InvalidResourceError(ValueError):
    """An object that is not of the shape of its kind.

    Values are left out of the text: a status or a log line may show it.

    Attributes:
        fields: Path of each faulty field as Kubernetes writes it (``spec.price.recurring.unitAmount``).
    """

    def __init__(self, described: str, problems: Mapping[str, str]) -> None:
        self.fields = tuple(problems)
        super().__init__(f"{described}: " + "; ".join(f"{path}: {why}" for path, why in problems.items()))


class ObjectMetadata(ApiModel):
    """The part of ``metav1.ObjectMeta`` that the operator reads."""

    name: str
    namespace: str | None = None
    """Absent for cluster-scoped kinds."""
    uid: str = ""
    """Empty only for an object that was read from a file."""
    generation: int = 0
    resource_version: str = ""
    annotations: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    finalizers: tuple[str, ...] = ()
    creation_timestamp: Timestamp | None = None
    deletion_timestamp: Timestamp | None = None

    @property
    def is_being_deleted(self) -> bool:
        """Whether somebody asked for the deletion of the object."""
        return self.deletion_timestamp is not None


class PendingOperation(ApiModel):
    """The intent of a create outside, stored before the call is sent and removed once its id is recorded.

    A replay of the same key returns the same objects, so an operator that dies in between loses nothing.
    """

    step: str
    """What is about to be created, CamelCase: ``CreateSubscription``. One intent may cover a workflow."""
    attempt: Count = 1
    idempotency_key: str
    parameters: Mapping[str, JsonValue] = {}
    """What will be sent, without secrets: the same key must always carry the same parameters."""
    start_time: Timestamp


class ResourceStatus(ApiModel):
    """What every status has."""

    observed_generation: int | None = None
    """``metadata.generation`` of the spec that this status speaks of."""
    last_handled_reconcile: str | None = None
    """The token of the annotation ``reconcile`` that was handled last."""
    conditions: Conditions = ()

    def to_kubernetes(self) -> dict[str, Any]:
        """Spell the status as Kubernetes does; what is unknown is left out, never null."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class CreatingStatus(ResourceStatus):
    """The status of a kind that creates things outside."""

    pending_operation: PendingOperation | None = None
    """Absent when nothing is under way."""


class Resource(ApiModel):
    """An object of one of our kinds. Subclasses name their kind and add ``spec`` and ``status``."""

    resource_kind: ClassVar[ResourceKind]

    metadata: ObjectMetadata

    @classmethod
    def from_kubernetes(
        cls, body: Mapping[str, Any], *, unknown_fields: Literal["ignore", "forbid"] = "ignore"
    ) -> Self:
        """Read an object as the API server, or a file, spells it.

        Args:
            body: The whole object.
            unknown_fields: ``forbid`` for files that people write, where a typing error must not pass.

        Raises:
            InvalidResourceError: another kind or version, or a field is missing or wrong.
        """
        content = {key: body[key] for key in body if key not in {"apiVersion", "kind"}}
        stated = (body.get("apiVersion", API_VERSION), body.get("kind", cls.resource_kind.kind))
        if stated != (API_VERSION, cls.resource_kind.kind):
            raise InvalidResourceError(
                _describe(cls.resource_kind, body),
                {"kind": f"expected {API_VERSION} {cls.resource_kind.kind}, found {stated[0]} {stated[1]}"},
            )
        if unknown_fields == "forbid":
            content["metadata"] = _known_metadata(content.get("metadata"))
        try:
            return cls.model_validate(content, extra=unknown_fields, by_alias=True, by_name=False)
        except ValidationError as error:
            problems = {_path(each["loc"]): each["msg"] for each in error.errors(include_input=False)}
            raise InvalidResourceError(_describe(cls.resource_kind, body), problems) from None


def _known_metadata(metadata: object) -> object:
    """Keep what we read of the metadata: its other fields belong to Kubernetes and are no mistakes."""
    if not isinstance(metadata, Mapping):
        return metadata
    known = {field.alias for field in ObjectMetadata.model_fields.values()}
    return {key: value for key, value in metadata.items() if key in known}


def _describe(kind: ResourceKind, body: Mapping[str, Any]) -> str:
    metadata = body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
    where = "/".join(str(each) for each in (namespace, name) if each)
    return f"{kind.kind} {where or '(without a name)'}"


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".") or "object"
