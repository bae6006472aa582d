"""A tenant registry with a memory; it decides nothing."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from recorded_calls import Failing
from tenant_billing.domain import requests
from tenant_billing.domain.observations import Tenant, Totals
from tenant_billing.ports import Subject


@dataclass
class RegistryMemory(Failing):
    """One tenant registry."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    known_totals: dict[str, Totals] = field(default_factory=dict)
    while_totals_are_answered: list[Callable[[], None]] = field(default_factory=list)

    async def probe(self) -> None:
        self.called("probe")

    async def list_tenants(self) -> AsyncIterator[Tenant]:
        self.called("list_tenants")
        for each in list(self.tenants.values()):
            yield each

    async def tenant(self, tenant_id: str, *, urgent: bool = True) -> Tenant | None:
        self.called("tenant", urgent=urgent)
        return self.tenants.get(tenant_id)

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        raise AssertionError("a cluster's reconciler creates no tenant")

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        raise AssertionError("a cluster's reconciler changes no tenant")

    async def delete_tenant(self, tenant_id: str, subject: Subject) -> None:
        raise AssertionError("a cluster's reconciler deletes no tenant")

    async def totals(self, tenant_ids: Sequence[str], *, activated: bool = False) -> Mapping[str, Totals]:
        self.called("totals:activated" if activated else "totals")
        found = {each: self.known_totals[each] for each in tenant_ids if each in self.known_totals}
        while self.while_totals_are_answered:
            self.while_totals_are_answered.pop()()
        return found
