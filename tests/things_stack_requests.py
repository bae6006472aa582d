"""Builders for calls of The Things Stack's tenant registry, used by the tests of its simulator."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator

STRIPE = {
    "customer_id": "cus_A",
    "plan_id": "price_A",
    "subscription_id": "sub_A",
    "subscription_item_id": "si_A",
}


def tenant(tenant_id: str = "acme-iot", **fields: Any) -> dict[str, Any]:
    """A tenant that the registry accepts."""
    return {"ids": {"tenant_id": tenant_id}, "name": "Acme IoT", "state": "STATE_APPROVED", **fields}


def initial_user(user_id: str = "acme-owner", **fields: Any) -> dict[str, Any]:
    """An initial user that the registry accepts."""
    return {
        "ids": {"user_id": user_id},
        "primary_email_address": "ann@acme.example",
        "state": "STATE_APPROVED",
        **fields,
    }


def error_of(response: httpx.Response) -> tuple[int, int, str]:
    """HTTP status, gRPC code, and name of the innermost cause of an error."""
    body = response.json()
    details = body["details"][0]
    while "cause" in details:
        details = details["cause"]
    return response.status_code, body["code"], details["name"]


def moment_of(response: httpx.Response) -> datetime:
    """When the tenant in an answer was updated."""
    return datetime.fromisoformat(response.json()["updated_at"])


def violated_field(response: httpx.Response) -> str:
    """The field that broke a rule, with the fields it lies in."""
    details = response.json()["details"][0]
    fields = [details["attributes"]["field"]]
    while "cause" in details:
        details = details["cause"]
        fields.append(details["attributes"]["field"])
    return ".".join(fields)


@dataclass(frozen=True)
class RegistryClient:
    """Plain calls of one simulator."""

    http: httpx.AsyncClient
    simulator: ThingsStackSimulator

    async def create(
        self, content: Mapping[str, Any] | None = None, user: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        body = {"tenant": content or tenant()} | ({"initial_user": user} if user else {})
        return await self.http.post("/api/v3/tenants", json=body)

    async def get(self, field_mask: str = "", tenant_id: str = "acme-iot") -> httpx.Response:
        params = {"field_mask": field_mask} if field_mask else {}
        return await self.http.get(f"/api/v3/tenants/{tenant_id}", params=params)

    async def update(
        self, content: Mapping[str, Any], paths: Sequence[str], tenant_id: str = "acme-iot"
    ) -> httpx.Response:
        body = {"tenant": content, "field_mask": {"paths": list(paths)}}
        return await self.http.put(f"/api/v3/tenants/{tenant_id}", json=body)

    async def delete(self, tenant_id: str = "acme-iot") -> httpx.Response:
        return await self.http.delete(f"/api/v3/tenants/{tenant_id}")

    async def register(self, counts: Mapping[str, int], tenant_id: str = "acme-iot") -> httpx.Response:
        return await self.http.post(f"/_sandbox/tenants/{tenant_id}/entities", json=counts)

    async def totals(self, field_mask: str = "", tenant_id: str = "acme-iot") -> httpx.Response:
        params = {"field_mask": field_mask} if field_mask else {}
        return await self.http.get(f"/api/v3/tenants/{tenant_id}/registry-totals", params=params)


@asynccontextmanager
async def serving(settings: ThingsStackSettings | None = None) -> AsyncIterator[RegistryClient]:
    """A simulator with these settings and a client that has its key."""
    async with ThingsStackSimulator.serve(settings) as simulator:
        headers = {
            "Authorization": f"TenantAdminKey {simulator.tenant_admin_key}",
            "Accept": "application/json",
        }
        async with httpx.AsyncClient(base_url=simulator.url, headers=headers) as http:
            yield RegistryClient(http, simulator)
