"""Backend and plan through the real client, against the Stripe simulator: the calls that the memory only imitates."""

from functools import partial

import kubernetes_bodies as bodies
from backend_scene import meter_error_reader
from loop_fakes import Loop, registries_of
from tenant_billing.api.billing_backend import STRIPE
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.domain.health import stripe_key_problem
from tenant_billing.domain.plan_status import ready_reason
from tenant_billing.ports import ObjectKey, Provider
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.backend import BillingBackendReconciler
from tenant_billing.reconcilers.plan import BillingPlanReconciler
from tenant_billing.runtime.clock import SystemClock
from tenant_billing_sandbox.stripe.server import StripeSimulator

BACKEND = ObjectKey("BillingBackend", "", "main")
PLAN = ObjectKey("BillingPlan", "", "starter")


async def test_plan_lives_and_ends_at_the_simulator() -> None:
    """Created, repriced, deleted: what a person sees in the dashboard afterwards."""
    async with StripeSimulator.serve() as simulator:
        loop = Loop()
        backend = bodies.a_backend()
        backend["spec"]["stripe"]["apiURL"] = simulator.url
        loop.kubernetes.secrets["billing", "stripe", "api-key"] = simulator.api_key
        loop.see(backend, bodies.a_plan())
        accounts = Accounts(loop.clock, loop.queue)
        connect = partial(connect_stripe, clock=SystemClock())
        surroundings, providers = loop.surroundings(), {STRIPE: Provider(connect, stripe_key_problem)}
        errors = meter_error_reader(surroundings, accounts)
        backends = BillingBackendReconciler(surroundings, accounts, providers, errors)
        plans = BillingPlanReconciler(loop.surroundings(), accounts, registries_of(loop))
        try:
            await backends.reconcile(BACKEND)
            await plans.reconcile(PLAN)
            plan = loop.store.plan("starter")
            assert plan is not None
            assert ready_reason(plan.status) == "Available"
            body = dict(loop.store.body(PLAN) or {})
            price = {"recurring": {"currency": "EUR", "unitAmount": 5900, "interval": "Month"}}
            loop.see({**bodies.newer(body, generation=2), "spec": {**body["spec"], "price": price}})
            await plans.reconcile(PLAN)
            connection = accounts.of("main")
            assert connection is not None
            prices = [each async for each in connection.provider.list_prices()]
            assert {(each.unit_amount, each.active) for each in prices} == {(4900, False), (5900, True)}
            body = dict(loop.store.body(PLAN) or {})
            loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T10:00:00Z"))
            assert (await plans.reconcile(PLAN)).result == "gone"
            assert [each.active async for each in connection.provider.list_products()] == [False]
            assert not any([each.active async for each in connection.provider.list_prices()])
        finally:
            await accounts.close()
