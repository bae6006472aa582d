"""What a meter could not count is told, and sent again."""

import pytest

from metering_loop import COMPARISON, HOUR, METERING, Metering
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.meter_errors import MeterErrors, Mistake, Sample
from tenant_loop import ACME, BACKEND


@pytest.fixture
def metering() -> Metering:
    return Metering()


def told(identifier: str, *, number: int = 1, count: int = 1) -> MeterErrors:
    """One error of the meter."""
    mistake = Mistake("archived_meter", count, (Sample(identifier, "no"),))
    return MeterErrors(f"evt_m{number}", "mtr_1", (mistake,))


async def test_a_report_that_the_meter_could_not_count_is_told_by_name_and_sent_again(
    metering: Metering,
) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    (lost,) = metering.account.reports
    metering.account.reports.clear()
    metering.account.mistakes.insert(0, told(lost.identifier))
    metering.pass_time(HOUR)
    await metering.run(BACKEND)
    await metering.work()
    assert metering.reason("UsageReported") == "Rejected"
    assert "reactivate it in Stripe" in str(metering.condition("UsageReported").message)
    assert "UsageRejected" in metering.loop.kubernetes.events
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reported() == [12]
    metering.pass_time(HOUR)
    await metering.run(COMPARISON)
    await metering.work()
    assert metering.reason("UsageReported") == "Reported"


async def test_an_error_of_what_was_reported_while_errors_were_read_is_told(metering: Metering) -> None:
    """The cursor passes over it: it would never be told by name."""
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    metering.devices("acme", 15)
    metering.pass_time(HOUR)

    async def reports() -> None:
        await metering.run(METERING)
        await metering.run(ACME)
        metering.account.mistakes.insert(0, told(metering.account.reports[-1].identifier))

    metering.account.while_errors_are_read.append(reports)
    await metering.run(BACKEND)
    await metering.work()
    assert metering.reported() == [12, 15]
    assert metering.reason("UsageReported") == "Rejected"


async def test_errors_are_read_once_an_hour_up_to_a_cursor_that_survives(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    metering.account.mistakes.insert(0, told("somebody-else:m:1:5"))
    metering.forget_calls()
    metering.pass_time(HOUR)
    await metering.run(BACKEND, BACKEND)
    assert metering.account.count("meter_errors") == 1
    backend = metering.loop.store.backend("main")
    assert backend is not None
    assert backend.status.events is not None
    assert backend.status.events.meter_error_cursor == "evt_m1"
    assert metering.reason("UsageReported") == "Reported"
    metering.account.mistakes.insert(0, told("another:m:1:5", number=2))
    metering.restart()
    await metering.begin()
    await metering.work()
    backend = metering.loop.store.backend("main")
    assert backend is not None
    assert backend.status.events is not None
    assert backend.status.events.meter_error_cursor == "evt_m2"


async def test_where_only_samples_are_named_everybody_on_the_meter_is_compared(metering: Metering) -> None:
    names = [f"tenant-{number}" for number in range(4)]
    for name in names:
        metering.devices(name, 3)
    await metering.subscribe(*names)
    metering.account.reports.clear()
    metering.account.mistakes.insert(0, told("somebody-else:m:1:5", count=9))
    metering.pass_time(HOUR)
    await metering.run(BACKEND)
    await metering.work()
    for _ in names:
        await metering.run(COMPARISON)
        await metering.work()
        metering.pass_time(HOUR)
    assert [metering.reported(each) for each in names] == [[3]] * 4


async def test_errors_that_cannot_be_read_hold_nothing_up(metering: Metering) -> None:
    metering.devices("acme", 12)
    await metering.subscribe("acme")
    metering.pass_time(HOUR)
    metering.account.fail("meter_errors", Unreachable("no answer."))
    await metering.run(BACKEND)
    await metering.work()
    assert metering.reason() == "Provisioned"
