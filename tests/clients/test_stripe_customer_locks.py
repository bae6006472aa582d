"""One write at a time per Stripe customer (stripe.md 5.4)."""

import asyncio

import pytest

from outside_stubs import SUBJECT, Answer, Stub, a_subscription
from tenant_billing.clients.stripe_customer_locks import CustomerLocks
from tenant_billing.clients.stripe_provider import StripeProvider


async def _most_at_once(locks: CustomerLocks, owners: list[str]) -> int:
    running = most = 0

    async def write(owner: str) -> None:
        nonlocal running, most
        async with locks.holding(owner):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(write(owner) for owner in owners))
    return most


async def test_writes_for_one_customer_follow_each_other() -> None:
    assert await _most_at_once(CustomerLocks(), ["cus_1"] * 5) == 1


async def test_writes_for_different_customers_and_for_none_run_at_once() -> None:
    assert await _most_at_once(CustomerLocks(), ["cus_1", "cus_2", "", ""]) == 4


async def test_a_lock_is_forgotten_with_its_last_user() -> None:
    locks = CustomerLocks()
    await _most_at_once(locks, ["cus_1", "cus_1", "cus_2"])
    assert len(locks) == 0


def test_a_subscription_locks_its_customer_once_it_was_seen_and_itself_before() -> None:
    locks = CustomerLocks(remembered=2)
    for number in (1, 2, 3):
        locks.learn(f"sub_{number}", f"cus_{number}")
    assert locks.customer_of("sub_3") == "cus_3"
    assert locks.customer_of("sub_1") == "sub_1"


@pytest.mark.parametrize(("customers", "at_once"), [(["cus_1"] * 4, 1), (["cus_1", "cus_2"], 2)])
async def test_the_client_sends_one_write_at_a_time_for_a_customer(
    provider: StripeProvider, stub: Stub, customers: list[str], at_once: int
) -> None:
    stub.will(Answer({"id": "cus_1", "object": "customer"}))
    await asyncio.gather(*(provider.mark_customer(each, {"a": "b"}, SUBJECT) for each in customers))
    assert stub.most_at_once == at_once


async def test_a_subscription_that_was_read_shares_the_lock_of_its_customer(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(Answer(a_subscription(customer="cus_1")))
    await provider.subscription("sub_1")
    await asyncio.gather(
        provider.cancel_subscription("sub_1", SUBJECT), provider.mark_customer("cus_1", {"a": "b"}, SUBJECT)
    )
    assert stub.most_at_once == 1
