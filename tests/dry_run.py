"""What the real kube-apiserver thinks of an object, without keeping it."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tenant_billing_sandbox.control_plane.plane import ControlPlane

Object = Mapping[str, Any]


class DryRun:
    """Applies objects server-side without keeping them; an object that was judged before is not sent again."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._collections: dict[tuple[str, str], str] = {}
        self._judged: dict[str, list[str]] = {}

    @classmethod
    @asynccontextmanager
    async def on(cls, plane: ControlPlane) -> AsyncIterator["DryRun"]:
        """Ask a control plane as its administrator."""
        context = ssl.create_default_context(cafile=plane.authority)
        context.load_cert_chain(*plane.administrator)
        async with httpx.AsyncClient(
            base_url=plane.url, verify=context, trust_env=False, timeout=60
        ) as client:
            yield cls(client)

    async def objections(self, manifest: Object) -> list[str]:
        """Why an object is refused, and what the API server warns of; unknown fields among them."""
        key = json.dumps(manifest, sort_keys=True)
        if key not in self._judged:
            self._judged[key] = await self._ask(manifest)
        return self._judged[key]

    async def _ask(self, manifest: Object) -> list[str]:
        path = await self._path(manifest)
        answer = await self._client.patch(
            path,
            params={"dryRun": "All", "fieldManager": "test", "fieldValidation": "Strict", "force": "true"},
            headers={"Content-Type": "application/apply-patch+yaml"},
            content=json.dumps(manifest),
        )
        warnings = answer.headers.get_list("Warning")
        return warnings if answer.is_success else [*warnings, answer.json()["message"]]

    async def _path(self, manifest: Object) -> str:
        metadata = manifest["metadata"]
        collection = await self._collection(manifest["apiVersion"], manifest["kind"])
        return f"{collection.format(namespace=metadata.get('namespace'))}/{metadata['name']}"

    async def _collection(self, api_version: str, kind: str) -> str:
        """Where objects of a kind lie, by discovery."""
        if (api_version, kind) not in self._collections:
            root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
            for each in (await self._client.get(root)).raise_for_status().json()["resources"]:
                within = "/namespaces/{namespace}" if each["namespaced"] else ""
                if "/" not in each["name"]:
                    self._collections[api_version, each["kind"]] = f"{root}{within}/{each['name']}"
        return self._collections[api_version, kind]
