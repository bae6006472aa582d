"""Metered tenants through the whole loop over fakes: counted, reported, compared (TBS-15)."""

from dataclasses import replace
from datetime import timedelta

import pytest

import kubernetes_bodies as bodies
from hand_clock import NOW
from metering_loop import COMPARISON, HOUR, METERING, Metering
from tenant_billing.domain.errors import Refused, Unreachable, Unsupported
from tenant_billing.domain.observations import Customer
from tenant_billing.domain.pushed_usage import PushedTotals, write_annotation
from tenant_loop import ACME, BACKEND, CLUSTER, PLAN


@pytest.fixture
def metering() -> Metering:
    return Metering()


async def test_tbs_15_devices_are_counted_in_one_batch_for_each_interval_and_changes_reported(
    metering: Metering,
) -> None:
    names = [f"tenant-{number}" for number in range(5)]
    for number, name in enumerate(names):
        metering.devices(name, number)
    await metering.subscribe(*names)
    assert [metering.reported(each) for each in names] == [[0], [1], [2], [3], [4]]
    metering.forget_calls()
    metering.devices("tenant-3", 7)
    outcome = await metering.tick()
    assert metering.reported("tenant-3") == [3, 7]
    assert metering.account.count("report_usage") == 1
    # One batch; the other call is of the one tenant that had a pass, for its limits.
    assert metering.registry.count("totals") <= 2
    assert outcome.look_again_at is not None
    assert outcome.look_again_at - metering.now <= timedelta(hours=1)
    metering.forget_calls()
    await metering.tick(HOUR / 4)
    assert metering.registry.count("totals") == 0


