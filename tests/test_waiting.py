"""Waiting in tests: it ends with what was waited for, or says what was seen instead."""

from collections.abc import Iterator

import pytest

from waiting import wait_for


def answers(*values: object) -> Iterator[object]:
    yield from values


async def test_what_becomes_true_is_returned() -> None:
    given = answers(None, "", "here")
    assert await wait_for(lambda: next(given), "an answer") == "here"


async def test_an_asynchronous_condition_is_awaited() -> None:
    given = answers(False, "here")

    async def condition() -> object:
        return next(given)

    assert await wait_for(condition, "an answer") == "here"


async def test_what_stays_false_fails_with_what_was_seen() -> None:
    with pytest.raises(AssertionError, match=r"waited 0.05 s in vain for a tenant; last seen: \[\]"):
        await wait_for(list, "a tenant", deadline=0.05)


async def test_a_failed_assertion_is_not_true_yet_and_told_in_the_end() -> None:
    def condition() -> bool:
        raise AssertionError("flagged, not suspended")

    with pytest.raises(AssertionError, match="last seen: flagged, not suspended"):
        await wait_for(condition, "suspension", deadline=0.05)


async def test_another_exception_is_not_waited_away() -> None:
    def condition() -> bool:
        raise KeyError("limits")

    with pytest.raises(KeyError):
        await wait_for(condition, "limits")
