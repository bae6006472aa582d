"""The calls around subscriptions: payment methods, invoices, events, test clocks, lists."""

from typing import Any

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
    START,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    cancel,
    event_types,
    latest_invoice,
    pass_time,
    update,
)
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.problems import Problem


def ids(listed: Object) -> list[str]:
    return [one["id"] for one in listed["data"]]


# ------------------------------------------------------------------ payment methods


def test_a_card_that_is_declined_cannot_be_attached() -> None:
    account = an_account()
    with pytest.raises(Problem) as refusal:
        call(
            account,
            "POST",
            "/v1/payment_methods/{}/attach",
            "pm_card_chargeDeclined",
            customer=a_customer(account),
        )
    assert (refusal.value.status, refusal.value.code) == (402, "card_declined")


def test_a_card_that_fails_when_charged_can_be_attached() -> None:
    account = an_account()
    customer = a_customer(account)
    card = call(
        account, "POST", "/v1/payment_methods/{}/attach", "pm_card_chargeCustomerFail", customer=customer
    )
    assert ids(call(account, "GET", "/v1/payment_methods", customer=customer)) == [card["id"]]
    subscription = a_subscription(
        account,
        customer,
        a_price(account),
        payment_behavior="allow_incomplete",
        default_payment_method=card["id"],
    )
    assert subscription["status"] == "incomplete"


def test_another_customer_s_card_is_refused_as_default() -> None:
    account = an_account()
    card = call(
        account, "POST", "/v1/payment_methods/{}/attach", "pm_card_visa", customer=a_customer(account)
    )
    with pytest.raises(Problem) as refusal:
        a_subscription(account, a_customer(account), a_price(account), default_payment_method=card["id"])
    assert refusal.value.code == "resource_missing"


def test_a_detached_card_is_nobody_s_default_any_more() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    call(account, "POST", "/v1/payment_methods/{}/detach", subscription["default_payment_method"])
    assert subscription["default_payment_method"] is None
    pass_time(account, days=31, seconds=HOUR)
    assert subscription["status"] == "past_due"


def test_a_setup_intent_is_confirmed_once() -> None:
    account = an_account()
    intent = call(account, "POST", "/v1/setup_intents", customer=a_customer(account))
    call(account, "POST", "/v1/setup_intents/{}/confirm", intent["id"], payment_method="pm_card_visa")
    assert intent["status"] == "succeeded"
    with pytest.raises(Problem):
        call(account, "POST", "/v1/setup_intents/{}/cancel", intent["id"])


def test_a_customer_without_anything_to_pay_cannot_pay() -> None:
    account = an_account()
    with pytest.raises(Problem, match="no open invoice"):
        pay(account, a_customer(account))


# ------------------------------------------------------------------ invoices


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("paid", ["pay", "void", "finalize", "mark_uncollectible"]),
        ("void", ["pay", "void", "finalize", "mark_uncollectible"]),
        ("uncollectible", ["finalize", "mark_uncollectible"]),
        ("open", ["finalize"]),
    ],
)
def test_an_invoice_refuses_what_its_status_does_not_allow(status: str, refused: list[str]) -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    invoice = latest_invoice(account, subscription)
    if status == "paid":
        pay(account, subscription["customer"])
    elif status != "open":
        verb = {"void": "void", "uncollectible": "mark_uncollectible"}[status]
        call(account, "POST", f"/v1/invoices/{{}}/{verb}", invoice["id"])
    for verb in refused:
        with pytest.raises(Problem):
            call(account, "POST", f"/v1/invoices/{{}}/{verb}", invoice["id"])
    assert invoice["status"] == status


def test_an_uncollectible_invoice_can_still_be_paid() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    invoice = latest_invoice(account, subscription)
    call(account, "POST", "/v1/invoices/{}/mark_uncollectible", invoice["id"])
    set_card(account, subscription["customer"], Behavior.SUCCEEDS)
    call(account, "POST", "/v1/invoices/{}/pay", invoice["id"])
    assert invoice["status"] == "paid"


def test_a_failed_attempt_of_a_person_leaves_the_retry_schedule_alone() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    invoice = latest_invoice(account, subscription)
    planned = invoice["attempt_count"], invoice["next_payment_attempt"]
    with pytest.raises(Problem):
        call(account, "POST", "/v1/invoices/{}/pay", invoice["id"])
    assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == planned


