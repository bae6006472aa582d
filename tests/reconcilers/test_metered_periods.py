"""The ends of metered periods through the whole loop over fakes: closed, looked for in the sums, repaired."""

from datetime import datetime, timedelta

import pytest

from metering_loop import COMPARISON, HOUR, METERING, Metering
from tenant_billing.domain.errors import NotFound, Refused, Unreachable
from tenant_loop import ACME, BACKEND, MONTH

MINUTE = 60.0
SECOND = timedelta(seconds=1)


@pytest.fixture
def metering() -> Metering:
    return Metering()


async def _closed(metering: Metering) -> datetime:
    """A period ends, is closed by 15 devices, and the next one begins; gives its end."""
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    end = metering.renewal_at()
    metering.pass_time((end - metering.now).total_seconds() + 20)
    metering.devices("acme", 15)
    await metering.run(METERING)
    await metering.work()
    metering.renew()
    await metering.run(BACKEND)
    await metering.work()
    return end


async def test_a_period_is_closed_by_the_count_right_after_its_end(metering: Metering) -> None:
    end = await _closed(metering)
    (closing,) = [each for each in metering.account.reports if each.timestamp == end - SECOND]
    assert closing.quantity == 15
    assert metering.reported() == [12, 15, 15]
    assert metering.account.metered("mtr_1", "cus_1", end - MONTH, end) == 15
    assert metering.acme.status.pending_operation is None


async def test_a_count_that_was_asked_for_before_the_end_closes_nothing_however_late_its_answer_comes(
    metering: Metering,
) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    end = metering.renewal_at()
    metering.pass_time((end - metering.now).total_seconds() - 20)
    metering.devices("acme", 15)
    metering.registry.while_totals_are_answered.append(lambda: metering.pass_time(40))
    outcome = await metering.run(METERING)
    assert outcome.look_again_at is not None
    assert outcome.look_again_at <= metering.now, "the end has come meanwhile"
    metering.devices("acme", 9)
    await metering.run(METERING)
    await metering.work()
    (closing,) = [each for each in metering.account.reports if each.timestamp == end - SECOND]
    assert closing.quantity == 9


DOWN = [
    pytest.param(20 * MINUTE, [12, 15, 15], 15, id="its invoice is still a draft: counted now"),
    pytest.param(5 * HOUR, [12, 15], 12, id="its invoice is written: what was reported last stands"),
]


@pytest.mark.parametrize(("late", "reported", "billed"), DOWN)
async def test_a_period_that_ended_while_the_operator_was_down(
    metering: Metering, late: float, reported: list[int], billed: int
) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    end = metering.renewal_at()
    metering.pass_time((end - metering.now).total_seconds() + late)
    metering.renew()
    metering.devices("acme", 15)
    metering.restart()
    await metering.begin()
    await metering.run(ACME, METERING)
    await metering.work()
    assert metering.reported() == reported
    assert metering.account.metered("mtr_1", "cus_1", end - MONTH, end) == billed
    assert metering.reason("UsageReported") == "Reported"


def _lose_what_closed(metering: Metering, end: datetime) -> None:
    metering.account.reports = [each for each in metering.account.reports if each.timestamp != end - SECOND]


async def test_a_closing_report_that_the_meter_lost_is_repaired_while_the_invoice_is_a_draft(
    metering: Metering,
) -> None:
    end = await _closed(metering)
    _lose_what_closed(metering, end)
    assert metering.account.metered("mtr_1", "cus_1", end - MONTH, end) == 12
    metering.pass_time(11 * MINUTE)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.account.metered("mtr_1", "cus_1", end - MONTH, end) == 15
    assert metering.now < end + timedelta(hours=1), "before the invoice is finalised"
    assert metering.reason("UsageReported") == "Mismatch"
    metering.pass_time(HOUR)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reason("UsageReported") == "Reported"
    assert metering.reported() == [12, 15, 15]


async def test_a_closing_report_that_is_missed_too_late_is_an_alarm(metering: Metering) -> None:
    end = await _closed(metering)
    _lose_what_closed(metering, end)
    metering.account.fail("usage_sum", Unreachable("no answer."))
    metering.pass_time(11 * MINUTE)
    assert (await metering.run(COMPARISON)).retry
    metering.pass_time(HOUR)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reported() == [12, 15], "what no invoice takes is not sent"
    assert metering.reason("UsageReported") == "Mismatch"
    assert "by hand" in str(metering.condition("UsageReported").message)


async def _begins_anew(metering: Metering) -> None:
    """Another leader: it compares as soon as the account was checked, and once more when that is due."""
    metering.restart()
    await metering.begin()
    await metering.work()
    metering.pass_time(11 * MINUTE)
    await metering.run(COMPARISON)
    await metering.work()


async def test_a_leader_that_begins_within_the_hour_repairs_what_the_one_before_it_had_closed(
    metering: Metering,
) -> None:
    end = await _closed(metering)
    _lose_what_closed(metering, end)
    await _begins_anew(metering)
    assert metering.account.metered("mtr_1", "cus_1", end - MONTH, end) == 15
    assert metering.now < end + timedelta(hours=1), "before the invoice is finalised"
    assert metering.reason("UsageReported") == "Mismatch"
    metering.pass_time(HOUR)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reason("UsageReported") == "Reported"


async def test_a_leader_that_begins_within_the_hour_sends_nothing_that_the_sums_show(
    metering: Metering,
) -> None:
    await _closed(metering)
    metering.forget_calls()
    await _begins_anew(metering)
    await metering.run(COMPARISON, COMPARISON)
    assert metering.account.count("report_usage") == 0
    assert metering.account.count("usage_sum") == 2, (
        "the closing report once, and the one comparison of this hour"
    )
    assert metering.reason("UsageReported") == "Reported"


async def test_an_end_and_a_beginning_that_are_known_at_once_are_each_reported_once(
    metering: Metering,
) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    end = metering.renewal_at()
    metering.pass_time((end - metering.now).total_seconds() + 20)
    metering.devices("acme", 15)
    metering.renew()
    metering.forget_calls()
    await metering.run(BACKEND, METERING)
    await metering.work()
    assert metering.reported() == [12, 15, 15]
    assert metering.account.count("report_usage") == 2
    assert metering.acme.status.pending_operation is None


async def test_a_closing_report_is_looked_for_once_and_in_time(metering: Metering) -> None:
    end = await _closed(metering)
    outcome = await metering.run(COMPARISON)
    assert outcome.look_again_at is not None
    assert end + timedelta(minutes=10) <= outcome.look_again_at < end + timedelta(minutes=12)
    metering.forget_calls()
    metering.pass_time(11 * MINUTE)
    await metering.run(COMPARISON, COMPARISON)
    assert metering.account.count("usage_sum") == 2, "beside the one comparison of this hour"
    assert metering.reason("UsageReported") == "Reported"


@pytest.mark.parametrize("refusal", [Refused("no"), NotFound("no meter")])
async def test_a_sum_that_is_refused_holds_no_other_up(metering: Metering, refusal: Exception) -> None:
    await _closed(metering)
    metering.account.fail("usage_sum", refusal)
    metering.pass_time(11 * MINUTE)
    outcome = await metering.run(COMPARISON)
    assert outcome.look_again_at is not None
    assert outcome.look_again_at > metering.now
