"""Another provider beside Stripe: one more arm in the spec and one more entry in a mapping; the core stays as it is."""

from typing import Any, Final

import kubernetes_bodies as bodies
from kubernetes_memory import KubernetesMemory
from loop_fakes import Loop
from tenant_billing.api.billing_backend import (
    STRIPE,
    BillingBackend,
    BillingBackendSpec,
    PaymentAccount,
)
from tenant_billing.api.conditions import ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.health import Health, stripe_key_problem
from tenant_billing.domain.observations import Account, TenantState
from tenant_billing.ports import BillingProvider, ObjectKey, Provider, TenantRegistry
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.assembly import assemble
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.runtime.resources import ResourceStore
from tenant_billing.webhooks.deliveries import Deliveries, Result
from tenant_billing.webhooks.signing_secrets import SigningSecrets
from tenant_loop import SellingAccount, WritableRegistry

MARKETPLACE: Final = "marketplace"
ROLE: Final = "arn:aws:iam::123456789012:role/billing"
MOST_ROUNDS: Final = 20


class MarketplaceSpec(BillingBackendSpec):
    """The spec with the other arm of the union."""

    stripe: Any = None
    """Not set. Typed as Any because the base says that it always is."""
    marketplace: PaymentAccount

    @property
    def provider(self) -> str:
        return MARKETPLACE

    @property
    def account(self) -> PaymentAccount:
        return self.marketplace


class MarketplaceBackend(BillingBackend):
    """A BillingBackend that names the other provider."""

    spec: MarketplaceSpec


class StoreOfBoth(ResourceStore):
    """Reads a BillingBackend by the arm that it has."""

    def backend(self, name: str) -> BillingBackend | None:
        body = self.body(ObjectKey("BillingBackend", "", name))
        if body is not None and MARKETPLACE in body["spec"]:
            return MarketplaceBackend.from_kubernetes(body)
        return super().backend(name)


def a_marketplace(name: str) -> dict[str, Any]:
    spec = {MARKETPLACE: {"mode": "Live", "apiKeySecretRef": {"name": "aws", "key": "role"}}}
    return bodies.a_body("BillingBackend", name, spec) | {"status": {}}


def role_problem(credentials: str, account: PaymentAccount) -> Health | None:
    return None if credentials.startswith("arn:") else Health(Reason.INVALID_CREDENTIALS, "no role")


class Scene:
    """Two accounts of two providers, each with a plan and a tenant of its own."""

    def __init__(self) -> None:
        self.loop = Loop(kubernetes=KubernetesMemory(store=StoreOfBoth()))
        self.stripe = SellingAccount()
        self.marketplace = SellingAccount(identity=Account("123456789012", livemode=True))
        self.registry = WritableRegistry()
        self.connected: dict[str, str] = {}
        secrets = self.loop.kubernetes.secrets
        secrets["billing", "stripe", "api-key"] = "sk_test_1"
        secrets["billing", "aws", "role"] = ROLE
        secrets["billing", "tts", "key"] = "0a" * 32
        self.loop.see(bodies.a_namespace(), bodies.a_cluster(), bodies.a_backend(), a_marketplace("aws"))
        self.loop.see(bodies.a_plan("starter"), bodies.a_plan("listed", backend="aws"))
        self.loop.see(bodies.a_subscription("acme"), bodies.a_subscription("beta", plan="listed"))
        accounts = Accounts(self.loop.clock, self.loop.queue)
        registries = Registries(self.loop.clock, self.loop.queue, self.loop.store, self.loop.kubernetes)
        self.reconcilers = assemble(
            self.loop.surroundings(),
            accounts,
            registries,
            {
                STRIPE: Provider(self._connect_stripe, stripe_key_problem),
                MARKETPLACE: Provider(self._connect_marketplace, role_problem),
            },
            self._connect_registry,
            resync_interval=1800.0,
            event_interval=600.0,
        )

    def _connect_stripe(self, *, api_key: str, **_: object) -> BillingProvider:
        self.connected[STRIPE] = api_key
        return self.stripe

    def _connect_marketplace(self, *, api_key: str, **_: object) -> BillingProvider:
        self.connected[MARKETPLACE] = api_key
        return self.marketplace

    def _connect_registry(self, **_: object) -> TenantRegistry:
        return self.registry

    async def settle(self) -> None:
        for _ in range(MOST_ROUNDS):
            before = [self.loop.store.body(key) for key in self.loop.store.everything()]
            for key in self.loop.store.everything():
                await self.reconcilers[key.kind].reconcile(key)
            if [self.loop.store.body(key) for key in self.loop.store.everything()] == before:
                return

    def ready(self, name: str) -> str:
        found = self.loop.store.subscription("tenants", name)
        assert found is not None
        condition = find_condition(found.status.conditions, ConditionType.READY)
        return condition.reason if condition is not None else ""


async def test_tbs_02_a_tenant_is_sold_through_another_provider_by_the_same_reconcilers() -> None:
    scene = Scene()
    scene.stripe.first_status = scene.marketplace.first_status = "active"
    await scene.settle()

    assert (scene.ready("acme"), scene.ready("beta")) == ("Provisioned", "Provisioned")
    assert {name: each.state for name, each in scene.registry.tenants.items()} == {
        "acme": TenantState.APPROVED,
        "beta": TenantState.APPROVED,
    }
    assert scene.connected == {STRIPE: "sk_test_1", MARKETPLACE: ROLE}
    tenants = [
        {each.metadata["tenantbilling.dev/tenant-id"] for each in account.subscriptions.values()}
        for account in (scene.stripe, scene.marketplace)
    ]
    assert tenants == [{"acme"}, {"beta"}], "each account holds what is its own"


async def test_credentials_are_judged_by_the_provider_that_they_are_for() -> None:
    scene = Scene()
    scene.loop.kubernetes.secrets["billing", "aws", "role"] = "sk_test_1"
    await scene.settle()
    backend = scene.loop.store.backend("aws")
    assert backend is not None
    condition = find_condition(backend.status.conditions, ConditionType.READY)
    assert condition is not None
    assert (condition.reason, condition.message) == ("InvalidCredentials", "no role")
    assert MARKETPLACE not in scene.connected


async def test_stripes_address_takes_nothing_for_another_provider() -> None:
    scene = Scene()
    secrets = SigningSecrets(scene.loop.kubernetes, scene.loop.clock, "billing")
    deliveries = Deliveries(scene.loop.store, scene.loop.kubernetes, secrets, lambda *_: None, lambda: True)
    assert await deliveries.take(b"{}", "t=1,v1=0", "aws") is Result.UNKNOWN_BACKEND
