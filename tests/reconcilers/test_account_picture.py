"""The account's picture: seen once in full, kept current, never taken backwards."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from loop_fakes import NOW, AccountMemory, HandClock, WaitingKeys
from plan_builders import a_meter, a_price, a_product
from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors, health
from tenant_billing.domain.health import Health
from tenant_billing.domain.identity import TenantKey
from tenant_billing.domain.observations import Customer, Invoice, Product, Subscription, SubscriptionItem
from tenant_billing.reconcilers.account_picture import OVERLAP, AccountPicture
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.grouping import GroupedCalls

ACME = TenantKey("default", "eu1", "acme")


def a_customer(identity: str = "cus_A", **changes: Any) -> Customer:
    known: dict[str, Any] = {"id": identity, "created": NOW, "metadata": ACME.metadata()}
    return Customer(**(known | changes))


def a_subscription(identity: str = "sub_A", **changes: Any) -> Subscription:
    known: dict[str, Any] = {
        "id": identity,
        "customer_id": "cus_A",
        "status": "active",
        "created": NOW,
        "metadata": ACME.metadata("starter"),
    }
    return Subscription(**(known | changes))


def an_invoice(identity: str = "in_1", status: str = "open", subscription: str | None = "sub_A") -> Invoice:
    return Invoice(identity, subscription, status, NOW)


@pytest.fixture
def account() -> AccountMemory:
    account = AccountMemory()
    account.customers["cus_A"] = a_customer()
    account.subscriptions["sub_A"] = a_subscription()
    account.products["prod_1"] = a_product()
    account.prices["price_1"] = a_price()
    account.invoices.append(an_invoice())
    return account


@pytest.fixture
def picture(account: AccountMemory) -> AccountPicture:
    return AccountPicture(account, HandClock())


async def test_everything_is_listed_once_however_many_wait(
    picture: AccountPicture, account: AccountMemory
) -> None:
    await asyncio.gather(*(picture.ready() for _ in range(10)))
    await picture.ready()
    assert sorted(account.calls) == [
        "list_customers", "list_meters", "list_open_invoices", "list_prices", "list_products", "list_subscriptions",
    ]  # fmt: skip


async def test_key_that_may_not_read_meters_sells_everything_else(
    picture: AccountPicture, account: AccountMemory
) -> None:
    """Only who needs a meter is told, and nobody takes it for an account without meters."""
    account.meters["mtr_1"] = a_meter()
    account.fail("list_meters", errors.Forbidden("rak_billing_meter_read"), times=3)
    await picture.ready()
    await picture.refresh_catalogue()
    assert picture.is_ready
    with pytest.raises(errors.Forbidden):
        await picture.meters_ready()
    await picture.meters_ready()
    assert picture.meters_by_id() == account.meters
    account.calls.clear()
    await picture.meters_ready()
    assert account.calls == []


async def test_meter_is_read_afresh(picture: AccountPicture, account: AccountMemory) -> None:
    account.meters["mtr_1"] = a_meter()
    await picture.ready()
    account.meters["mtr_1"] = a_meter(active=False)
    picture.stale(["mtr_1"])
    assert picture.is_stale("mtr_1")
    await picture.fresh_meter("mtr_1")
    assert picture.meter("mtr_1") == a_meter(active=False)
    assert not picture.is_stale("mtr_1")


async def test_objects_are_found_by_our_metadata_and_by_customer(picture: AccountPicture) -> None:
    await picture.ready()
    assert [each.id for each in picture.customers_of(ACME)] == ["cus_A"]
    assert [each.id for each in picture.subscriptions_of(ACME)] == ["sub_A"]
    assert [each.id for each in picture.subscriptions_of_customer("cus_A")] == ["sub_A"]
    assert picture.customers_of(replace(ACME, tenant_id="other")) == ()
    assert picture.prices_by_id() == {"price_1": a_price()}
    assert (picture.customer("sub_A"), picture.subscription("cus_A")) == (None, None)


async def test_subscription_brings_its_open_invoices(picture: AccountPicture) -> None:
    await picture.ready()
    seen = picture.subscription("sub_A")
    assert seen is not None
    assert seen.open_invoices == (an_invoice(),)
    picture.take(an_invoice(status="paid"), an_invoice("in_other", subscription=None))
    assert picture.open_invoices_of("sub_A") == ()
    picture.take(a_subscription(open_invoices=(an_invoice("in_2"),)))
    assert picture.open_invoices_of("sub_A") == (an_invoice("in_2"),)


async def test_page_without_invoices_does_not_hide_the_one_that_a_new_subscription_brought(
    picture: AccountPicture, account: AccountMemory
) -> None:
    await picture.ready()
    account.subscriptions["sub_B"] = a_subscription("sub_B", status="incomplete")
    first = an_invoice("in_B", subscription="sub_B")
    picture.take(a_subscription("sub_B", status="incomplete", latest_invoice=first))

    await picture.refresh_created_since()
    assert picture.open_invoices_of("sub_B") == (first,)

    picture.take(a_subscription("sub_B", latest_invoice=replace(first, status="paid")))
    assert picture.open_invoices_of("sub_B") == ()


async def test_object_that_changed_its_marks_is_found_by_the_new_ones_only(picture: AccountPicture) -> None:
    await picture.ready()
    picture.take(a_subscription(metadata={StripeMetadata.OWNER: "other"}, customer_id="cus_B"))
    assert picture.subscriptions_of(ACME) == ()
    assert picture.subscriptions_of_customer("cus_A") == ()
    assert len(picture.subscriptions_of_customer("cus_B")) == 1


async def test_what_is_gone_is_forgotten(picture: AccountPicture, account: AccountMemory) -> None:
    await picture.ready()
    account.subscriptions.clear()
    account.customers.clear()
    assert await picture.fresh_subscription("sub_A") is None
    assert await picture.fresh_customer("cus_A") is None
    assert picture.subscriptions_of(ACME) == ()
    assert picture.customers_of(ACME) == ()


async def test_created_since_is_read_with_an_overlap(picture: AccountPicture, account: AccountMemory) -> None:
    await picture.ready()
    account.customers["cus_old"] = a_customer("cus_old", created=NOW - OVERLAP - timedelta(seconds=1))
    account.customers["cus_new"] = a_customer("cus_new", created=NOW - OVERLAP)
    await picture.refresh_created_since()
    assert picture.customer("cus_new") is not None
    assert picture.customer("cus_old") is None


async def test_refresh_before_the_first_listing_is_the_listing(
    picture: AccountPicture, account: AccountMemory
) -> None:
    await picture.refresh_created_since()
    assert picture.is_ready
    assert account.count("list_customers") == 1


async def test_listing_that_failed_is_tried_again(picture: AccountPicture, account: AccountMemory) -> None:
    """An error is never read as an empty account."""
    account.fail("list_subscriptions", errors.Unreachable("down"))
    with pytest.raises(errors.Unreachable):
        await picture.ready()
    assert not picture.is_ready
    await picture.ready()
    assert picture.subscription("sub_A") is not None


async def test_listing_again_sees_what_changed(picture: AccountPicture, account: AccountMemory) -> None:
    await picture.ready()
    account.subscriptions["sub_A"] = a_subscription(status="canceled")
    await picture.list_again()
    seen = picture.subscription("sub_A")
    assert seen is not None
    assert seen.status == "canceled"


class SlowAccount(AccountMemory):
    """Shows each page of subscriptions only when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.page = asyncio.Event()
        self.reads = asyncio.Event()

    async def list_subscriptions(self, created_since: datetime | None = None) -> AsyncIterator[Subscription]:
        found = list(self.subscriptions.values())
        self.asked.set()
        await self.page.wait()
        for each in found:
            yield each

    async def subscription(self, subscription_id: str) -> Subscription | None:
        found = self.subscriptions.get(subscription_id)
        self.asked.set()
        await self.reads.wait()
        return found


