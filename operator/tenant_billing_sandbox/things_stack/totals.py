"""The registry totals: how much is registered in a tenant (things-stack.md 2.7)."""

from collections.abc import Sequence
from typing import Any

from tenant_billing_sandbox.things_stack.calls import Answer, Call
from tenant_billing_sandbox.things_stack.errors import BATCH_SIZE, ThingsStackError
from tenant_billing_sandbox.things_stack.field_masks import check_paths
from tenant_billing_sandbox.things_stack.message_definitions import COUNTED_ENTITIES
from tenant_billing_sandbox.things_stack.message_json import Message, write_message
from tenant_billing_sandbox.things_stack.registry import TenantRegistry
from tenant_billing_sandbox.things_stack.store import TenantRecord
from tenant_billing_sandbox.things_stack.validation import validate

ACTIVATED = frozenset({"activated_end_devices"})


class RegistryTotals:
    """Answers how many entities tenants have; an empty mask means all figures, unlike everywhere else."""

    def __init__(self, registry: TenantRegistry) -> None:
        self._registry = registry
        self._unsupported = frozenset() if registry.settings.supports_activated else ACTIVATED

    def get(self, tenant_id: str, field_mask: Sequence[str], call: Call) -> Answer:
        """The totals of one tenant; an empty tenant answers ``{}`` (T-08)."""
        validate("TenantRequest", {"tenant_ids": {"tenant_id": tenant_id}})
        self._check(field_mask)
        self._registry.enter(call)
        record = self._registry.existing(self._registry.store.read(tenant_id), tenant_id)
        return Answer(self._totals(record, field_mask))

    def batch(self, request: Message, call: Call) -> Answer:
        """The totals of many tenants, in an order of the server's own: match by id, never by position."""
        validate("BatchGetTenantRegistryTotalsRequest", request)
        field_mask = request.get("field_mask", {}).get("paths", [])
        self._check(field_mask)
        self._registry.enter(call)
        tenant_ids = {ids["tenant_id"] for ids in request.get("tenant_ids", [])}
        largest = self._registry.settings.largest_batch
        if largest is not None and len(tenant_ids) > largest:
            raise ThingsStackError(BATCH_SIZE, limit=largest)
        totals = [
            {"tenant_ids": record.tenant["ids"], "totals": self._totals(record, field_mask)}
            for record in self._known(sorted(tenant_ids))
        ]
        return Answer({"totals": totals} if totals else {})

    def _known(self, tenant_ids: Sequence[str]) -> list[TenantRecord]:
        records = [(tenant_id, self._registry.store.read(tenant_id)) for tenant_id in tenant_ids]
        if self._registry.settings.unknown_totals == "Refuse":
            return [self._registry.existing(record, tenant_id) for tenant_id, record in records]
        return [record for _, record in records if record is not None and record.deleted_at is None]

    def _check(self, field_mask: Sequence[str]) -> None:
        check_paths("TenantRegistryTotals", field_mask, unsupported=self._unsupported)

    def _totals(self, record: TenantRecord, field_mask: Sequence[str]) -> dict[str, Any]:
        names = field_mask or [name for name in COUNTED_ENTITIES if name not in self._unsupported]
        counts = {name: record.entities.get(name, 0) for name in names}
        return write_message("TenantRegistryTotals", {name: count for name, count in counts.items() if count})
