"""What is counted while it happens, by those who do it."""

import asyncio

import pytest

from hand_clock import HandClock
from metrics_builders import Samples, instruments
from outside_stubs import SUBJECT, ManualClock
from tenant_billing.clients.budget import Budget
from tenant_billing.clients.kubernetes_api import APPLY_PATCH, JSON, MERGE_PATCH, operation_of
from tenant_billing.clients.measuring import measuring
from tenant_billing.domain.errors import Throttled
from tenant_billing.ports import ObjectKey, Outcome, System
from tenant_billing.runtime.deadlines import Deadlines
from tenant_billing.runtime.passes import Passes
from tenant_billing.runtime.resources import ResourceStore
from virtual_time import run_virtually

KEY = ObjectKey("TenantSubscription", "tenants", "acme")


class Reconciling:
    """Ends as told, after two seconds."""

    def __init__(self, clock: HandClock, outcome: Outcome | Exception) -> None:
        self._clock = clock
        self._outcome = outcome

    async def reconcile(self, key: ObjectKey) -> Outcome:
        self._clock.advance(2.0)
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(
    ("outcome", "result", "retries", "defects"),
    [
        (
            Outcome("settled"),
            "settled",
            None,
            0,
        ),  # said, so that Prometheus sees the first defect as an increase
        (Outcome("failed", retry=True), "failed", 1, 0),
        (KeyError("a defect"), "defect", 1, 1),
    ],
)
async def test_a_pass_is_counted_with_its_result_and_its_time(
    outcome: Outcome | Exception, result: str, retries: int | None, defects: int
) -> None:
    counters, registry = instruments()
    clock = HandClock()
    reconcilers = {KEY.kind: Reconciling(clock, outcome)}
    passes = Passes(reconcilers, ResourceStore(), Deadlines(lambda _: None), clock, counters)
    await asyncio.gather(passes(KEY), return_exceptions=True)
    seen = Samples(registry.collect())
    assert seen.of("reconciles_total", kind=KEY.kind, result=result) == 1
    assert seen.of("reconcile_duration_seconds_sum", kind=KEY.kind) == 2
    assert seen.of("reconcile_retries_total", kind=KEY.kind) == retries
    assert seen.of("reconciles_total", kind=KEY.kind, result="defect") == defects


def test_a_call_is_counted_by_operation_and_by_what_came_of_it() -> None:
    counters, registry = instruments()
    meter, clock = counters.calls(System.STRIPE, "main"), ManualClock()
    with measuring(meter, clock.monotonic, "CreateCustomer", is_read=False) as answer:
        clock.seconds += 0.5
        answer.succeeded()
    with pytest.raises(Throttled), measuring(meter, clock.monotonic, "ListEvents", is_read=True):
        raise Throttled(f"slow down, {SUBJECT.name}")
    with pytest.raises(asyncio.CancelledError), measuring(meter, clock.monotonic, "ListEvents", is_read=True):
        raise asyncio.CancelledError
    seen = Samples(registry.collect())
    told = {"system": "Stripe", "operation": "ListEvents"}
    assert seen.of("external_calls_total", system="Stripe", operation="CreateCustomer", result="Ok") == 1
    assert seen.of("external_calls_total", **told, result="Throttled") == 1
    assert seen.of("external_calls_total", **told, result="Interrupted") == 1
    assert seen.of("external_call_duration_seconds_sum", system="Stripe", operation="CreateCustomer") == 0.5
    assert seen.of("account_reads_total", backend="main") == 2, "what was read counts, whatever came of it"


def test_a_full_budget_tells_who_waits_and_for_how_long() -> None:
    counters, registry = instruments()

    async def three_at_a_rate_of_one() -> None:
        loop = asyncio.get_running_loop()

        class LoopClock(HandClock):
            def monotonic(self) -> float:
                return loop.time()

        budget = Budget(1, LoopClock(), meter=counters.calls(System.THE_THINGS_STACK, "eu1"))
        waiting = [asyncio.create_task(budget.admit("GetTenant", urgent=True)) for _ in range(3)]
        await asyncio.sleep(0.5)
        account = {"system": "TheThingsStack", "account": "eu1"}
        assert Samples(registry.collect()).of("budget_waiting_requests", **account) == 2
        await asyncio.gather(*waiting)
        seen = Samples(registry.collect())
        assert seen.of("budget_waiting_requests", **account) == 0
        assert seen.of("budget_wait_seconds_count", **account) == 3
        assert seen.of("budget_wait_seconds_sum", **account) == pytest.approx(3.0, abs=0.1)
        assert seen.all("account_reads_total") == [], "only Stripe counts reads"

    run_virtually(three_at_a_rate_of_one())


@pytest.mark.parametrize(
    ("method", "path", "content_type", "operation"),
    [
        (
            "PATCH",
            "/apis/tenantbilling.dev/v1alpha1/namespaces/tenants/tenantsubscriptions/acme/status",
            APPLY_PATCH,
            "ApplyTenantsubscriptionsStatus",
        ),
        ("PATCH", "/apis/tenantbilling.dev/v1alpha1/billingplans/starter", MERGE_PATCH, "PatchBillingplans"),
        ("POST", "/apis/events.k8s.io/v1/namespaces/tenants/events", JSON, "CreateEvents"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/a/leases/b", JSON, "ReplaceLeases"),
        ("PATCH", "/api/v1/namespaces/tenants/secrets/webhook", APPLY_PATCH, "ApplySecrets"),
        ("PATCH", "/api/v1/namespaces/tenants", MERGE_PATCH, "PatchNamespaces"),
    ],
)
def test_a_write_to_kubernetes_is_named_without_the_names_of_objects(
    method: str, path: str, content_type: str, operation: str
) -> None:
    assert operation_of(method, path, content_type) == operation
