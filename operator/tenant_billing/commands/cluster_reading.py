"""What ``doctor`` reads of the cluster beside the operator's objects: version, definitions, Lease, rights, Secrets."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar

from pykube.exceptions import HTTPError

from tenant_billing.api import names
from tenant_billing.api.names import ResourceKind
from tenant_billing.commands.reading import CannotRead, KubernetesReader, refused
from tenant_billing.domain.diagnosis.definitions import DefinitionSeen
from tenant_billing.domain.diagnosis.leader import LeaseSeen
from tenant_billing.domain.diagnosis.results import Unreadable
from tenant_billing.domain.diagnosis.rights import AUTHORIZATION, COORDINATION, EXTENSIONS, Right
from tenant_billing.domain.diagnosis.secrets import SecretAnswer, SecretSeen
from tenant_billing.ports import StoredSecret

T = TypeVar("T")

_REVIEWS: Final = f"{AUTHORIZATION}/v1"


@dataclass(frozen=True)
class ServerSeen:
    """The API server: address and version."""

    address: str
    version: str


class ClusterReader(KubernetesReader):
    """Reads with the person's own rights; what they do not reach is an :class:`Unreadable`, never an exception."""

    def server(self) -> ServerSeen:
        """Where the API server is, and its version.

        Raises:
            CannotRead: It gives no usable answer, so that nothing can be looked at.
        """
        try:
            found = self._answered(partial(self._client.get, version="", base="/version"))
        except HTTPError as error:
            raise CannotRead(refused(error)) from None
        return ServerSeen(self._client.url, str(found["gitVersion"]))

    def definition(self, kind: ResourceKind) -> DefinitionSeen | Unreadable | None:
        """The definition of a kind; None where there is none."""
        path = f"customresourcedefinitions/{kind.definition_name}"
        found = self._looked_at(path, lambda: self._get(f"{EXTENSIONS}/v1", path, None, {}))
        return _definition(found) if isinstance(found, dict) else found

    def lease(self, namespace: str, name: str) -> LeaseSeen | Unreadable | None:
        """The operator's Lease; None where there is none."""
        path = f"leases/{name}"
        found = self._looked_at(path, lambda: self._get(f"{COORDINATION}/v1", path, namespace, {}))
        if not isinstance(found, dict):
            return found
        now = _moment(self._date)
        return Unreadable("the API server's answer carries no date") if now is None else _lease(found, now)

    def account_of_pod(self, namespace: str, name: str) -> str | None:
        """The ServiceAccount of a pod; None where there is no such pod, or it may not be read."""
        path = f"pods/{name}"
        found = self._looked_at(path, lambda: self._get("v1", path, namespace, {}))
        return str(found["spec"]["serviceAccountName"]) if isinstance(found, dict) else None

    def kept(self, namespace: str, name: str) -> SecretAnswer:
        """A Secret; None where there is none."""
        found = self._looked_at(f"Secret {namespace}/{name}", lambda: self._stored(namespace, name))
        return SecretSeen(found.annotations, found.values) if isinstance(found, StoredSecret) else found

    def own_rights(self, rights: Iterable[Right]) -> Mapping[Right, bool | Unreadable]:
        """Which rights the person has who asks."""
        return {right: self._allowed("selfsubjectaccessreviews", right, {}) for right in rights}

    def rights_of(self, account: str, rights: Iterable[Right]) -> Mapping[Right, bool | Unreadable]:
        """Which rights a ServiceAccount has.

        Args:
            account: As ``NAMESPACE/NAME``.
            rights: Which are asked for.
        """
        namespace, _, name = account.partition("/")
        whose = {
            "user": f"system:serviceaccount:{namespace}:{name}",
            "groups": [
                "system:serviceaccounts",
                f"system:serviceaccounts:{namespace}",
                "system:authenticated",
            ],
        }
        answers: dict[Right, bool | Unreadable] = {}
        for right in rights:
            answers[right] = self._allowed("subjectaccessreviews", right, whose)
            if isinstance(answers[right], Unreadable):
                break  # the others would be refused likewise
        return answers

    def _allowed(self, review: str, right: Right, whose: Mapping[str, Any]) -> bool | Unreadable:
        """Ask for a review; it is answered and not stored."""
        resource, _, subresource = right.resource.partition("/")
        attributes = {
            "group": right.group,
            "resource": resource,
            "subresource": subresource,
            "verb": right.verb,
            "namespace": right.namespace,
            "name": right.name,
        }
        body = {
            "apiVersion": _REVIEWS,
            "kind": _KINDS[review],
            "spec": {"resourceAttributes": attributes, **whose},
        }
        found = self._looked_at(review, lambda: self._review(review, body))
        return bool(found["status"]["allowed"]) if isinstance(found, dict) else found or Unreadable(review)

    def _review(self, review: str, body: Mapping[str, Any]) -> dict[str, Any]:
        post = partial(self._client.post, version=_REVIEWS, url=review, data=json.dumps(body), headers=_JSON)
        return self._answered(post)

    def _looked_at(self, what: str, look: Callable[[], T]) -> T | Unreadable | None:
        try:
            return look()
        except HTTPError as error:
            if error.code == HTTPStatus.NOT_FOUND:
                return None
            return Unreadable(f"{what} cannot be read: {error}")
        except CannotRead as error:
            return Unreadable(str(error))


_JSON: Final = {"Content-Type": "application/json"}
_KINDS: Final = {
    "selfsubjectaccessreviews": "SelfSubjectAccessReview",
    "subjectaccessreviews": "SubjectAccessReview",
}


def _definition(body: Mapping[str, Any]) -> DefinitionSeen:
    versions = {each["name"]: each for each in body["spec"]["versions"]}
    conditions = body.get("status", {}).get("conditions", [])
    ours = versions.get(names.VERSION)
    return DefinitionSeen(
        established=any(each["type"] == "Established" and each["status"] == "True" for each in conditions),
        served=frozenset(name for name, each in versions.items() if each["served"]),
        schema=None if ours is None else ours["schema"]["openAPIV3Schema"],
    )


def _lease(body: Mapping[str, Any], now: datetime) -> LeaseSeen:
    spec = body.get("spec") or {}
    renewed = spec.get("renewTime")
    return LeaseSeen(
        holder=spec.get("holderIdentity") or "",
        renewed=None if renewed is None else datetime.fromisoformat(renewed),
        duration=float(spec.get("leaseDurationSeconds") or 0),
        transitions=int(spec.get("leaseTransitions") or 0),
        now=now,
    )


def _moment(date: str) -> datetime | None:
    """A ``Date`` header as a time in UTC; None where it is none."""
    try:
        found = parsedate_to_datetime(date)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
