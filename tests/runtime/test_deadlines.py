"""Deadlines in an account's time, which may stand still or jump."""

from datetime import UTC, datetime, timedelta

from tenant_billing.ports import ObjectKey
from tenant_billing.runtime.deadlines import Deadlines

START = datetime(2026, 11, 20, tzinfo=UTC)


def key(name: str) -> ObjectKey:
    return ObjectKey("TenantSubscription", "tenants", name)


class Accounts:
    """The time of each account."""

    def __init__(self) -> None:
        self.times: dict[str, datetime] = {"main": START, "other": START}

    def __call__(self, backend: str) -> datetime | None:
        return self.times.get(backend)


def test_what_falls_due_when_the_clock_jumps_is_found_at_once_the_most_overdue_first() -> None:
    accounts = Accounts()
    deadlines = Deadlines(accounts)
    for days in (21, 7, 40):
        deadlines.set(key(f"in-{days}-days"), "main", START + timedelta(days=days))
    assert deadlines.pop_due() == []
    accounts.times["main"] += timedelta(days=30)
    assert deadlines.pop_due() == [key("in-7-days"), key("in-21-days")]
    assert deadlines.pop_due() == []


def test_each_deadline_follows_its_own_account() -> None:
    accounts = Accounts()
    deadlines = Deadlines(accounts)
    deadlines.set(key("a"), "main", START + timedelta(days=1))
    deadlines.set(key("b"), "other", START + timedelta(days=1))
    accounts.times["other"] += timedelta(days=1)
    assert deadlines.pop_due() == [key("b")]


def test_the_last_deadline_of_an_object_counts_and_none_removes_it() -> None:
    accounts = Accounts()
    deadlines = Deadlines(accounts)
    deadlines.set(key("a"), "main", START + timedelta(days=1))
    deadlines.set(key("a"), "main", START + timedelta(days=9))
    deadlines.set(key("b"), "main", START + timedelta(days=1))
    deadlines.set(key("b"), "main", None)
    accounts.times["main"] += timedelta(days=2)
    assert deadlines.pop_due() == []
    accounts.times["main"] += timedelta(days=10)
    assert deadlines.pop_due() == [key("a")]


def test_an_account_whose_time_is_not_known_keeps_its_deadlines() -> None:
    accounts = Accounts()
    deadlines = Deadlines(accounts)
    deadlines.set(key("a"), "unseen", START)
    assert deadlines.pop_due() == []
    accounts.times["unseen"] = START
    assert deadlines.pop_due() == [key("a")]
