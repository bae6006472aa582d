"""A scrape as a whole: who says what, how many series there are, and what never occurs in it."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from metrics_builders import OVERDUE, a_payer, a_snapshot, instruments, shown
from subscription_builders import NOW, a_backend, a_cluster, a_plan
from tenant_billing.metrics.exposition import Exposition
from tenant_billing.ports import AccountSeen, System
from tenant_billing.webhooks.listening import listening
from tenant_billing.webhooks.metrics_route import add_metrics_route

OF_EVERY_REPLICA = {
    "build_info",
    "leader",
    "watch_age_seconds",
    "webhook_deliveries_total",
    "usage_reports_total",
}


def test_a_leader_says_so_and_how_its_queue_stands() -> None:
    seen = shown(a_snapshot())
    assert (seen.of("leader"), seen.of("build_info", version="1.2.3"), seen.of("watch_age_seconds")) == (
        1,
        1,
        3,
    )
    assert [seen.of(f"queue_{each}") for each in ("depth", "running", "failing")] == [3, 2, 1]
    assert seen.of("queue_oldest_wait_seconds") == 1.5
    assert seen.of("webhook_deliveries_total", result="dropped", reason="OwnEcho") == 2
    assert seen.of("usage_reports_total", result="stored") == 1


def test_who_does_not_lead_speaks_of_itself_only() -> None:
    """Two replicas that both count the tenants would make a sum of twice as many."""
    seen = shown(replace(a_snapshot(a_payer()), leading=None), tenants_too=True)
    assert seen.of("leader") == 0
    assert seen.names() - {f"tenant_billing_{each}" for each in OF_EVERY_REPLICA} == {
        "tenant_billing_usage_report_entries_skipped_total"
    }


def test_a_tenant_has_three_series_at_most() -> None:
    use = {"endDevices": {"total": 400, "limit": 500}}
    payer = a_payer("a", OVERDUE, entities=use, pastDueSinceTime=NOW, tenantState="Flagged")
    seen = shown(a_snapshot(payer, a_payer("b")), tenants_too=True)
    name = {"object_namespace": "tenants", "object_name": "a"}
    told = {
        "things_stack_cluster": "eu1",
        "tenant": "a",
        "plan": "starter",
        "state": "Flagged",
        "payment": "PastDue",
    }
    assert seen.of("tenant_info", **name, **told) == 1
    assert seen.of("tenant_past_due_timestamp_seconds", **name) == NOW.timestamp()
    assert seen.of("tenant_end_devices_ratio", **name) == 0.8
    assert len(seen.all("tenant_info")) == 2
    assert (
        len(seen.all("tenant_past_due_timestamp_seconds")) == len(seen.all("tenant_end_devices_ratio")) == 1
    )


@pytest.mark.parametrize(
    ("use", "share"),
    [
        ({"total": 0, "limit": 0}, 0.0),
        ({"total": 1, "limit": 0}, float("inf")),
        ({"total": 9}, None),
    ],
    ids=["nothing allowed and nothing there", "more than nothing", "unlimited"],
)
def test_a_limit_of_nothing_is_full_with_one_device(use: dict[str, int], share: float | None) -> None:
    seen = shown(a_snapshot(a_payer("a", entities={"endDevices": use})), tenants_too=True)
    assert seen.of("tenant_end_devices_ratio", object_namespace="tenants", object_name="a") == share


def test_switched_off_no_tenant_is_named_and_more_tenants_make_no_more_series() -> None:
    def series(number: int) -> int:
        payers = [a_payer(f"secret-tenant-{each}") for each in range(number)]
        seen = shown(a_snapshot(*payers, plans=(a_plan(),), clusters=(a_cluster(),), backends=(a_backend(),)))
        assert not any(
            "secret-tenant" in str(labels) for name in seen.names() for labels, _ in seen.all(name)
        )
        return len([1 for name in seen.names() for _ in seen.all(name.removeprefix("tenant_billing_"))])

    assert series(1) == series(50)


async def test_prometheus_gets_everything_by_http() -> None:
    counters, registry = instruments()
    counters.passed("TenantSubscription", "settled", 0.1, retry=False)
    counters.calls(System.STRIPE, "main").answered("ListEvents", "Ok", 0.1, is_read=True)
    app = web.Application()
    add_metrics_route(app, Exposition(registry, lambda: a_snapshot(a_payer()), tenants_too=True).answer)
    async with (
        listening(app, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        plain = await client.get("/metrics")
        open_ = await client.get(
            "/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        )
    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert open_.headers["Content-Type"].startswith("application/openmetrics-text")
    assert open_.text.endswith("# EOF\n")
    for text in (plain.text, open_.text):
        assert 'tenant_billing_reconciles_total{kind="TenantSubscription",result="settled"} 1.0' in text
        assert 'tenant_billing_tenants{state="Approved",things_stack_cluster="eu1"} 1.0' in text
        assert "_created" not in text, "a second series for each counter"


async def test_a_scrape_is_written_beside_the_event_loop() -> None:
    """With thousands of tenants that takes a good part of a second, in which deliveries want to be answered."""
    threads: list[threading.Thread] = []

    class Noting(Collector):
        def collect(self) -> Iterator[Metric]:
            threads.append(threading.current_thread())
            yield from ()

    registry = CollectorRegistry()
    registry.register(Noting())
    threads.clear()
    await Exposition(registry, lambda: a_snapshot(a_payer()), tenants_too=True).answer("")
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_nothing_secret_or_personal_occurs_in_a_scrape() -> None:
    """The port has no password: nothing of a customer, no link to pay by, no message."""
    payer = a_payer(
        "acme",
        OVERDUE.model_copy(update={"message": "the secret message"}),
        hostedInvoiceURL="https://invoice.stripe.com/i/bearer",
        customerID="cus_1",
        pendingOperation={
            "step": "Subscribe",
            "attempt": 1,
            "idempotencyKey": "key-of-idempotency",
            "parameters": {"password": "hunter2"},
            "startTime": NOW,
        },
    )
    _, registry = instruments()
    account = AccountSeen("main", NOW)
    seen = a_snapshot(payer, accounts=(account,), backends=(a_backend(),), clusters=(a_cluster(),))
    text, _ = await Exposition(registry, lambda: seen, tenants_too=True).answer("")
    for word in ("acme.example", "invoice.stripe", "cus_1", "hunter2", "key-of", "secret message", "sub_"):
        assert word not in text.decode()
    assert 'object_name="acme"' in text.decode()
