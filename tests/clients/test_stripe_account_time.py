"""What time it is at Stripe (product.md, "The rule of access")."""

from datetime import timedelta

import pytest

from outside_stubs import NOON, ManualClock
from tenant_billing.clients.stripe_transport import AccountTime

DATE = {"date": "Fri, 20 Nov 2026 12:00:00 GMT"}


def test_before_the_first_dated_answer_it_is_not_known() -> None:
    time = AccountTime(ManualClock(), follows_answers_only=False)
    time.saw({})
    assert time.now() is None


@pytest.mark.parametrize(("follows", "passed"), [(True, timedelta(0)), (False, timedelta(seconds=90))])
def test_it_goes_on_between_answers_except_where_only_answers_count(follows: bool, passed: timedelta) -> None:
    clock = ManualClock()
    time = AccountTime(clock, follows_answers_only=follows)
    time.saw(DATE)
    clock.seconds += 90
    assert time.now() == NOON + passed


@pytest.mark.parametrize("date", ["", "soon", "Fri, 99 Nov 2026 12:00:00 GMT"])
def test_an_unreadable_date_changes_nothing(date: str) -> None:
    time = AccountTime(ManualClock(), follows_answers_only=True)
    time.saw(DATE)
    time.saw({"date": date})
    assert time.now() == NOON