async def test_the_object_says_what_was_reported_last(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    assert metering.reason("UsageReported") == "Reported"
    assert metering.acme.status.usage is not None
    assert metering.acme.status.usage.last_reported == 12
    assert metering.acme.status.pending_operation is None


async def test_a_restart_counts_and_reports_nothing_that_was_reported(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    metering.forget_calls()
    before = metering.acme
    metering.restart()
    await metering.begin()
    await metering.run(ACME, METERING)
    await metering.work()
    assert metering.reported() == [12]
    assert metering.account.count("report_usage") == 0
    assert metering.acme == before


async def test_lost_status_repeats_harmlessly(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    body = dict(metering.loop.store.body(ACME) or {})
    status = {name: value for name, value in body["status"].items() if name != "usage"}
    metering.loop.see(bodies.newer(body | {"status": status}))
    metering.restart()
    metering.pass_time(60)
    await metering.begin()
    await metering.run(ACME, METERING)
    await metering.work()
    assert metering.reported() == [12, 12]
    assert len({each.timestamp for each in metering.account.reports}) == 2


async def test_one_unknown_tenant_holds_no_other_and_is_not_zero(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme", "beta")
    assert (metering.reported("acme"), metering.reported("beta")) == ([12], [])
    assert metering.usage_reason("beta") == "Stale"


async def test_a_registry_that_gives_no_answer_takes_nothing_away_and_is_told(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    metering.pass_time(3 * HOUR)
    metering.registry.fail("totals", Unreachable("no answer."), times=20)
    outcome = await metering.run(METERING)
    assert outcome.retry
    await metering.work()
    assert metering.reported() == [12]
    assert metering.reason("UsageReported") == "Stale"
    assert metering.reason() == "Provisioned"
    metering.registry.failures.clear()
    await metering.run(METERING)
    await metering.work()
    assert metering.reason("UsageReported") == "Reported"


async def test_activated_devices_are_asked_for_where_they_count() -> None:
    metering = Metering(counting="OnlyActivated")
    metering.devices("acme", 12, 4)
    await metering.subscribe("acme")
    assert metering.reported() == [4]
    metering.pass_time(HOUR)
    metering.registry.fail("totals:activated", Unsupported("unknown field"))
    metering.devices("acme", 13, 5)
    assert (await metering.run(METERING)).retry
    await metering.work()
    assert metering.reported() == [4]


async def test_a_report_that_gets_no_answer_is_sent_again_as_it_was(metering: Metering) -> None:
    metering.devices("acme", 12)
    metering.account.fail("report_usage:committed", Unreachable("no answer."))
    await metering.subscribe("acme")
    assert metering.acme.status.usage is None
    await metering.run(ACME)
    assert metering.reported() == [12]
    assert metering.acme.status.usage is not None
    assert metering.reason("UsageReported") == "Reported"


async def test_a_refused_report_is_told_and_not_repeated_until_the_next_count(metering: Metering) -> None:
    metering.devices("acme", 12)
    metering.account.fail("report_usage", Refused("no such event"))
    await metering.subscribe("acme")
    await metering.run(ACME, ACME)
    assert metering.account.count("report_usage") == 1
    assert metering.reason("UsageReported") == "Rejected"
    assert metering.reason() == "Provisioned"
    await metering.tick()
    assert metering.reported() == [12]


async def test_a_refused_report_keeps_no_tenant_among_those_that_wait_to_lose_access(
    metering: Metering,
) -> None:
    """It paid meanwhile; as the last of the batch it would hold everybody else's suspension."""
    metering.devices("acme", 12)
    metering.account.fail("report_usage", Refused("no such event"))
    await metering.subscribe("acme")
    brake = {"id": "b-20261120-1", "engaged": True, "windowStartTime": bodies.NOW, "count": 10}
    body = dict(metering.loop.store.body(CLUSTER) or {})
    waiting = {"brake": brake | {"held": 1, "tenants": ["acme"]}}
    metering.loop.see(bodies.newer(body) | {"status": body["status"] | waiting})
    await metering.run(ACME)
    cluster = metering.loop.store.cluster("eu1")
    assert cluster is not None
    assert cluster.status.brake is not None
    assert (cluster.status.brake.engaged, cluster.status.brake.tenants) == (False, ())


async def test_what_the_meter_lost_is_found_by_the_hourly_comparison_and_sent_again(
    metering: Metering,
) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    metering.account.reports.clear()
    metering.pass_time(HOUR)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reported() == [12]
    assert metering.reason("UsageReported") == "Mismatch"
    assert "UsageMismatch" in metering.loop.kubernetes.events
    metering.pass_time(HOUR)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reason("UsageReported") == "Reported"
    assert "UsageReported" in metering.loop.kubernetes.events


async def test_more_than_was_reported_is_an_alarm(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    (mine,) = metering.account.reports
    later = mine.timestamp + timedelta(seconds=5)
    metering.account.reports.append(replace(mine, quantity=99, timestamp=later, identifier="somebody"))
    metering.pass_time(HOUR)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reason("UsageReported") == "Mismatch"
    assert metering.reported() == [12]


async def test_sums_are_read_once_an_hour_within_the_allowance(metering: Metering) -> None:
    names = [f"tenant-{number}" for number in range(6)]
    for name in names:
        metering.devices(name, 3)
    await metering.subscribe(*names)
    metering.pass_time(HOUR)
    await metering.run(COMPARISON, COMPARISON)
    assert metering.account.count("usage_sum") == 1


async def test_an_end_of_doubt_reads_no_more_sums_in_an_hour_than_are_allowed(metering: Metering) -> None:
    names = [f"tenant-{number}" for number in range(6)]
    for name in names:
        metering.devices(name, 3)
    await metering.subscribe(*names)
    metering.account.reports.clear()
    for _ in range(2):
        metering.pass_time(HOUR)
        await metering.run(COMPARISON)
        await metering.work()
        await metering.run(COMPARISON)
    assert metering.account.count("usage_sum") == 2


async def test_the_last_report_goes_before_the_cancel(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    metering.pass_time(HOUR / 2)
    metering.devices("acme", 14)
    body = dict(metering.loop.store.body(ACME) or {})
    metering.loop.see(bodies.newer(body, deletionTimestamp=bodies.NOW))
    metering.forget_calls()
    await metering.run(ACME)
    calls = [each for each in metering.account.calls if each in ("report_usage", "cancel_subscription")]
    assert calls == ["report_usage", "cancel_subscription"]
    assert metering.account.reports[-1].quantity == 14


async def test_before_the_cancel_those_devices_are_counted_that_the_plan_counts() -> None:
    metering = Metering(counting="OnlyActivated")
    metering.devices("acme", 12, 4)
    await metering.subscribe("acme")
    metering.pass_time(HOUR / 2)
    metering.devices("acme", 14, 6)
    body = dict(metering.loop.store.body(ACME) or {})
    metering.loop.see(bodies.newer(body, deletionTimestamp=bodies.NOW))
    await metering.run(ACME)
    assert metering.account.reports[-1].quantity == 6


async def test_backends_and_clusters_wake_what_is_metered(metering: Metering) -> None:
    metering.loop.queue.keys.clear()
    await metering.run(CLUSTER, BACKEND)
    assert {METERING, COMPARISON} <= set(metering.loop.queue.keys)
    assert (await metering.run(METERING)).result == "waiting"
    assert (await metering.run(COMPARISON)).result == "settled"


async def test_tbs_16_what_is_pushed_is_reported_and_nothing_is_counted() -> None:
    metering = Metering(source="Push")
    metering.devices("acme", 99)
    await metering.subscribe("acme")
    assert metering.reported() == []
    pushed = PushedTotals("acme", 7, 5)
    metering.annotate(**{"pushed-usage": write_annotation(pushed, metering.now)})
    await metering.run(ACME)
    await metering.work()
    assert metering.reported() == [7]
    await metering.tick()
    assert metering.reported() == [7]
    assert metering.reason("UsageReported") == "Reported"
    await metering.tick(4 * HOUR)
    assert metering.reason("UsageReported") == "Stale"
    assert "spec.metering.interval" in str(metering.condition("UsageReported").message)


async def test_untrusted_object_that_names_a_customer_takes_no_meter_from_it(metering: Metering) -> None:
    """The older of two tenants of one customer would have the meter, and the other one buy nothing."""
    metering.account.customers["cus_1"] = Customer("cus_1", email="a@acme.example", created=NOW)
    stranger = bodies.a_subscription("zzz", namespace="elsewhere", creationTimestamp="2026-01-01T00:00:00Z")
    metering.loop.see(bodies.a_namespace("elsewhere"))
    metering.loop.see(stranger | {"spec": stranger["spec"] | {"customer": {"id": "cus_1"}}})
    metering.loop.see(bodies.a_subscription(status={"customerID": "cus_1"}))
    await metering.begin()
    await metering.run(PLAN, ACME, ACME)

    assert metering.reason() == "Provisioned"
