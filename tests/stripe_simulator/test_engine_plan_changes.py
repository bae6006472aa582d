"""Changing what is subscribed: items, prorations to the cent, pending updates, schedules (stripe.md 7)."""

from typing import Any

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
    START,
    a_coupon,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    event_types,
    latest_invoice,
    pass_time,
    update,
)
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.problems import Problem

JANUARY = 31 * DAY


def only_item(subscription: Object) -> Object:
    (item,) = subscription["items"]["data"]
    return dict(item)


def to_price(subscription: Object, price: str) -> dict[str, object]:
    return {"items": [{"id": only_item(subscription)["id"], "price": price}]}


def amounts(invoice: Object) -> list[int]:
    return [line["amount"] for line in invoice["lines"]["data"]]


def price_ids(subscription: Object) -> list[str]:
    return [item["price"]["id"] for item in subscription["items"]["data"]]


# ------------------------------------------------------------------ items


def test_an_item_without_id_is_added_not_replaced() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, items=[{"price": a_price(account, 100)}])
    assert len(subscription["items"]["data"]) == 2


def test_a_price_without_quantity_makes_the_quantity_one() -> None:
    account = an_account()
    subscription = an_active_subscription(account, items=[{"price": a_price(account), "quantity": 5}])
    update(account, subscription, **to_price(subscription, a_price(account, 100)))
    assert only_item(subscription)["quantity"] == 1


def test_the_quantity_alone_can_change_and_the_item_keeps_its_id() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    before = only_item(subscription)
    update(account, subscription, items=[{"id": before["id"], "quantity": 3}])
    after = only_item(subscription)
    assert (after["id"], after["price"]["id"], after["quantity"]) == (before["id"], before["price"]["id"], 3)


@pytest.mark.parametrize("obstacle", ["archived", "other currency", "same price", "unknown", "no item left"])
def test_items_that_cannot_be_had_are_refused_and_nothing_changes(obstacle: str) -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    item = only_item(subscription)
    asked = {
        "archived": [{"price": a_price(account, 1, active=False)}],
        "other currency": [{"price": a_price(account, 1, currency="usd")}],
        "same price": [{"price": item["price"]["id"]}],
        "unknown": [{"id": "si_unknown", "quantity": 2}],
        "no item left": [{"id": item["id"], "deleted": True}],
    }[obstacle]
    with pytest.raises(Problem) as refusal:
        update(account, subscription, items=asked, metadata={"k": "v"})
    assert refusal.value.status == 400
    assert (only_item(subscription), subscription["metadata"]) == (item, {})


# ------------------------------------------------------------------ prorations


def test_an_upgrade_in_the_middle_of_the_period_credits_and_debits_half_on_the_next_invoice() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=15.5)
    update(account, subscription, **to_price(subscription, a_price(account, 3000)))
    pass_time(account, days=15.5)
    assert amounts(latest_invoice(account, subscription)) == [-500, 1500, 3000]


def test_always_invoice_bills_the_difference_at_once() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=15.5)
    wanted = to_price(subscription, a_price(account, 3000))
    update(account, subscription, proration_behavior="always_invoice", **wanted)
    invoice = latest_invoice(account, subscription)
    assert (invoice["billing_reason"], amounts(invoice)) == ("subscription_update", [-500, 1500])
    assert (invoice["status"], invoice["amount_paid"]) == ("paid", 1000)


def test_without_prorations_the_new_price_starts_with_the_next_period() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=15.5)
    wanted = to_price(subscription, a_price(account, 3000))
    update(account, subscription, proration_behavior="none", **wanted)
    pass_time(account, days=15.5)
    assert amounts(latest_invoice(account, subscription)) == [3000]


def test_a_second_change_credits_what_the_first_one_debited() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=15.5)
    update(account, subscription, **to_price(subscription, a_price(account, 3001)))
    pass_time(account, days=7.75)
    update(account, subscription, **to_price(subscription, a_price(account, 500)))
    pass_time(account, days=7.75)
    assert amounts(latest_invoice(account, subscription)) == [-500, 1501, -751, 125, 500]


def test_a_downgrade_leaves_the_rest_as_credit_on_the_customer() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 10_000))
    wanted = to_price(subscription, a_price(account, 100))
    update(account, subscription, proration_behavior="always_invoice", **wanted)
    invoice = latest_invoice(account, subscription)
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (-9900, 0, "paid")
    assert account.table("customer")[subscription["customer"]]["balance"] == -9900
    pass_time(account, days=31, seconds=HOUR)
    renewal = latest_invoice(account, subscription)
    assert (renewal["total"], renewal["amount_due"], renewal["ending_balance"]) == (100, 0, -9800)