async def test_answer_of_a_write_is_not_undone_by_an_older_page() -> None:
    account = SlowAccount()
    account.subscriptions["sub_A"] = a_subscription(status="incomplete")
    picture = AccountPicture(account, HandClock())
    listing = asyncio.ensure_future(picture.ready())
    await account.asked.wait()
    picture.take(a_subscription(status="active"))
    account.page.set()
    await listing
    seen = picture.subscription("sub_A")
    assert seen is not None
    assert seen.status == "active"


class AccountWithSlowPages(AccountMemory):
    """Gives what was created since a time only when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.page = asyncio.Event()

    async def list_customers(self, created_since: datetime | None = None) -> AsyncIterator[Customer]:
        if created_since is not None:
            self.asked.set()
            await self.page.wait()
        async for each in super().list_customers(created_since):
            yield each


async def test_look_at_what_is_new_waits_for_a_full_listing_that_has_become_due() -> None:
    account = AccountWithSlowPages()
    picture = AccountPicture(account, HandClock())
    await picture.ready()
    looks = [asyncio.create_task(picture.refresh_created_since()) for _ in range(2)]
    await account.asked.wait()
    later = asyncio.create_task(picture.refresh_created_since())
    await asyncio.wait({later}, timeout=0)
    account.fail("list_prices", errors.Unreachable("no answer"))
    with pytest.raises(errors.Unreachable):
        await picture.list_again()
    account.page.set()
    await asyncio.gather(*looks, later)
    assert picture.is_ready
    assert account.count("list_products") == 3, "at the start, in vain, and again"


class Call:
    """A call that takes until a test lets it go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.cancelled = 0
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, requests: list[int]) -> int:
        self.groups.append(requests)
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return len(self.groups)


