"""A connection that was closed, because its key was rolled for example, gives no answer; it is no defect."""

import pytest

from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry
from tenant_billing.domain.errors import Unreachable


async def test_a_closed_account_is_unreachable(provider: StripeProvider) -> None:
    await provider.close()
    with pytest.raises(Unreachable, match="Closed"):
        await provider.account()


async def test_a_closed_registry_is_unreachable(registry: ThingsStackRegistry) -> None:
    await registry.close()
    with pytest.raises(Unreachable, match="closed"):
        await registry.probe()
