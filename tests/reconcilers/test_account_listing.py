"""How an account is seen: listed once in full, then only what was created since."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest

from account_memory import AccountMemory
from hand_clock import NOW, HandClock
from plan_builders import a_product
from seen_account import a_customer, a_subscription, an_invoice
from tenant_billing.domain import errors
from tenant_billing.domain.observations import Customer, Invoice, Product, Subscription
from tenant_billing.reconcilers.account_picture import OVERLAP, STAMP, AccountPicture

SECOND = timedelta(seconds=1)


async def test_everything_is_listed_once_however_many_wait(
    picture: AccountPicture, account: AccountMemory
) -> None:
    await asyncio.gather(*(picture.ready() for _ in range(10)))
    await picture.ready()
    assert sorted(account.calls) == [
        "list_customers", "list_meters", "list_open_invoices", "list_prices", "list_products", "list_subscriptions",
    ]  # fmt: skip


def pass_time(account: AccountMemory, passed: timedelta) -> None:
    assert account.moment is not None
    account.moment += passed


async def test_created_since_is_read_with_an_overlap(picture: AccountPicture, account: AccountMemory) -> None:
    """A list may lag: what it did not show yet is found by one of the looks that follow."""
    await picture.ready()
    account.customers["cus_old"] = a_customer("cus_old", created=NOW - OVERLAP - SECOND)
    account.customers["cus_new"] = a_customer("cus_new", created=NOW - OVERLAP)
    pass_time(account, OVERLAP)
    await picture.refresh_created_since()
    assert picture.customer("cus_new") is not None
    assert picture.customer("cus_old") is None


async def test_what_happened_shortly_before_a_listing_may_be_missing_in_it(
    picture: AccountPicture, clock: HandClock
) -> None:
    """Lists lag: an event of these seconds is read although the account was listed after it."""
    await picture.ready()
    assert not picture.was_listed_after(clock.now() - OVERLAP)
    assert picture.was_listed_after(clock.now() - OVERLAP - SECOND)


async def test_looks_that_follow_one_another_closely_do_not_see_all_of_the_last_seconds_again(
    picture: AccountPicture, account: AccountMemory
) -> None:
    await picture.ready()
    pass_time(account, SECOND)
    await picture.refresh_created_since()
    account.customers["cus_late"] = a_customer("cus_late", created=NOW)
    account.customers["cus_old"] = a_customer("cus_old", created=NOW + SECOND - STAMP - SECOND)
    account.customers["cus_new"] = a_customer("cus_new", created=NOW + SECOND)
    await picture.refresh_created_since()
    assert {each for each in account.customers if picture.customer(each)} == {"cus_A", "cus_late", "cus_new"}

    pass_time(account, OVERLAP)
    await picture.refresh_created_since()
    assert picture.customer("cus_old") is not None


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


async def test_what_a_listing_has_shown_that_failed_half_way_is_told_by_the_next_one(
    picture: AccountPicture, account: AccountMemory
) -> None:
    await picture.ready()
    account.subscriptions["sub_A"] = a_subscription(status="canceled")
    account.fail("list_prices", errors.Unreachable("down"))
    with pytest.raises(errors.Unreachable):
        await picture.compare()
    assert "sub_A" in await picture.compare()
    assert await picture.compare() == frozenset()


class AccountWithSlowPages(AccountMemory):
    """Gives the pages of subscriptions only when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.page = asyncio.Event()

    async def list_subscriptions(self) -> AsyncIterator[Subscription]:
        found = list(self.subscriptions.values())
        self.asked.set()
        await self.page.wait()
        for each in found:
            yield each


async def test_answer_of_a_write_is_not_undone_by_an_older_page() -> None:
    account = AccountWithSlowPages()
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


class AccountWithSlowInvoices(AccountMemory):
    """Gives the page of open invoices, as they were when it was asked for, only when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.page = asyncio.Event()
        self.page.set()

    async def list_open_invoices(self) -> AsyncIterator[Invoice]:
        found = list(self.invoices)
        self.asked.set()
        await self.page.wait()
        for each in found:
            yield each


async def test_invoices_of_a_fresh_read_are_not_undone_by_an_older_page() -> None:
    """A customer who paid while the account was listed would be past due since the invoice that is paid."""
    account = AccountWithSlowInvoices()
    account.subscriptions["sub_A"] = a_subscription(open_invoices=(an_invoice(),))
    account.invoices.append(an_invoice())
    picture = AccountPicture(account, HandClock())
    await picture.ready()
    account.asked.clear()
    account.page.clear()
    comparing = asyncio.ensure_future(picture.compare())
    await account.asked.wait()
    account.subscriptions["sub_A"] = a_subscription(open_invoices=())
    await picture.fresh_subscription("sub_A")
    account.subscriptions["sub_A"] = a_subscription(open_invoices=None)
    account.page.set()
    await comparing
    assert picture.open_invoices_of("sub_A") == ()
    account.invoices.append(an_invoice("in_2"))
    await picture.compare()
    assert [each.id for each in picture.open_invoices_of("sub_A")] == ["in_1", "in_2"]


class AccountWithSlowNews(AccountMemory):
    """Gives what was created since a time only when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.page = asyncio.Event()

    async def created_since(self, moment: datetime) -> Sequence[Customer | Subscription]:
        self.asked.set()
        await self.page.wait()
        return await super().created_since(moment)


async def test_look_at_what_is_new_waits_for_a_full_listing_that_has_become_due() -> None:
    account = AccountWithSlowNews()
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