async def test_call_goes_on_while_somebody_waits_for_it() -> None:
    call = Call()
    calls = GroupedCalls(call)
    first, second = (asyncio.create_task(calls.ask(number)) for number in (1, 2))
    await call.begun.wait()
    first.cancel()
    await asyncio.wait({first})
    call.go_on.set()
    assert (await second, call.groups, call.cancelled) == (1, [[1, 2]], 0)


async def test_call_ends_when_nobody_waits_for_it_any_more() -> None:
    call = Call()
    calls = GroupedCalls(call)
    first = asyncio.create_task(calls.ask(1))
    await call.begun.wait()
    second = asyncio.create_task(calls.ask(2))
    await asyncio.wait({second}, timeout=0)  # it asks, and is not answered yet
    for each in (first, second):
        each.cancel()
    await asyncio.wait({first, second})
    call.go_on.set()
    assert await calls.ask(3) == 2
    assert (call.groups, call.cancelled) == ([[1], [3]], 1)


class HalfDownAccount(AccountMemory):
    """Lists products for ever, and no customers at all."""

    def __init__(self) -> None:
        super().__init__()
        self.is_listing = False

    async def list_products(self) -> AsyncIterator[Product]:
        self.is_listing = True
        try:
            await asyncio.Event().wait()
        finally:
            self.is_listing = False
        yield a_product()  # a generator, though it gives nothing


async def test_listing_that_fails_leaves_none_of_its_parts_behind() -> None:
    """Else each new try would add to what still takes from the budget."""
    account = HalfDownAccount()
    account.fail("list_customers", errors.Unreachable("no answer"))
    picture = AccountPicture(account, HandClock())
    with pytest.raises(errors.Unreachable):
        await picture.ready()
    assert not account.is_listing


async def test_fresh_read_ends_staleness(picture: AccountPicture) -> None:
    await picture.ready()
    picture.stale(["sub_A", "cus_A"])
    assert picture.is_stale("sub_A")
    await picture.fresh_subscription("sub_A")
    await picture.fresh_customer("cus_A")
    assert not picture.is_stale("sub_A")
    assert not picture.is_stale("cus_A")


async def test_payer_with_a_live_subscription_is_not_asked_for(
    picture: AccountPicture, account: AccountMemory
) -> None:
    await picture.ready()
    picture.stale(["sub_A", "cus_A"])
    await picture.fresh_payer("cus_A")
    assert (picture.is_stale("sub_A"), picture.is_stale("cus_A")) == (False, False)
    assert account.count("customer") == 0
    account.subscriptions["sub_A"] = a_subscription(status="canceled")
    await picture.fresh_payer("cus_A")
    assert account.count("customer") == 1


async def test_what_was_never_seen_does_not_become_stale(picture: AccountPicture) -> None:
    """An invoice, or another shop's subscription: nobody would ever read it and end its staleness."""
    await picture.ready()
    picture.stale(["in_1", "sub_of_another_shop"])
    assert not picture.is_stale("in_1")
    assert not picture.is_stale("sub_of_another_shop")


async def test_event_during_a_read_is_not_lost() -> None:
    """The answer may have been made before the change; another read is due."""
    account = SlowAccount()
    account.subscriptions["sub_A"] = a_subscription()
    picture = AccountPicture(account, HandClock())
    picture.stale(["sub_A"])
    reading = asyncio.ensure_future(picture.fresh_subscription("sub_A"))
    await account.asked.wait()
    picture.stale(["sub_A"])
    account.reads.set()
    await reading
    assert picture.is_stale("sub_A")
    await picture.fresh_subscription("sub_A")
    assert not picture.is_stale("sub_A")


async def test_subscriptions_are_counted_by_price_until_they_end(picture: AccountPicture) -> None:
    item = SubscriptionItem("si_1", "price_1", 1, None, None)
    picture.take(
        a_subscription("sub_1", items=(item, replace(item, id="si_2"))),
        a_subscription("sub_2", items=(item,), ended_at=NOW),
    )
    assert picture.subscriptions_by_price() == {"price_1": 1}


async def test_request_never_joins_a_call_that_has_begun() -> None:
    groups: list[list[int]] = []
    begun, gate = asyncio.Event(), asyncio.Event()

    async def call(requests: list[int]) -> int:
        groups.append(requests)
        begun.set()
        await gate.wait()
        return len(groups)

    calls = GroupedCalls(call)
    first = asyncio.ensure_future(calls.ask(1))
    await begun.wait()
    others = [asyncio.ensure_future(calls.ask(number)) for number in (2, 3)]
    gate.set()
    assert await asyncio.gather(first, *others) == [1, 2, 2]
    assert groups == [[1], [2, 3]]


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
    account.moment = NOW + timedelta(days=21)
    assert accounts.now("main") == NOW
    await accounts.open(a_connection(account))
    assert accounts.now("main") == NOW
    await accounts.open(a_connection(account, follows=True))
    assert accounts.now("main") == NOW + timedelta(days=21)
    account.moment = None
    assert accounts.now("main") == NOW


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
