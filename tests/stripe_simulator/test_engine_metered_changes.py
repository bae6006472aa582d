"""Usage is billed once, by the price at its time, whatever becomes of the item (stripe.md 4.3).

The rules are those of docs.stripe.com ``billing/subscriptions/usage-based/manage-billing-setup``,
"Update prices mid-cycle".
"""

from typing import Any

import pytest

from stripe_engine_world import (
    HOUR,
    a_customer,
    a_meter,
    a_price,
    a_subscription,
    an_account,
    call,
    latest_invoice,
    pass_time,
    report,
    update,
)
from tenant_billing_sandbox.stripe.account import Account, Object


def a_price_of(account: Account, meter: Object, unit_amount: int) -> str:
    return a_price(account, unit_amount, recurring={"usage_type": "metered", "meter": meter["id"]})


def with_usage(account: Account, meter: Object, **params: Any) -> Object:
    """A subscription of 50 cents a device, with 7 devices in its first ten days."""
    subscription = a_subscription(account, a_customer(account), a_price_of(account, meter, 50), **params)
    report(account, subscription["customer"], "7")
    pass_time(account, days=10)
    return subscription


def change(account: Account, subscription: Object, price: str, **steering: Any) -> None:
    item = subscription["items"]["data"][0]["id"]
    update(account, subscription, items=[{"id": item, "price": price}], **steering)


def billed(account: Account, subscription: Object) -> list[tuple[int, int]]:
    """Usage and amount of each line of the renewal."""
    pass_time(account, days=21, seconds=HOUR + 1)
    return [
        (line["quantity"], line["amount"]) for line in latest_invoice(account, subscription)["lines"]["data"]
    ]


def test_usage_before_a_change_of_price_is_billed_by_the_old_price_and_what_follows_by_the_new() -> None:
    account = an_account()
    subscription = with_usage(account, meter := a_meter(account))
    change(account, subscription, a_price_of(account, meter, 70))
    report(account, subscription["customer"], "2")
    assert billed(account, subscription) == [(7, 350), (2, 140)]


def test_usage_of_the_second_of_a_change_is_billed_once() -> None:
    account = an_account()
    subscription = with_usage(account, meter := a_meter(account))
    report(account, subscription["customer"], "1")
    change(account, subscription, a_price_of(account, meter, 70))
    assert billed(account, subscription) == [(7, 350), (1, 70)]


def test_usage_of_the_second_in_which_one_item_replaces_another_is_billed_once() -> None:
    account = an_account()
    subscription = with_usage(account, meter := a_meter(account))
    report(account, subscription["customer"], "1")
    former, new = subscription["items"]["data"][0]["id"], a_price_of(account, meter, 70)
    update(account, subscription, items=[{"id": former, "deleted": True}, {"price": new}])
    assert billed(account, subscription) == [(7, 350), (1, 70)]


def test_another_meter_counts_from_the_change_on() -> None:
    account = an_account()
    subscription = with_usage(account, a_meter(account))
    other = a_meter(account, event_name="gateways")
    report(account, subscription["customer"], "1", event_name="gateways", timestamp=account.now - 60)
    change(account, subscription, a_price_of(account, other, 70))
    report(account, subscription["customer"], "3", event_name="gateways")
    assert billed(account, subscription) == [(7, 350), (3, 210)]


def test_a_change_without_proration_bills_no_usage_from_before() -> None:
    account = an_account()
    subscription = with_usage(account, meter := a_meter(account))
    change(account, subscription, a_price_of(account, meter, 70), proration_behavior="none")
    assert billed(account, subscription) == [(0, 0)]


def test_a_classic_subscription_never_bills_usage_from_before_a_change() -> None:
    account = an_account()
    subscription = with_usage(account, meter := a_meter(account), billing_mode={"type": "classic"})
    change(account, subscription, a_price_of(account, meter, 70))
    assert billed(account, subscription) == [(0, 0)]


def test_an_item_that_came_amid_a_period_bills_usage_from_then_on() -> None:
    account = an_account()
    subscription = with_usage(account, meter := a_meter(account))
    update(account, subscription, items=[{"price": a_price_of(account, meter, 10)}])
    report(account, subscription["customer"], "2")
    assert billed(account, subscription) == [(9, 450), (2, 20)]


def test_a_moved_anchor_ends_the_period_and_leaves_its_last_second_to_the_next_one() -> None:
    account = an_account()
    subscription = with_usage(account, a_meter(account))
    report(account, subscription["customer"], "2")
    update(account, subscription, billing_cycle_anchor={"type": "now"})
    assert [line["amount"] for line in latest_invoice(account, subscription)["lines"]["data"]] == [350]
    pass_time(account, days=31, seconds=HOUR)
    assert [line["amount"] for line in latest_invoice(account, subscription)["lines"]["data"]] == [100]


def test_usage_billed_at_a_pause_is_not_billed_again_when_the_old_period_goes_on() -> None:
    account = an_account()
    subscription = with_usage(account, a_meter(account))
    call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"], invoicing_behavior="invoice")
    pass_time(account, days=1)
    unchanged = {"billing_cycle_anchor": {"type": "unchanged"}}
    call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"], **unchanged)
    report(account, subscription["customer"], "2")
    pass_time(account, days=20, seconds=HOUR + 1)
    assert [line["amount"] for line in latest_invoice(account, subscription)["lines"]["data"]] == [100]


def test_a_preview_counts_usage_since_the_previewed_change_by_the_new_price() -> None:
    account = an_account()
    subscription = with_usage(account, meter := a_meter(account))
    item = {"id": subscription["items"]["data"][0]["id"], "price": a_price_of(account, meter, 70)}
    details = {"items": [item]}
    shown = call(
        account,
        "POST",
        "/v1/invoices/create_preview",
        subscription=subscription["id"],
        subscription_details=details,
    )
    assert [line["amount"] for line in shown["lines"]["data"]] == [350, 0]


@pytest.mark.parametrize("verb", ["finalize", "pay"])
def test_a_renewal_that_is_finalised_by_hand_bills_the_usage_known_by_then(verb: str) -> None:
    account = an_account()
    subscription = with_usage(account, a_meter(account))
    pass_time(account, days=21, seconds=60)
    invoice = latest_invoice(account, subscription)
    assert invoice["status"] == "draft"
    report(account, subscription["customer"], "1", timestamp=invoice["lines"]["data"][0]["period"]["end"] - 1)
    if verb == "pay":
        paid = call(account, "POST", "/v1/invoices/{}/pay", invoice["id"], paid_out_of_band=True)
        assert paid["status"] == "paid"
    else:
        call(account, "POST", "/v1/invoices/{}/finalize", invoice["id"])
    (line,) = invoice["lines"]["data"]
    assert (line["amount"], line["description"]) == (400, "8 x prod_1")
