"""What changed outside since it was read must not be judged by any more."""

import asyncio

from account_memory import AccountMemory
from hand_clock import HandClock
from seen_account import a_subscription
from tenant_billing.domain.observations import Subscription
from tenant_billing.reconcilers.account_picture import AccountPicture


class SlowAccount(AccountMemory):
    """Answers a read only when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.reads = asyncio.Event()

    async def subscription(self, subscription_id: str) -> Subscription | None:
        found = self.subscriptions.get(subscription_id)
        self.asked.set()
        await self.reads.wait()
        return found


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


class TurnedAround(AccountMemory):
    """Its first answer to a read of a subscription comes after its second one."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.answered = asyncio.Event()

    async def subscription(self, subscription_id: str) -> Subscription | None:
        found = self.subscriptions.get(subscription_id)
        if not self.asked.is_set():
            self.asked.set()
            await self.answered.wait()
        return found


async def test_an_answer_that_a_later_read_has_overtaken_hides_nothing_that_that_one_has_shown() -> None:
    """Two objects of one customer: the second would be judged by what was before it was paid."""
    account = TurnedAround()
    account.subscriptions["sub_A"] = a_subscription(status="past_due")
    picture = AccountPicture(account, HandClock())
    slow = asyncio.ensure_future(picture.fresh_subscription("sub_A"))
    await account.asked.wait()
    account.subscriptions["sub_A"] = a_subscription(status="active")
    picture.stale(["sub_A"])
    await picture.fresh_subscription("sub_A")
    account.answered.set()
    await slow
    seen = picture.subscription("sub_A")
    assert seen is not None
    assert seen.status == "active"
    assert not picture.is_stale("sub_A")
