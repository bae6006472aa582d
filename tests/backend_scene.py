"""A BillingBackend with its Secret, its account, and the reconciler of backends, over fakes with a memory."""

from typing import Any, Final

import kubernetes_bodies as bodies
from account_memory import AccountMemory
from loop_fakes import Loop
from tenant_billing.api.billing_backend import STRIPE, BillingBackend
from tenant_billing.api.conditions import Condition
from tenant_billing.domain.health import stripe_key_problem
from tenant_billing.ports import BillingProvider, ObjectKey, Outcome, Provider
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.backend import BillingBackendReconciler
from tenant_billing.reconcilers.meter_error_reader import MeterErrorReader
from tenant_billing.reconcilers.metered_tenants import MeteredTenants
from tenant_billing.reconcilers.pushed_reports import PushedReports
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.reconcilers.usage_book import UsageBook

KEY: Final = ObjectKey("BillingBackend", "", "main")
SECRET: Final = ("billing", "stripe", "api-key")


def meter_error_reader(surroundings: Surroundings, accounts: Accounts) -> MeterErrorReader:
    """What reads an account's meter errors, with a memory of its own."""
    book = UsageBook()
    pushed = PushedReports(surroundings.resources, accounts, book)
    tenants = MeteredTenants(surroundings.resources, accounts, pushed)
    return MeterErrorReader(surroundings.clock, surroundings.queue, accounts, tenants, book)


class Scene:
    """A backend, its Secret, its account, and the reconciler of backends."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.account = AccountMemory()
        self.connected: list[dict[str, Any]] = []
        self.loop.kubernetes.secrets[SECRET] = "sk_test_51Secret\n"
        self.restart()

    def restart(self) -> None:
        self.accounts = Accounts(self.loop.clock, self.loop.queue)
        self.surroundings = self.loop.surroundings()
        errors = meter_error_reader(self.surroundings, self.accounts)
        providers = {STRIPE: Provider(self.connect, stripe_key_problem)}
        self.reconciler = BillingBackendReconciler(self.surroundings, self.accounts, providers, errors)

    def connect(
        self, *, backend: str, api_key: str, api_url: str | None, livemode: bool, requests_per_second: int
    ) -> BillingProvider:
        settings = {"api_key": api_key, "api_url": api_url, "livemode": livemode, "rate": requests_per_second}
        self.connected.append(settings)
        return self.account

    async def run(self) -> Outcome:
        return await self.reconciler.reconcile(KEY)

    @property
    def backend(self) -> BillingBackend:
        backend = self.loop.store.backend("main")
        assert backend is not None
        return backend

    def condition(self, type_: str = "Ready") -> Condition:
        return next(each for each in self.backend.status.conditions if each.type == type_)

    def edit(self, *, annotations: dict[str, str] | None = None, **stripe: Any) -> None:
        body = dict(self.loop.store.body(KEY) or {})
        generation = body["metadata"]["generation"] + bool(stripe)
        spec = {**body["spec"], "stripe": {**body["spec"]["stripe"], **stripe}}
        body = bodies.newer(body, generation=generation, annotations=annotations or {})
        self.loop.see({**body, "spec": spec})

    def pass_time(self, seconds: float) -> None:
        """Time passes here and at the account."""
        self.loop.clock.advance(seconds)
        self.account.moment = self.loop.clock.now()


def an_applied_backend() -> Scene:
    """The scene with the backend applied, and no pass yet."""
    scene = Scene()
    scene.loop.see(bodies.a_backend())
    return scene
