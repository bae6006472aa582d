from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_billing.api.conditions import (
    LONGEST_MESSAGE,
    Condition,
    Conditions,
    ConditionStatus,
    ConditionType,
    find_condition,
    set_condition,
)
from tenant_billing.api.reasons import Reason

MORNING = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NOON = MORNING + timedelta(hours=2)


def ready(status: ConditionStatus = ConditionStatus.TRUE, now: datetime = MORNING) -> Conditions:
    return set_condition((), ConditionType.READY, status, Reason.PROVISIONED, "as asked", 1, now)


def test_a_new_condition_carries_the_generation_and_the_time_it_was_set() -> None:
    assert ready() == (
        Condition(
            type="Ready",
            status=ConditionStatus.TRUE,
            reason="Provisioned",
            message="as asked",
            observed_generation=1,
            last_transition_time=MORNING,
        ),
    )


def test_the_transition_time_stays_while_only_reason_and_message_change() -> None:
    (condition,) = set_condition(
        ready(), ConditionType.READY, ConditionStatus.TRUE, Reason.SUSPENDED, "as told", 2, NOON
    )
    assert (condition.reason, condition.message) == ("Suspended", "as told")
    assert (condition.observed_generation, condition.last_transition_time) == (2, MORNING)


def test_the_transition_time_moves_when_the_status_flips() -> None:
    (condition,) = set_condition(
        ready(), ConditionType.READY, ConditionStatus.FALSE, Reason.NOT_ALLOWED, "", 1, NOON
    )
    assert condition.last_transition_time == NOON


@pytest.mark.parametrize("kind", [ConditionType.RECONCILING, ConditionType.STALLED])
@pytest.mark.parametrize("status", [ConditionStatus.FALSE, ConditionStatus.UNKNOWN])
def test_reconciling_and_stalled_are_present_only_while_true(
    kind: ConditionType, status: ConditionStatus
) -> None:
    standing = set_condition(ready(), kind, ConditionStatus.TRUE, Reason.PROGRESSING, "", 1, MORNING)
    assert find_condition(standing, kind) is not None
    assert set_condition(standing, kind, status, Reason.PROGRESSING, "", 1, NOON) == ready()


def test_a_message_is_cut_where_people_stop_reading() -> None:
    (condition,) = set_condition(
        (), ConditionType.READY, ConditionStatus.FALSE, Reason.CONFLICT, "x" * 2000, 1, MORNING
    )
    assert len(condition.message) == LONGEST_MESSAGE
    assert condition.message.endswith("x…")


def test_a_condition_of_another_version_survives() -> None:
    foreign = Condition(
        type="Quantum",
        status=ConditionStatus.TRUE,
        reason="Entangled",
        message="",
        last_transition_time=MORNING,
    )
    later = set_condition(
        (foreign, *ready()), ConditionType.READY, ConditionStatus.FALSE, Reason.CONFLICT, "", 1, NOON
    )
    assert later[0] == foreign
    assert [each.type for each in later] == ["Quantum", "Ready"]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        ready(now=MORNING.replace(tzinfo=None))


@given(
    st.lists(st.tuples(st.sampled_from(ConditionType), st.sampled_from(ConditionStatus), st.integers(1, 9)))
)
def test_setting_the_same_again_later_changes_nothing_and_types_stay_unique(
    changes: list[tuple[ConditionType, ConditionStatus, int]],
) -> None:
    conditions: Conditions = ()
    for kind, status, generation in changes:
        arguments = (kind, status, Reason.PROGRESSING, "same", generation)
        conditions = set_condition(conditions, *arguments, MORNING)
        assert set_condition(conditions, *arguments, NOON) == conditions
    types = [each.type for each in conditions]
    assert len(types) == len(set(types))
