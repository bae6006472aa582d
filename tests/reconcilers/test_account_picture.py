"""What is known of an account: found by marks and by customer, never taken backwards."""

from dataclasses import replace

import pytest

from account_memory import AccountMemory
from hand_clock import NOW
from plan_builders import a_meter, a_price
from seen_account import ACME, a_subscription, an_invoice
from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain import errors
from tenant_billing.domain.observations import SubscriptionItem
from tenant_billing.reconcilers.account_picture import AccountPicture


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


async def test_subscriptions_are_counted_by_price_until_they_end(picture: AccountPicture) -> None:
    item = SubscriptionItem("si_1", "price_1", 1, None, None)
    picture.take(
        a_subscription("sub_1", items=(item, replace(item, id="si_2"))),
        a_subscription("sub_2", items=(item,), ended_at=NOW),
    )
    assert picture.subscriptions_by_price() == {"price_1": 1}
