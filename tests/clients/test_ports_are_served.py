"""The clients are what the ports ask for; mypy compares the signatures (`make lint`), these tests the way to them."""

from functools import partial

from outside_stubs import ADMIN_KEY, STRIPE_KEY, ManualClock
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.clients.stripe_webhook import StripeWebhookVerifier
from tenant_billing.clients.things_stack_registry import connect_things_stack
from tenant_billing.ports import (
    BillingProvider,
    ProviderFactory,
    RegistryFactory,
    TenantRegistry,
    WebhookVerifier,
)


async def test_stripe_is_a_billing_provider_once_a_clock_is_bound() -> None:
    factory: ProviderFactory = partial(connect_stripe, clock=ManualClock())
    provider: BillingProvider = factory(
        backend="main", api_key=STRIPE_KEY, api_url=None, livemode=False, requests_per_second=10
    )
    assert provider.time() is None
    await provider.close()


async def test_the_things_stack_is_a_tenant_registry_once_a_clock_is_bound() -> None:
    factory: RegistryFactory = partial(connect_things_stack, clock=ManualClock())
    registry: TenantRegistry = factory(
        cluster="eu1",
        url="https://lns.example.com",
        admin_key=ADMIN_KEY,
        ca_bundle=None,
        requests_per_second=20,
    )
    assert await registry.totals([]) == {}
    await registry.close()


def test_stripes_webhook_verifier_is_one() -> None:
    verifier: WebhookVerifier = StripeWebhookVerifier(ManualClock())
    assert verifier(b"", "", []) is None
