"""A tenant registry that is read and never written: a :class:`tenant_billing.ports.TenantRegistry` for a rehearsal."""

from collections.abc import AsyncIterator, Mapping, Sequence

from tenant_billing.domain import predictions, requests
from tenant_billing.domain.errors import AlreadyExists, NotFound
from tenant_billing.domain.forecast import System
from tenant_billing.domain.observations import Tenant, Totals
from tenant_billing.ports import Subject, TenantRegistry
from tenant_billing.rehearsal.record import Overlay, Record


class RehearsedRegistry:
    """Reads from a real registry; a write is noted, and answered by what it would bring.

    Args:
        real: Where reads go.
        record: Where writes are noted.
    """

    def __init__(self, real: TenantRegistry, record: Record) -> None:
        self._real = real
        self._record = record
        self._tenants: Overlay[Tenant] = Overlay(lambda each: each.id)
        self._made: set[str] = set()
        self._deleted: set[str] = set()

    async def probe(self) -> None:
        """The cheapest call that proves address, key and licence."""
        await self._real.probe()

    async def list_tenants(self) -> AsyncIterator[Tenant]:
        """All tenants."""
        async for each in self._tenants.over(self._real.list_tenants()):
            if each.id not in self._deleted:
                yield each

    async def tenant(self, tenant_id: str, *, urgent: bool = True) -> Tenant | None:
        """One tenant."""
        if tenant_id in self._deleted:
            return None
        return self._tenants.get(tenant_id) or await self._real.tenant(tenant_id, urgent=urgent)

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        """Note that a tenant would be created.

        Raises:
            AlreadyExists: The id is taken.
        """
        if await self.tenant(request.id) is not None:
            raise AlreadyExists(f"there is a tenant {request.id} already", operation="CreateTenant")
        self._record.note(System.THINGS_STACK, "CreateTenant", subject, request.id, request)
        self._made.add(request.id)
        return self._tenants.put(predictions.tenant_made(request))

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        """Note that a tenant would be changed.

        Raises:
            NotFound: There is no such tenant.
        """
        before = await self.tenant(tenant_id)
        if before is None:
            raise NotFound(f"there is no tenant {tenant_id}", code="tenant_not_found")
        self._record.note(System.THINGS_STACK, "UpdateTenant", subject, tenant_id, change, before)
        return self._tenants.put(predictions.tenant_changed(before, change))

    async def delete_tenant(self, tenant_id: str, subject: Subject) -> None:
        """Note that a tenant would be deleted."""
        self._record.note(System.THINGS_STACK, "DeleteTenant", subject, tenant_id, {})
        self._deleted.add(tenant_id)

    async def totals(self, tenant_ids: Sequence[str], *, activated: bool = False) -> Mapping[str, Totals]:
        """The totals of many tenants by id; of one that does not exist yet nothing is known."""
        known = [each for each in tenant_ids if each not in self._made]
        return await self._real.totals(known, activated=activated) if known else {}

    async def close(self) -> None:
        """Give connections back."""
        await self._real.close()
