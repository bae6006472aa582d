"""Live connections to accounts: used only while healthy, each with its own time."""

from datetime import timedelta

import pytest

from account_memory import AccountMemory
from hand_clock import NOW, HandClock
from loop_fakes import WaitingKeys
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors, health
from tenant_billing.domain.health import Health
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts


def a_connection(account: AccountMemory, *, follows: bool = False) -> AccountConnection:
    picture = AccountPicture(account, HandClock())
    return AccountConnection("main", "default", "acct_1", account, picture, follows, "settings")


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(HandClock(), WaitingKeys())


async def test_connection_is_used_only_while_healthy(accounts: Accounts, account: AccountMemory) -> None:
    await accounts.open(a_connection(account))
    assert accounts.of("main") is None
    assert accounts.judged("main", health.AVAILABLE)
    assert accounts.of("main") is not None
    assert not accounts.judged("main", health.AVAILABLE)
    accounts.judged("main", Health(Reason.CLOCK_SKEW))
    assert accounts.of("main") is None


async def test_only_a_refused_key_stops_an_account(accounts: Accounts, account: AccountMemory) -> None:
    await accounts.open(a_connection(account))
    accounts.judged("main", health.AVAILABLE)
    for error in (errors.Unreachable("x"), errors.Throttled("x"), errors.Refused("x"), errors.Forbidden("x")):
        accounts.failed("main", error)
        assert accounts.of("main") is not None
    accounts.failed("main", errors.Unauthorized("revoked"))
    assert accounts.of("main") is None


async def test_another_connection_is_checked_before_it_is_used(
    accounts: Accounts, account: AccountMemory
) -> None:
    await accounts.open(a_connection(account))
    accounts.judged("main", health.AVAILABLE)
    await accounts.open(a_connection(AccountMemory()))
    assert accounts.of("main") is None
    assert account.closed


async def test_now_is_the_accounts_time_in_a_sandbox_only(accounts: Accounts, account: AccountMemory) -> None:
    account.moment = NOW + timedelta(seconds=60)
    assert accounts.now("main") == NOW
    await accounts.open(a_connection(account))
    assert accounts.now("main") == NOW
    await accounts.open(a_connection(account, follows=True))
    assert accounts.now("main") == NOW + timedelta(seconds=60)
    account.moment = None
    assert accounts.now("main") == NOW


async def test_local_clock_that_jumped_is_not_believed(accounts: Accounts, account: AccountMemory) -> None:
    await accounts.open(a_connection(account))
    account.moment = NOW - timedelta(seconds=61)
    assert accounts.now("main") == account.moment


async def test_customer_on_a_test_clock_has_its_time(accounts: Accounts, account: AccountMemory) -> None:
    frozen = NOW + timedelta(days=90)
    account.clocks["clock_1"] = frozen
    await accounts.open(a_connection(account))
    assert await accounts.now_of("main", "clock_1") == frozen
    assert await accounts.now_of("main", "clock_gone") == NOW
    assert await accounts.now_of("main", None) == NOW


async def test_closing_gives_connections_back(accounts: Accounts, account: AccountMemory) -> None:
    await accounts.open(a_connection(account))
    await accounts.close()
    assert account.closed
    assert accounts.connection("main") is None
