"""A client tries again by itself a few times only, and never in step with others."""

import pytest

from tenant_billing.clients.backoff import Backoff


def _recording(fraction: float) -> tuple[Backoff, list[float]]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return Backoff(attempts=5, fraction=lambda: fraction, sleep=sleep), slept


@pytest.mark.parametrize(
    ("fraction", "expected"), [(0.0, [0.25, 0.5, 1.0, 2.0, 2.5]), (1.0, [0.5, 1, 2, 4, 5])]
)
async def test_the_delay_doubles_up_to_a_bound_and_half_of_it_is_chance(
    fraction: float, expected: list[float]
) -> None:
    backoff, slept = _recording(fraction)
    for attempt in range(1, 6):
        await backoff.pause(attempt)
    assert slept == expected


async def test_a_system_that_asks_for_a_while_gets_it() -> None:
    backoff, slept = _recording(0.0)
    await backoff.pause(1, asked_for=3.0)
    assert slept == [3.0]


def test_there_is_no_further_try_after_the_last_or_for_a_system_that_asks_for_long_patience() -> None:
    backoff = Backoff(attempts=3)
    assert backoff.allows(2)
    assert not backoff.allows(3)
    assert backoff.allows(1, asked_for=5.0)
    assert not backoff.allows(1, asked_for=60.0)