def test_another_interval_moves_the_billing_date_and_bills_at_once() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=15.5)
    update(account, subscription, **to_price(subscription, a_price(account, 9000, "year")))
    item = only_item(subscription)
    assert (item["current_period_start"], subscription["billing_cycle_anchor"]) == (account.now, account.now)
    assert item["current_period_end"] == account.now + 365 * DAY
    assert amounts(latest_invoice(account, subscription)) == [-500, 9000]


def test_from_free_to_paid_bills_at_once() -> None:
    account = an_account()
    subscription = an_active_subscription_free(account)
    pass_time(account, days=10)
    update(account, subscription, **to_price(subscription, a_price(account, 700)))
    assert amounts(latest_invoice(account, subscription)) == [0, 700]
    assert only_item(subscription)["current_period_start"] == account.now


def an_active_subscription_free(account: Account) -> Object:
    subscription = a_subscription(account, a_customer(account), a_price(account, 0))
    pay(account, subscription["customer"])
    return subscription


# ------------------------------------------------------------------ the payment of a change


def test_a_declined_upgrade_waits_as_pending_update_and_the_old_price_stays() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    old, new = price_ids(subscription), a_price(account, 3000)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pending = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}
    update(account, subscription, **pending, **to_price(subscription, new))
    assert (subscription["status"], price_ids(subscription)) == ("active", old)
    assert subscription["pending_update"]["expires_at"] == account.now + 23 * HOUR
    assert subscription["pending_update"]["subscription_items"][0]["price"]["id"] == new


def test_a_pending_update_takes_effect_when_its_invoice_is_paid() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    new = a_price(account, 3000)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pending = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}
    update(account, subscription, metadata={"plan": "pro"}, **pending, **to_price(subscription, new))
    assert subscription["metadata"] == {}
    pay(account, subscription["customer"])
    assert (subscription["pending_update"], price_ids(subscription)) == (None, [new])
    assert (subscription["metadata"], subscription["status"]) == ({"plan": "pro"}, "active")


def test_a_pending_update_expires_after_23_hours_and_its_invoice_is_voided() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    old = price_ids(subscription)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pending = {"payment_behavior": "pending_if_incomplete", "proration_behavior": "always_invoice"}
    update(account, subscription, **pending, **to_price(subscription, a_price(account, 3000)))
    pass_time(account, seconds=23 * HOUR)
    assert (subscription["pending_update"], price_ids(subscription)) == (None, old)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "void")
    assert "customer.subscription.pending_update_expired" in event_types(account)


def test_a_change_that_cannot_wait_is_refused_with_pending_if_incomplete() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    with pytest.raises(Problem, match="pending_if_incomplete"):
        update(account, subscription, payment_behavior="pending_if_incomplete", description="later")


@pytest.mark.parametrize(
    ("behavior", "status"), [("allow_incomplete", "past_due"), ("default_incomplete", "past_due")]
)
def test_an_unpaid_change_that_was_taken_over_is_past_due(behavior: str, status: str) -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    new = a_price(account, 3000)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    wanted = {"payment_behavior": behavior, "proration_behavior": "always_invoice"}
    update(account, subscription, **wanted, **to_price(subscription, new))
    assert (subscription["status"], price_ids(subscription)) == (status, [new])


def test_error_if_incomplete_refuses_a_declined_change_and_leaves_everything_as_it_was() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    old, invoice = price_ids(subscription), subscription["latest_invoice"]
    set_card(account, subscription["customer"], Behavior.DECLINES)
    wanted = {"payment_behavior": "error_if_incomplete", "proration_behavior": "always_invoice"}
    with pytest.raises(Problem) as refusal:
        update(account, subscription, **wanted, **to_price(subscription, a_price(account, 3000)))
    assert refusal.value.status == 402
    assert (price_ids(subscription), subscription["latest_invoice"]) == (old, invoice)


# ------------------------------------------------------------------ previews


def test_a_preview_tells_to_the_cent_what_the_change_then_bills_and_keeps_nothing() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=10.1)
    wanted = to_price(subscription, a_price(account, 3333)) | {"proration_behavior": "always_invoice"}
    invoices, counter = len(account.table("invoice")), account.counter
    preview = call(
        account,
        "POST",
        "/v1/invoices/create_preview",
        subscription=subscription["id"],
        subscription_details=wanted,
    )
    assert (len(account.table("invoice")), account.counter) == (invoices, counter)
    update(account, subscription, **wanted)
    invoice = latest_invoice(account, subscription)
    assert amounts(preview) == amounts(invoice)
    assert preview["amount_due"] == invoice["amount_due"]