def test_the_subscription_s_metadata_is_frozen_in_the_invoice_at_finalisation_1_2() -> None:
    account = an_account()
    subscription = a_subscription(
        account, a_customer(account), a_price(account), metadata={"tenant-id": "acme"}
    )
    pay(account, subscription["customer"])
    update(account, subscription, metadata={"tenant-id": "other"})
    details = latest_invoice(account, subscription)["parent"]["subscription_details"]
    assert (details["metadata"], details["subscription"]) == ({"tenant-id": "acme"}, subscription["id"])


def test_invoices_are_found_by_subscription_customer_and_status_newest_first() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    an_active_subscription(account)
    pass_time(account, days=31)
    first, renewal = (
        invoice["id"]
        for invoice in account.table("invoice").values()
        if invoice["customer"] == subscription["customer"]
    )
    assert ids(call(account, "GET", "/v1/invoices", subscription=subscription["id"])) == [renewal, first]
    assert ids(call(account, "GET", "/v1/invoices", customer=subscription["customer"], status="paid")) == [
        first
    ]


# ------------------------------------------------------------------ events


def test_a_change_of_status_tells_the_former_one() -> None:
    account = an_account()
    an_active_subscription(account)
    (event,) = call(account, "GET", "/v1/events", types=["customer.subscription.updated"])["data"]
    assert event["data"]["object"]["status"] == "active"
    assert event["data"]["previous_attributes"]["status"] == "incomplete"


def test_an_event_shows_its_object_as_it_was_then() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    pay(account, subscription["customer"])
    created = call(account, "GET", "/v1/events", type="customer.subscription.created")["data"][0]
    assert created["data"]["object"]["status"] == "incomplete"


@pytest.mark.parametrize(
    "wrong", [{"types": ["a"], "type": "b"}, {"types": [f"customer.{number}" for number in range(21)]}]
)
def test_type_and_types_exclude_each_other_and_20_types_are_the_most_3_5(wrong: dict[str, Any]) -> None:
    with pytest.raises(Problem):
        call(an_account(), "GET", "/v1/events", **wrong)


def test_an_update_that_changes_nothing_makes_no_event() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    before = event_types(account)
    update(account, subscription, metadata={"missing": ""}, cancel_at_period_end=False)
    assert event_types(account) == before


def test_the_renewal_is_announced_three_days_before_as_an_upcoming_invoice() -> None:
    account = an_account()
    an_active_subscription(account)
    pass_time(account, days=28)
    upcoming = call(account, "GET", "/v1/events", type="invoice.upcoming")["data"]
    assert [event["data"]["object"]["amount_due"] for event in upcoming] == [4900]


# ------------------------------------------------------------------ lists of subscriptions


def test_subscriptions_are_filtered_by_status_price_customer_and_times_6() -> None:
    account = an_account()
    old = an_active_subscription(account)
    pass_time(account, days=1)
    new = a_subscription(account, a_customer(account), a_price(account))
    gone = an_active_subscription(account)
    cancel(account, gone)

    def listed(**params: object) -> list[str]:
        return ids(call(account, "GET", "/v1/subscriptions", **params))

    end = old["items"]["data"][0]["current_period_end"]
    assert listed() == [new["id"], old["id"]]
    assert listed(status="all") == [gone["id"], new["id"], old["id"]]
    assert listed(status="ended") == listed(status="canceled") == [gone["id"]]
    assert listed(status="incomplete") == [new["id"]]
    assert listed(customer=old["customer"]) == [old["id"]]
    assert listed(price=old["items"]["data"][0]["price"]["id"]) == [old["id"]]
    assert listed(created={"gt": START}) == [new["id"]]
    assert listed(current_period_end={"lte": end}) == [old["id"]]
    assert listed(collection_method="send_invoice") == []


def test_what_the_simulator_does_not_carry_out_is_refused_not_passed_over() -> None:
    account = an_account()
    with pytest.raises(Problem) as refusal:
        a_subscription(account, a_customer(account), a_price(account), backdate_start_date=START - DAY)
    assert (refusal.value.status, refusal.value.param) == (400, "backdate_start_date")


def test_a_missing_subscription_is_404_resource_missing_5_2() -> None:
    with pytest.raises(Problem) as refusal:
        call(an_account(), "GET", "/v1/subscriptions/{}", "sub_unknown")
    assert (refusal.value.status, refusal.value.code) == (404, "resource_missing")


# ------------------------------------------------------------------ single items


