"""Secrets: read by name, never listed, and written for the operator itself only."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from tenant_billing.api import names
from tenant_billing.clients.kubernetes_api import APPLY_PATCH, KubernetesApi
from tenant_billing.ports import ObjectGone, SecretKeyMissing, SecretNotFound, StoredSecret

MANAGED_BY: Final = {"app.kubernetes.io/managed-by": names.FIELD_MANAGER}


class KubernetesSecrets:
    """The ``Secrets`` port on the API server."""

    def __init__(self, api: KubernetesApi) -> None:
        self._api = api

    async def secret_value(self, namespace: str, name: str, key: str) -> str:
        """One value of a Secret, without the line break that editors leave at its end.

        Raises:
            SecretNotFound: There is no such Secret.
            SecretKeyMissing: The Secret has no such key, or an empty value, or one that is not text.
            OutsideError: The API server refused, or gave no usable answer.
        """
        found = await self.secret(namespace, name)
        if found is None:
            raise SecretNotFound(f"Secret {namespace}/{name} not found")
        value = found.values.get(key)
        if not value:
            raise SecretKeyMissing(f"Secret {namespace}/{name} has no value under {key!r}")
        return value

    async def secret(self, namespace: str, name: str) -> StoredSecret | None:
        """A whole Secret; None where there is none.

        Raises:
            OutsideError: The API server refused, or gave no usable answer.
        """
        try:
            body = await self._api.call("GET", _path(namespace, name))
        except ObjectGone:
            return None
        metadata: Mapping[str, Any] = body["metadata"]
        values = {key: _text(value) for key, value in (body.get("data") or {}).items()}
        return StoredSecret(metadata["resourceVersion"], metadata.get("annotations") or {}, values)

    async def apply_secret(
        self,
        namespace: str,
        name: str,
        values: Mapping[str, str],
        annotations: Mapping[str, str],
        *,
        instead_of: StoredSecret | None,
    ) -> None:
        """Write a Secret by server-side apply.

        Raises:
            ObjectConflict: It is not of the version to replace, or there is one of somebody else's.
            OutsideError: The API server refused, or gave no usable answer.
        """
        metadata: dict[str, Any] = {"name": name, "namespace": namespace}
        metadata |= {"labels": MANAGED_BY, "annotations": dict(annotations)}
        query = {"fieldManager": names.FIELD_MANAGER}
        if instead_of is not None:
            metadata["resourceVersion"] = instead_of.version
            query["force"] = "true"  # what a person has edited in it meanwhile is what is to be replaced
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
        await self._api.call(
            "PATCH", _path(namespace, name), body=body, content_type=APPLY_PATCH, query=query
        )


def _text(value: str) -> str:
    """A value as text; empty where it is none."""
    try:
        return base64.b64decode(value).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{namespace}/secrets/{name}"
