"""The control routes of this simulator: what other people and devices do, and the time."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt

from tenant_billing_sandbox.service.control import control_error
from tenant_billing_sandbox.things_stack.entities import Entities, access
from tenant_billing_sandbox.things_stack.field_masks import check_paths
from tenant_billing_sandbox.things_stack.message_definitions import COUNTED_ENTITIES
from tenant_billing_sandbox.things_stack.message_json import read_message, write_message, write_timestamp
from tenant_billing_sandbox.things_stack.registry import TenantRegistry
from tenant_billing_sandbox.things_stack.routes import decoded
from tenant_billing_sandbox.things_stack.store import TenantRecord
from tenant_billing_sandbox.things_stack.validation import validate


class EntityCounts(BaseModel):
    """The body of ``POST`` and ``DELETE /_sandbox/tenants/{id}/entities``: how many more, or fewer."""

    model_config = ConfigDict(extra="forbid")

    applications: NonNegativeInt = 0
    clients: NonNegativeInt = 0
    end_devices: NonNegativeInt = 0
    activated_end_devices: NonNegativeInt = 0
    gateways: NonNegativeInt = 0
    organizations: NonNegativeInt = 0
    users: NonNegativeInt = 0


class ClockSetting(BaseModel):
    """The body of ``POST /_sandbox/clock``: where the time stands still, or null for the real time."""

    model_config = ConfigDict(extra="forbid")

    time: AwareDatetime | None


class ReplicaSetting(BaseModel):
    """The body of ``POST /_sandbox/replica``: whether the read replica stands still as it is."""

    model_config = ConfigDict(extra="forbid")

    held: bool


Route = Callable[[web.Request], Awaitable[web.Response]]


class Control:
    """Serves ``/_sandbox/`` beside the shared control routes. It asks for no key."""

    def __init__(self, registry: TenantRegistry) -> None:
        self._registry = registry
        self._entities = Entities(registry)

    def add_to(self, app: web.Application) -> None:
        """Add every route."""
        for verb, path, route in (
            ("POST", "/tenants/{tenant_id}", self._write_tenant),
            ("DELETE", "/tenants/{tenant_id}", self._delete_tenant),
            ("POST", "/tenants/{tenant_id}/entities", self._register),
            ("DELETE", "/tenants/{tenant_id}/entities", self._remove),
            ("GET", "/tenants/{tenant_id}/access", self._access),
            ("POST", "/clock", self._set_clock),
            ("POST", "/replica", self._hold_replica),
        ):
            app.router.add_route(verb, f"/_sandbox{path}", _reporting(route))

    def state(self) -> dict[str, Any]:
        """Everything the simulator holds; passwords are not among it."""
        records = sorted(self._registry.store.all(), key=lambda record: record.id)
        return {
            "time": write_timestamp(self._registry.clock.now()),
            "tenants": [self._shown(record) for record in records],
        }

    async def _write_tenant(self, request: web.Request) -> web.Response:
        """What another administrator does: write the fields that the body names, null clears one."""
        tenant_id = request.match_info["tenant_id"]
        body = decoded(await request.read())
        tenant = read_message("Tenant", body) | {"ids": {"tenant_id": tenant_id}}
        validate("Tenant", tenant)
        check_paths("Tenant", body)
        record = self._registry.store.get(tenant_id)
        if record is None:
            moment = self._registry.clock.tick()
            record = TenantRecord(tenant | {"created_at": moment, "updated_at": moment})
        self._registry.existing(record, tenant_id)
        return web.json_response(self._shown(self._registry.written(record, tenant, list(body))))

    async def _delete_tenant(self, request: web.Request) -> web.Response:
        return web.json_response(self._shown(self._registry.deleted(request.match_info["tenant_id"])))

    async def _register(self, request: web.Request) -> web.Response:
        counts = EntityCounts.model_validate_json(await request.read())
        record = self._entities.register(request.match_info["tenant_id"], counts.model_dump())
        return web.json_response(self._shown(record))

    async def _remove(self, request: web.Request) -> web.Response:
        counts = EntityCounts.model_validate_json(await request.read())
        record = self._entities.remove(request.match_info["tenant_id"], counts.model_dump())
        return web.json_response(self._shown(record))

    async def _access(self, request: web.Request) -> web.Response:
        tenant_id = request.match_info["tenant_id"]
        return web.json_response(
            access(self._registry.existing(self._registry.store.get(tenant_id), tenant_id))
        )

    async def _set_clock(self, request: web.Request) -> web.Response:
        setting = ClockSetting.model_validate_json(await request.read())
        self._registry.clock.set(setting.time)
        return web.json_response({"time": write_timestamp(self._registry.clock.now())})

    async def _hold_replica(self, request: web.Request) -> web.Response:
        setting = ReplicaSetting.model_validate_json(await request.read())
        self._registry.store.hold_replica(held=setting.held)
        return web.json_response({"held": setting.held})

    def _shown(self, record: TenantRecord) -> dict[str, Any]:
        user = record.initial_user
        return {
            "tenant": write_message("Tenant", record.tenant),
            "entities": {name: record.entities.get(name, 0) for name in COUNTED_ENTITIES},
            "initial_user": None if user is None else write_message("User", user),
            "password_given": record.password_given,
            "deleted_at": _optional_timestamp(record.deleted_at),
            "access": access(record),
        }


def _reporting(route: Route) -> Route:
    """Answer 400 where the body of a control call makes no sense."""

    async def reported(request: web.Request) -> web.Response:
        try:
            return await route(request)
        except ValueError as error:
            return control_error(HTTPStatus.BAD_REQUEST, str(error))

    return reported


def _optional_timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else write_timestamp(moment)
