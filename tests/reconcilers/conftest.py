"""What several of these tests begin with."""

import pytest

from account_memory import AccountMemory
from hand_clock import HandClock
from seen_account import an_account
from tenant_billing.reconcilers.account_picture import AccountPicture


@pytest.fixture
def account() -> AccountMemory:
    return an_account()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def picture(account: AccountMemory, clock: HandClock) -> AccountPicture:
    return AccountPicture(account, clock)
