"""What one tenant registry holds, as far as it was seen."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from tenant_billing.domain.errors import NotFound, Refused
from tenant_billing.domain.observations import Tenant, Totals
from tenant_billing.ports import Clock, TenantRegistry
from tenant_billing.reconcilers.grouping import GroupedCalls

BATCH: Final = 100
"""Tenants of one call for totals."""
MAY_BE_OLD: Final = 300.0
"""Seconds for which totals do when nothing is decided by them."""


class TenantPicture:
    """All tenants of a registry: a full listing now and then; between them fresh reads, and answers to writes."""

    def __init__(self, registry: TenantRegistry) -> None:
        self._registry = registry
        self._tenants: dict[str, Tenant] = {}
        self._taken_during_listing: set[str] = set()
        self._ready = False
        self._full = GroupedCalls(self._list)

    def go_on_with(self, registry: TenantRegistry) -> None:
        """Look through another connection to the same registry from now on."""
        self._registry = registry

    @property
    def is_ready(self) -> bool:
        """Whether the full listing was done."""
        return self._ready

    async def ready(self) -> None:
        """Wait for the full listing, and make it if nobody has."""
        if not self._ready:
            await self._full.ask(None)

    def tenant(self, tenant_id: str) -> Tenant | None:
        """A tenant as last seen; None where none was seen."""
        return self._tenants.get(tenant_id)

    def tenants(self) -> Iterable[Tenant]:
        """All tenants as last seen."""
        return self._tenants.values()

    async def fresh(self, tenant_id: str, *, urgent: bool = True) -> Tenant | None:
        """A tenant as it is now; None only where the registry itself says that it does not exist."""
        tenant = await self._registry.tenant(tenant_id, urgent=urgent)
        if tenant is None:
            self.forget(tenant_id)
        else:
            self.take(tenant)
        return tenant

    def take(self, tenant: Tenant) -> None:
        """Take in the answer to a read or a write."""
        self._tenants[tenant.id] = tenant
        self._taken_during_listing.add(tenant.id)

    def forget(self, tenant_id: str) -> None:
        """Note that a tenant does not exist."""
        self._tenants.pop(tenant_id, None)
        self._taken_during_listing.add(tenant_id)

    async def list_again(self) -> frozenset[str]:
        """List all tenants again: nobody tells what other administrators do.

        Returns:
            The tenants that are not as they were seen before; one that is not listed any more is not seen any more,
            which alone proves nothing.
        """
        self._taken_during_listing.clear()
        listed = {each.id: each async for each in self._registry.list_tenants()}
        untouched = (listed.keys() | self._tenants.keys()) - self._taken_during_listing
        changed = {each for each in untouched if listed.get(each) != self._tenants.get(each)}
        for tenant_id in changed:
            if tenant_id in listed:
                self._tenants[tenant_id] = listed[tenant_id]
            else:
                del self._tenants[tenant_id]
        return frozenset(changed)

    async def _list(self, _: list[None]) -> None:
        if self._ready:
            return
        self._taken_during_listing.clear()
        async for each in self._registry.list_tenants():
            if each.id not in self._taken_during_listing:
                self._tenants[each.id] = each
        self._ready = True


@dataclass(frozen=True)
class KnownTotals:
    """Totals of a tenant, and when they were asked for (seconds of the monotonic clock)."""

    totals: Totals | None
    asked_at: float


class TotalsReader:
    """Totals by tenant; the tenants that are asked for at the same time share one batch call.

    A call costs much the same for one tenant as for many: each takes along others whose totals are due.

    Args:
        registry: Who is asked.
        clock: Tells how old totals are.
        others: The tenants that are asked for sooner or later.
    """

    def __init__(self, registry: TenantRegistry, clock: Clock, others: Callable[[], Iterable[str]]) -> None:
        self._registry = registry
        self._clock = clock
        self._others = others
        self._known: dict[str, KnownTotals] = {}
        self._batch = GroupedCalls(self._read)

    def go_on_with(self, registry: TenantRegistry) -> None:
        """Ask through another connection to the same registry from now on."""
        self._registry = registry

    async def totals(self, tenant_id: str, oldest: float = 0.0) -> Totals | None:
        """The totals of a tenant.

        Args:
            tenant_id: Which tenant.
            oldest: Age in seconds up to which known totals do; 0 always asks.

        Returns:
            None where they are unknown, which is not zero (things-stack.md 5).
        """
        known = self._known.get(tenant_id)
        if known is not None and oldest > 0 and self._clock.monotonic() - known.asked_at <= oldest:
            return known.totals
        return (await self._batch.ask(tenant_id)).get(tenant_id)

    async def count(self, tenant_ids: Sequence[str], *, activated: bool) -> Mapping[str, Totals]:
        """The totals of many tenants, read now in one call.

        Args:
            tenant_ids: Which tenants.
            activated: Ask for the activated end devices too; a registry may not know them.

        Returns:
            What the registry told; a tenant that is missing is unknown.
        """
        asked_at = self._clock.monotonic()
        found = await self._registry.totals(tenant_ids, activated=activated)
        self._known.update({each: KnownTotals(totals, asked_at) for each, totals in found.items()})
        return found

    def last_known(self, tenant_id: str) -> Totals | None:
        """The totals that were read last, however long ago."""
        known = self._known.get(tenant_id)
        return known.totals if known is not None else None

    async def _read(self, tenant_ids: list[str]) -> Mapping[str, Totals]:
        asked_at = self._clock.monotonic()
        wanted = set(tenant_ids)
        asked = wanted | self._company(wanted, asked_at)
        try:
            found = await self._registry.totals(sorted(asked))
        except (Refused, NotFound):
            if asked == wanted:
                raise
            asked = wanted  # nobody's totals depend on a tenant that only came along
            found = await self._registry.totals(sorted(asked))
        self._known.update({each: KnownTotals(found.get(each), asked_at) for each in asked})
        return found

    def _company(self, wanted: set[str], now: float) -> set[str]:
        """Other tenants whose totals are due, as many as a call has room for."""
        due = (each for each in self._others() if each not in wanted and self._is_due(each, now))
        return set(islice(due, max(BATCH - len(wanted), 0)))

    def _is_due(self, tenant_id: str, now: float) -> bool:
        known = self._known.get(tenant_id)
        return known is None or now - known.asked_at > MAY_BE_OLD
