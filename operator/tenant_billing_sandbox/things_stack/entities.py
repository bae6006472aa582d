"""What goes on inside a tenant: entities that its users register, and what the users see of its state."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tenant_billing_sandbox.things_stack.errors import (
    TENANT_ENTITY_LIMIT,
    TENANT_NOT_ACTIVE,
    ThingsStackError,
)
from tenant_billing_sandbox.things_stack.fields import State
from tenant_billing_sandbox.things_stack.message_definitions import LIMITED_ENTITIES
from tenant_billing_sandbox.things_stack.registry import TenantRegistry
from tenant_billing_sandbox.things_stack.store import TenantRecord

ACTIVE_STATES = frozenset({State.STATE_APPROVED, State.STATE_FLAGGED})


class Entities:
    """Registers and removes entities as the users of a tenant would."""

    def __init__(self, registry: TenantRegistry) -> None:
        self._registry = registry

    def register(self, tenant_id: str, counts: Mapping[str, int]) -> TenantRecord:
        """Register so many entities more, all or none of them.

        Args:
            tenant_id: The tenant.
            counts: By field of the registry totals; ``activated_end_devices`` sends the first uplink of
                devices that are registered.

        Raises:
            ThingsStackError: ``tenant_not_found``, ``tenant_not_active``, or ``tenant_entity_limit`` (code 9).
                A limit restricts what is made, not what is there already.
            ValueError: More devices would be activated than are registered.
        """
        record = self._registry.existing(self._registry.store.get(tenant_id), tenant_id)
        if not is_active(record):
            raise ThingsStackError(TENANT_NOT_ACTIVE)
        for entity, count in counts.items():
            if entity in LIMITED_ENTITIES and count > 0:
                self._require_room(record, entity, count)
        return self._changed(record, counts)

    def remove(self, tenant_id: str, counts: Mapping[str, int]) -> TenantRecord:
        """Remove so many entities.

        Raises:
            ThingsStackError: ``tenant_not_found``.
            ValueError: More would be removed than are there.
        """
        record = self._registry.existing(self._registry.store.get(tenant_id), tenant_id)
        return self._changed(record, {entity: -count for entity, count in counts.items()})

    def _require_room(self, record: TenantRecord, entity: str, count: int) -> None:
        limit = record.tenant.get(f"max_{entity}")
        if limit is not None and record.entities.get(entity, 0) + count > limit:
            raise ThingsStackError(
                TENANT_ENTITY_LIMIT,
                entity_type=entity.removesuffix("s"),
                limit=limit,
                subscription_upgrade_url=self._registry.settings.subscription_upgrade_url,
            )

    def _changed(self, record: TenantRecord, counts: Mapping[str, int]) -> TenantRecord:
        entities = dict(record.entities)
        for entity, count in counts.items():
            entities[entity] = entities.get(entity, 0) + count
        if any(count < 0 for count in entities.values()):
            raise ValueError("a tenant cannot have fewer than no entities")
        if entities.get("activated_end_devices", 0) > entities.get("end_devices", 0):
            raise ValueError("no more devices can be activated than are registered")
        changed = replace(record, entities=entities)
        self._registry.store.write(changed)
        return changed


def is_active(record: TenantRecord) -> bool:
    """Whether the tenant works for its users (things-stack.md 7)."""
    return record.tenant.get("state", State.STATE_REQUESTED) in ACTIVE_STATES


def access(record: TenantRecord) -> dict[str, Any]:
    """What a user of the tenant sees: allowed, allowed with a warning on each action, or denied."""
    state = State(record.tenant.get("state", State.STATE_REQUESTED))
    seen: dict[str, Any] = {"state": state.name, "access": "Allowed"}
    if not is_active(record):
        seen |= {"access": "Denied", "message": "Tenant is not active"}
    elif state is State.STATE_FLAGGED:
        seen |= {"access": "Warning", "warning": record.tenant.get("state_description", "")}
    if record.initial_user is not None:
        user_state = State(record.initial_user.get("state", State.STATE_REQUESTED))
        seen["initial_user"] = {"state": user_state.name, "restricted": user_state not in ACTIVE_STATES}
    return seen
