"""The brake: how much access may be taken away in an hour before a person must approve."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.api.reasons import Reason
from tenant_billing.api.things_stack_cluster import BrakeStatus
from tenant_billing.domain import brake
from tenant_billing.domain.brake import BrakeState

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
NEW = brake.from_status(None, NOW)

LIMITS = [
    pytest.param("5%", 1000, 50, id="a share of many tenants"),
    pytest.param("5%", 40, 10, id="a share of few is never under ten"),
    pytest.param("5%", 399, 19, id="a share is rounded down"),
    pytest.param(3, 1000, 3, id="a number means that number, even under ten"),
    pytest.param(0, 1000, 0, id="zero: each needs approval"),
]


@pytest.mark.parametrize(("setting", "managed", "limit"), LIMITS)
def test_limit(setting: int | str, managed: int, limit: int) -> None:
    assert brake.limit_of(setting, managed) == limit


def test_first_tenants_go_ahead_and_the_rest_is_held() -> None:
    verdict = brake.request(NEW, NOW, 2, ["a", "b", "c", "d"])
    assert verdict.allowed == {"a", "b"}
    assert verdict.held == {"c", "d"}
    assert verdict.state == BrakeState(
        "20261120", 1, engaged=True, window_start=NOW, count=2, tenants=("c", "d")
    )


def test_held_batch_has_a_deterministic_id() -> None:
    verdict = brake.request(NEW, NOW, 0, ["a"])
    assert verdict.state.id == "b-20261120-1"
    assert verdict.state.to_status() == BrakeStatus(
        id="b-20261120-1", engaged=True, window_start_time=NOW, count=0, held=1, tenants=("a",)
    )


def test_nothing_more_goes_ahead_while_a_batch_waits() -> None:
    """Not even in a new hour: only a person releases the brake."""
    engaged = brake.request(NEW, NOW, 0, ["a"]).state
    verdict = brake.request(engaged, NOW + timedelta(hours=2), 100, ["b"])
    assert (verdict.allowed, verdict.held) == (frozenset(), frozenset({"b"}))
    assert verdict.state.tenants == ("a", "b")


def test_batch_that_grew_has_another_id() -> None:
    """An approval covers exactly what was looked at."""
    first = brake.request(NEW, NOW, 0, ["a"]).state
    grown = brake.request(first, NOW, 0, ["b"]).state
    assert (first.id, grown.id) == ("b-20261120-1", "b-20261120-2")
    assert brake.approve(grown, first.id) == grown


def test_asking_again_keeps_the_id() -> None:
    first = brake.request(NEW, NOW, 0, ["a"]).state
    assert brake.request(first, NOW, 0, ["a"]).state == first


def test_numbers_begin_again_on_another_day() -> None:
    first = brake.request(NEW, NOW, 0, ["a"]).state
    assert brake.request(first, NOW + timedelta(days=1), 0, ["b"]).state.id == "b-20261121-1"


def test_approved_batch_goes_ahead_and_is_counted() -> None:
    approved = brake.approve(brake.request(NEW, NOW, 0, ["a", "b"]).state, "b-20261120-1")
    verdict = brake.request(approved, NOW, 0, ["a"])
    assert verdict.allowed == {"a"}
    assert (verdict.state.count, verdict.state.tenants, verdict.state.engaged) == (1, ("a", "b"), False)
    assert brake.withdraw(verdict.state, ["a"]).tenants == ("b",)


def test_approval_is_not_used_up_by_a_kill_before_it_was_carried_out() -> None:
    """The new leader asks again, and needs no person a second time."""
    approved = brake.approve(brake.request(NEW, NOW, 0, ["a"]).state, "b-20261120-1")
    counted = brake.request(approved, NOW, 0, ["a"]).state
    assert brake.request(counted, NOW, 0, ["a"]).allowed == {"a"}


def test_approval_does_not_cover_others() -> None:
    """Who is not on the approved list waits until it is carried out, and is then listed in a batch of its own."""
    approved = brake.approve(brake.request(NEW, NOW, 0, ["a"]).state, "b-20261120-1")
    meanwhile = brake.request(approved, NOW, 0, ["x"])
    assert meanwhile.held == {"x"}
    assert meanwhile.state == approved
    carried_out = brake.withdraw(brake.request(approved, NOW, 0, ["a"]).state, ["a"])
    assert brake.request(carried_out, NOW, 0, ["x"]).state.id == "b-20261120-2"


def test_who_was_approved_takes_up_the_hour_s_room() -> None:
    """Asked for together with others: those must not go ahead on a count that the approved are not in yet."""
    approved = brake.approve(brake.request(NEW, NOW, 0, ["a"]).state, "b-20261120-1")
    verdict = brake.request(approved, NOW, 1, ["a", "x"])
    assert (verdict.allowed, verdict.held) == (frozenset({"a"}), frozenset({"x"}))


def test_approval_lapses_with_the_hour() -> None:
    approved = brake.approve(brake.request(NEW, NOW, 0, ["a"]).state, "b-20261120-1")
    verdict = brake.request(approved, NOW + brake.WINDOW, 0, ["a"])
    assert verdict.held == {"a"}


def test_new_hour_counts_from_zero() -> None:
    full = brake.request(NEW, NOW, 1, ["a"]).state
    verdict = brake.request(full, NOW + brake.WINDOW, 1, ["b"])
    assert verdict.allowed == {"b"}
    assert verdict.state.window_start == NOW + brake.WINDOW


def test_hour_that_begins_later_is_not_this_one() -> None:
    """A clock that was put right must not hold tenants to the count of an hour that is far ahead."""
    ahead = brake.request(NEW, NOW + timedelta(days=30), 1, ["a"]).state
    verdict = brake.request(ahead, NOW, 1, ["b"])
    assert (verdict.allowed, verdict.state.window_start) == (frozenset({"b"}), NOW)


def test_tenants_that_need_not_lose_access_leave_the_batch() -> None:
    held = brake.request(NEW, NOW, 0, ["a", "b"]).state
    assert brake.withdraw(held, ["a"]).tenants == ("b",)
    assert brake.withdraw(held, ["a", "b"]).engaged is False


def test_batch_is_bounded() -> None:
    verdict = brake.request(NEW, NOW, 0, [f"t{number}" for number in range(brake.LONGEST_BATCH + 5)])
    assert len(verdict.held) == brake.LONGEST_BATCH + 5
    assert verdict.state.held == brake.LONGEST_BATCH


def test_unreadable_id_begins_a_new_numbering() -> None:
    status = BrakeStatus(id="by-hand", engaged=False, window_start_time=NOW, count=4)
    assert brake.from_status(status, NOW) == BrakeState(
        "20261120", 0, engaged=False, window_start=NOW, count=4
    )


def test_condition_names_the_remedy() -> None:
    engaged = brake.request(NEW, NOW, 0, ["a"]).state
    held, reason, message = brake.condition(engaged)
    assert (held, reason) == (True, Reason.LIMIT_EXCEEDED)
    assert "approve-disruptions=b-20261120-1" in message
    assert brake.condition(brake.approve(engaged, engaged.id))[:2] == (False, Reason.APPROVED)
    assert brake.condition(NEW)[:2] == (False, Reason.WITHIN_LIMIT)


requests = st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4), max_size=8)


@given(requests, st.integers(0, 5))
def test_never_more_than_the_limit_without_approval(batches: list[list[str]], limit: int) -> None:
    """Whatever is asked within an hour, and whenever the operator restarts between."""
    state, gone = NEW, 0
    for minute, batch in enumerate(batches):
        now = NOW + timedelta(minutes=minute)
        verdict = brake.request(state, now, limit, batch)
        gone += len(verdict.allowed)
        assert verdict.allowed | verdict.held == set(batch)
        assert not verdict.allowed & verdict.held
        state = brake.from_status(verdict.state.to_status(), now)
        assert state == verdict.state
    assert gone <= limit
