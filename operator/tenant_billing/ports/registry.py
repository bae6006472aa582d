"""The tenant registry of one deployment of The Things Stack."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from tenant_billing.domain import requests
from tenant_billing.domain.observations import Tenant, Totals
from tenant_billing.ports.work import Subject


class TenantRegistry(Protocol):
    """The tenant registry of one deployment of The Things Stack.

    Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`.
    """

    async def probe(self) -> None:
        """The cheapest call that proves address, key and licence."""
        ...

    def list_tenants(self) -> AsyncIterator[Tenant]:
        """All tenants, with all that the operator compares."""
        ...

    async def tenant(self, tenant_id: str, *, urgent: bool = True) -> Tenant | None:
        """One tenant, freshly read; None only where the registry itself says so (T-01)."""
        ...

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        """Create a tenant and its administrator.

        Raises:
            AlreadyExists: The id is taken, perhaps by a deleted tenant (T-03).
        """
        ...

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        """Write the fields that the change names and no other; gives the tenant as it is after (section 5)."""
        ...

    async def delete_tenant(self, tenant_id: str, subject: Subject) -> None:
        """Delete a tenant; one that is gone already is success."""
        ...

    async def totals(self, tenant_ids: Sequence[str], *, activated: bool = False) -> Mapping[str, Totals]:
        """The totals of many tenants by id; an id that is missing from the answer is unknown, not zero.

        Args:
            tenant_ids: Any number of them.
            activated: Ask for the activated end devices too.

        Raises:
            Unsupported: This version does not count activated end devices; all devices are no substitute.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class RegistryFactory(Protocol):
    """Builds the connection to a tenant registry."""

    def __call__(
        self, *, cluster: str, url: str, admin_key: str, ca_bundle: str | None, requests_per_second: int
    ) -> TenantRegistry:
        """Connect for the ThingsStackCluster of that name; no call is made yet."""
        ...
