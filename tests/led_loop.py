"""The four reconcilers over an outside in memory, as one leader after the other runs them."""

from typing import Generic, TypeVar

from loop_fakes import Loop
from tenant_billing.api.billing_backend import STRIPE
from tenant_billing.domain.health import stripe_key_problem
from tenant_billing.ports import BillingProvider, Provider, TenantRegistry
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.assembly import assemble
from tenant_billing.reconcilers.registries import Registries

AccountType = TypeVar("AccountType", bound=BillingProvider)
RegistryType = TypeVar("RegistryType", bound=TenantRegistry)


class LedLoop(Generic[AccountType, RegistryType]):
    """One account, one registry and the Secrets of both; passes are run by hand."""

    def __init__(self, account: AccountType, registry: RegistryType) -> None:
        self.loop = Loop()
        self.account = account
        self.registry = registry
        self.loop.kubernetes.secrets["billing", "stripe", "api-key"] = "sk_test_1"
        self.loop.kubernetes.secrets["billing", "tts", "key"] = "0a" * 32
        self.restart()

    def restart(self) -> None:
        """Another process leads: nothing is remembered, and the outside is seen as it is now."""
        loop = self.loop
        self.accounts = Accounts(loop.clock, loop.queue)
        self.registries = Registries(loop.clock, loop.queue, loop.store, loop.kubernetes)
        self.reconcilers = assemble(
            loop.surroundings(),
            self.accounts,
            self.registries,
            {STRIPE: Provider(self._provider, stripe_key_problem)},
            self._registry,
            resync_interval=1800.0,
            event_interval=600.0,
        )

    def _provider(self, **_: object) -> BillingProvider:
        return self.account

    def _registry(self, **_: object) -> TenantRegistry:
        return self.registry