def test_a_preview_without_change_is_the_next_renewal() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    preview = call(account, "POST", "/v1/invoices/create_preview", subscription=subscription["id"])
    assert amounts(preview) == [1000]


# ------------------------------------------------------------------ schedules


def scheduled_change(account: Account, subscription: Object, price: str, **more: object) -> Object:
    made = call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    first = made["phases"][0]
    phases = [
        {
            "start_date": first["start_date"],
            "end_date": first["end_date"],
            "items": [{"price": first["items"][0]["price"], "quantity": 1}],
        },
        {"items": [{"price": price, "quantity": 1}], "metadata": {"plan": "pro"}},
    ]
    return call(account, "POST", "/v1/subscription_schedules/{}", made["id"], phases=phases, **more)


def test_a_schedule_changes_the_price_at_the_period_s_end_and_merges_its_metadata() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    new = a_price(account, 3000)
    made = scheduled_change(account, subscription, new)
    assert subscription["schedule"] == made["id"]
    pass_time(account, days=30)
    assert price_ids(subscription) != [new]
    pass_time(account, days=1)
    assert (price_ids(subscription), subscription["metadata"]) == ([new], {"plan": "pro"})
    assert amounts(latest_invoice(account, subscription)) == [3000]


def test_a_schedule_releases_its_subscription_after_the_last_phase() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    made = scheduled_change(account, subscription, a_price(account, 3000))
    pass_time(account, days=31 + 28)
    assert (made["status"], made["released_subscription"], subscription["schedule"]) == (
        "released",
        subscription["id"],
        None,
    )
    assert subscription["status"] == "active"


def test_a_phase_that_starts_amid_a_period_prorates() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    new = a_price(account, 3000)
    made = call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    first = made["phases"][0]
    middle = first["start_date"] + JANUARY // 2
    old = {"price": first["items"][0]["price"], "quantity": 1}
    phases = [
        {"start_date": first["start_date"], "end_date": middle, "items": [old]},
        {"end_date": middle + 365 * DAY, "items": [{"price": new, "quantity": 1}]},
    ]
    call(account, "POST", "/v1/subscription_schedules/{}", made["id"], phases=phases)
    pass_time(account, days=15.5)
    assert price_ids(subscription) == [new]
    pass_time(account, days=15.5)
    assert amounts(latest_invoice(account, subscription)) == [-500, 1500, 3000]


def test_a_schedule_that_ends_with_cancel_ends_the_subscription() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    scheduled_change(account, subscription, a_price(account, 3000), end_behavior="cancel")
    pass_time(account, days=31 + 28)
    assert subscription["status"] == "canceled"


def test_releasing_a_schedule_detaches_it() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    made = call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    call(account, "POST", "/v1/subscription_schedules/{}/release", made["id"])
    assert (made["status"], subscription["schedule"]) == ("released", None)


def test_cancellation_of_a_scheduled_subscription_goes_through_the_schedule() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    with pytest.raises(Problem, match="schedule"):
        update(account, subscription, cancel_at_period_end=True)


# ------------------------------------------------------------------ discounts


@pytest.mark.parametrize(
    ("coupon", "invoices"),
    [
        ({"percent_off": 20, "duration": "forever"}, [3920, 3920]),
        ({"percent_off": 20, "duration": "once"}, [3920, 4900]),
        ({"amount_off": 900, "currency": "eur", "duration": "forever"}, [4000, 4000]),
        ({"amount_off": 9900, "currency": "eur", "duration": "once"}, [0, 4900]),
        ({"percent_off": 50, "duration": "repeating", "duration_in_months": 1}, [2450, 4900]),
    ],
)
def test_a_coupon_takes_off_what_it_says_for_as_long_as_it_says(
    coupon: dict[str, Any], invoices: list[int]
) -> None:
    account = an_account()
    discounts = [{"coupon": a_coupon(account, **coupon)}]
    subscription = a_subscription(account, a_customer(account), a_price(account), discounts=discounts)
    first = latest_invoice(account, subscription)["total"]
    if first:
        pay(account, subscription["customer"])
    pass_time(account, days=31)
    assert [first, latest_invoice(account, subscription)["total"]] == invoices


def test_the_anchor_keeps_the_31st_through_short_months() -> None:
    account = an_account(now=START + 16 * DAY)
    subscription = an_active_subscription(account)
    ends = []
    for _ in range(3):
        ends.append(only_item(subscription)["current_period_end"] - account.now)
        pass_time(account, seconds=ends[-1])
    assert [seconds // DAY for seconds in ends] == [28, 31, 30]