def test_items_can_be_read_added_changed_and_removed_one_by_one() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    first = subscription["items"]["data"][0]["id"]
    added = call(
        account, "POST", "/v1/subscription_items", subscription=subscription["id"], price=a_price(account, 5)
    )
    call(account, "POST", "/v1/subscription_items/{}", added["id"], quantity=4)
    assert call(account, "GET", "/v1/subscription_items/{}", added["id"])["quantity"] == 4
    call(account, "DELETE", "/v1/subscription_items/{}", added["id"])
    assert ids(call(account, "GET", "/v1/subscription_items", subscription=subscription["id"])) == [first]


# ------------------------------------------------------------------ test clocks


def a_clock(account: Account) -> Object:
    return call(account, "POST", "/v1/test_helpers/test_clocks", frozen_time=START)


def test_the_account_s_clock_does_not_move_what_is_on_a_test_clock_8() -> None:
    account = an_account()
    clock = a_clock(account)
    subscription = a_subscription(account, a_customer(account, test_clock=clock["id"]), a_price(account))
    pass_time(account, days=2)
    assert subscription["status"] == "incomplete"
    call(account, "POST", "/v1/test_helpers/test_clocks/{}/advance", clock["id"], frozen_time=START + DAY)
    assert subscription["status"] == "incomplete_expired"


def test_a_test_clock_is_ready_when_time_passes_and_says_so_by_an_event_8() -> None:
    account = an_account()
    clock = a_clock(account)
    call(account, "POST", "/v1/test_helpers/test_clocks/{}/advance", clock["id"], frozen_time=START + DAY)
    with pytest.raises(Problem, match="still advancing"):
        call(
            account,
            "POST",
            "/v1/test_helpers/test_clocks/{}/advance",
            clock["id"],
            frozen_time=START + 2 * DAY,
        )
    pass_time(account, seconds=1)
    assert clock["status"] == "ready"
    assert "test_helpers.test_clock.ready" in event_types(account)


def test_a_deleted_test_clock_takes_its_objects_with_it_8() -> None:
    account = an_account()
    clock = a_clock(account)
    subscription = a_subscription(account, a_customer(account, test_clock=clock["id"]), a_price(account))
    call(account, "DELETE", "/v1/test_helpers/test_clocks/{}", clock["id"])
    assert subscription["id"] not in account.table("subscription")
    assert account.table("invoice") == {}


def test_a_test_clock_is_deleted_after_its_time_8() -> None:
    account = an_account()
    a_clock(account)
    pass_time(account, days=30)
    assert account.table("test_helpers.test_clock") == {}


def test_live_accounts_have_no_test_clocks_8() -> None:
    account = an_account()
    account.livemode = True
    with pytest.raises(Problem, match="live mode"):
        a_clock(account)


# ------------------------------------------------------------------ the other calls on invoices


def test_an_invoice_paid_outside_of_stripe_counts_as_paid() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    invoice = call(
        account, "POST", "/v1/invoices/{}/pay", subscription["latest_invoice"], paid_out_of_band=True
    )
    assert (invoice["status"], invoice["amount_paid_off_stripe"], subscription["status"]) == (
        "paid",
        4900,
        "active",
    )


def test_paying_a_draft_finalises_it_first() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    pass_time(account, days=31)
    invoice = call(account, "POST", "/v1/invoices/{}/pay", subscription["latest_invoice"])
    assert (invoice["status"], invoice["number"]) == ("paid", "ACME-0002")


def test_finalising_early_collects_as_the_hour_would_have() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    pass_time(account, days=31)
    invoice = call(account, "POST", "/v1/invoices/{}/finalize", subscription["latest_invoice"])
    assert invoice["status"] == "paid"
    pass_time(account, seconds=HOUR)
    assert invoice["attempt_count"] == 1


def test_an_invoice_s_metadata_and_lines_can_be_read_and_written() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    invoice = call(account, "POST", "/v1/invoices/{}", subscription["latest_invoice"], metadata={"k": "v"})
    lines = call(account, "GET", "/v1/invoices/{}/lines", invoice["id"])
    assert (invoice["metadata"], [line["amount"] for line in lines["data"]]) == ({"k": "v"}, [4900])


def test_sending_an_invoice_finalises_it_and_tells_so() -> None:
    account = an_account()
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = a_subscription(account, a_customer(account), a_price(account), **terms)
    invoice = call(account, "POST", "/v1/invoices/{}/send", subscription["latest_invoice"])
    assert invoice["status"] == "open"
    assert event_types(account).count("invoice.sent") == 1
