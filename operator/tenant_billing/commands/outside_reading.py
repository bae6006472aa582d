"""Reading one account and one deployment of The Things Stack as a whole, for the commands that move things."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from tenant_billing.api.billing_backend import LIVE_REQUESTS_PER_SECOND, TEST_REQUESTS_PER_SECOND, StripeMode
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.clients.things_stack_registry import connect_things_stack
from tenant_billing.commands.problems import told_in_one_line
from tenant_billing.domain.importing.sources import Names, Source, marks_in
from tenant_billing.ports import BillingProvider, TenantRegistry
from tenant_billing.runtime.clock import SystemClock

REGISTRY_REQUESTS_PER_SECOND: Final = 20

SeenT = TypeVar("SeenT")


@dataclass(frozen=True)
class Access:
    """How to reach both.

    Attributes:
        url: Address of The Things Stack.
        admin_key: Its tenant admin key.
        ca_bundle: Certificates to trust in PEM; None: the system's.
        api_key: Stripe's key.
        mode: Of the key.
        api_url: Address of Stripe, None for Stripe's own.
    """

    url: str
    admin_key: str
    ca_bundle: str | None
    api_key: str
    mode: StripeMode
    api_url: str | None

    def __repr__(self) -> str:
        return f"Access(url={self.url!r}, mode={self.mode})"


@asynccontextmanager
async def connected(access: Access) -> AsyncIterator[tuple[BillingProvider, TenantRegistry]]:
    """Connect to both for as long as the block runs.

    Raises:
        CannotGoOn: A key or an address cannot be used.
    """
    clock = SystemClock()
    live = access.mode is StripeMode.LIVE
    with told_in_one_line("Stripe"):
        provider = connect_stripe(
            api_key=access.api_key,
            api_url=access.api_url,
            livemode=live,
            requests_per_second=LIVE_REQUESTS_PER_SECOND if live else TEST_REQUESTS_PER_SECOND,
            clock=clock,
        )
    with told_in_one_line("The Things Stack"):
        registry = connect_things_stack(
            url=access.url,
            admin_key=access.admin_key,
            ca_bundle=access.ca_bundle,
            requests_per_second=REGISTRY_REQUESTS_PER_SECOND,
            clock=clock,
        )
    try:
        yield provider, registry
    finally:
        await provider.close()
        await registry.close()


async def read_source(access: Access, names: Names, plan_prices: frozenset[str]) -> Source:
    """Read everything that an import is made from; the registry first, because it is asked least.

    Raises:
        CannotGoOn: One of them refuses the key, or gives no usable answer.
    """
    async with connected(access) as (provider, registry):
        with told_in_one_line("The Things Stack"):
            tenants = await _all(registry.list_tenants())
        with told_in_one_line("Stripe"):
            return Source(
                names=names,
                url=access.url,
                api_url=access.api_url,
                account=await provider.account(),
                products=await _all(provider.list_products()),
                prices=await _all(provider.list_prices()),
                meters=await _all(provider.list_meters()),
                customers=await _all(provider.list_customers()),
                subscriptions=await _all(provider.list_subscriptions()),
                tenants=tenants,
                plan_prices=plan_prices,
            )


def named_by_marks(source: Source, owner: str | None, cluster: str | None) -> Names:
    """The names with owner and cluster as they were asked for, else as our marks say, else as they are."""
    marks = marks_in(source.subscriptions, source.tenants) or (source.names.owner, source.names.cluster)
    return replace(source.names, owner=owner or marks[0], cluster=cluster or marks[1])


async def _all(listed: AsyncIterator[SeenT]) -> tuple[SeenT, ...]:
    return tuple([each async for each in listed])
