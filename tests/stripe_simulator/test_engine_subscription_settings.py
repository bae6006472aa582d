"""What an update sets beside the items, and what a creation asks for beside them (stripe.md 1.2, 5.1)."""

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
    cancel,
    event_types,
    latest_invoice,
    pass_time,
    update,
)
from tenant_billing_sandbox.stripe.account import Object
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import set_card
from tenant_billing_sandbox.stripe.problems import Problem


def amounts(invoice: Object) -> list[int]:
    return [line["amount"] for line in invoice["lines"]["data"]]


def test_metadata_is_merged_and_an_empty_value_removes_its_key_5_1() -> None:
    account = an_account()
    subscription = an_active_subscription(account, metadata={"a": "1", "b": "2"})
    update(account, subscription, metadata={"b": "", "c": "3"})
    assert subscription["metadata"] == {"a": "1", "c": "3"}
    update(account, subscription, metadata="")
    assert subscription["metadata"] == {}


def test_an_empty_string_unsets_5_1() -> None:
    account = an_account()
    subscription = an_active_subscription(account, description="pilot")
    update(account, subscription, description="", default_payment_method="")
    assert (subscription["description"], subscription["default_payment_method"]) == (None, None)


@pytest.mark.parametrize(
    ("asked", "member", "expected"),
    [
        ({"payment_settings": {"save_default_payment_method": "off"}}, "save_default_payment_method", "off"),
        (
            {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}},
            "missing_payment_method",
            "pause",
        ),
        ({"automatic_tax": {"enabled": True}}, "enabled", True),
        (
            {"cancellation_details": {"feedback": "unused"}, "cancel_at_period_end": True},
            "feedback",
            "unused",
        ),
    ],
)
def test_nested_settings_are_taken_over_1_2(asked: dict[str, Any], member: str, expected: str | bool) -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    account.table("customer")[subscription["customer"]]["address"] = {"country": "DE"}
    update(account, subscription, **asked)
    name = next(iter(asked))
    settings = subscription[name].get("end_behavior", subscription[name])
    assert settings[member] == expected


def test_collection_can_go_over_to_invoices_and_back() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    with pytest.raises(Problem, match="days_until_due"):
        update(account, subscription, collection_method="send_invoice")
    update(account, subscription, collection_method="send_invoice", days_until_due=7)
    pass_time(account, days=31, seconds=HOUR)
    assert latest_invoice(account, subscription)["due_date"] == account.now + 7 * DAY
    update(account, subscription, collection_method="charge_automatically")
    assert subscription["days_until_due"] is None


@pytest.mark.parametrize("at", [START + 10 * DAY, "min_period_end", "max_period_end"])
def test_cancel_at_ends_at_that_time_1_2(at: int | str) -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, cancel_at=at)
    end = subscription["cancel_at"]
    pass_time(account, seconds=end - account.now - 1)
    assert subscription["status"] == "active"
    pass_time(account, seconds=1)
    assert (subscription["status"], subscription["ended_at"]) == ("canceled", end)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cancel_at": START - 1},
        {"cancel_at": START + DAY, "cancel_at_period_end": True},
        {"discounts": [{"coupon": "X"}]},
    ],
)
def test_contradictions_are_refused_and_nothing_changes(wrong: dict[str, Any]) -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    before = dict(subscription)
    with pytest.raises(Problem):
        update(account, subscription, metadata={"k": "v"}, **wrong)
    assert subscription == before


def test_a_discount_set_later_counts_from_the_next_invoice_and_can_be_taken_away() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, discounts=[{"coupon": a_coupon(account)}])
    pass_time(account, days=31)
    assert latest_invoice(account, subscription)["total"] == 3920
    call(account, "DELETE", "/v1/subscriptions/{}/discount", subscription["id"])
    pass_time(account, days=28)
    assert latest_invoice(account, subscription)["total"] == 4900
    with pytest.raises(Problem):
        call(account, "DELETE", "/v1/subscriptions/{}/discount", subscription["id"])


def test_a_free_coupon_needs_no_payment_method_even_with_allow_incomplete() -> None:
    account = an_account()
    wanted = {
        "discounts": [{"coupon": a_coupon(account, percent_off=100)}],
        "payment_behavior": "allow_incomplete",
    }
    subscription = a_subscription(account, a_customer(account), a_price(account), **wanted)
    assert subscription["status"] == "active"


def test_a_trial_can_be_ended_now_which_bills_at_once() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account), trial_period_days=14)
    pass_time(account, days=3)
    update(account, subscription, trial_end="now", payment_behavior="default_incomplete")
    assert (subscription["status"], latest_invoice(account, subscription)["total"]) == ("past_due", 4900)
    assert subscription["billing_cycle_anchor"] == account.now


def test_a_trial_can_be_extended() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account), trial_period_days=14)
    update(account, subscription, trial_end=START + 20 * DAY)
    pass_time(account, days=19)
    assert subscription["status"] == "trialing"
    pass_time(account, days=1)
    assert subscription["status"] == "active"


def test_an_anchor_in_the_future_bills_only_the_part_until_then() -> None:
    account = an_account()
    anchor = START + 31 * DAY // 2
    subscription = a_subscription(
        account, a_customer(account), a_price(account, 3100), billing_cycle_anchor=anchor
    )
    (item,) = subscription["items"]["data"]
    assert item["current_period_end"] == anchor
    assert amounts(latest_invoice(account, subscription)) == [1550]


@pytest.mark.parametrize(
    "wrong",
    [
        {"payment_behavior": "pending_if_incomplete"},
        {"collection_method": "send_invoice"},
        {"days_until_due": 7},
        {"items": []},
        {"default_payment_method": "pm_unknown"},
    ],
)
def test_a_creation_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    account = an_account()
    with pytest.raises(Problem) as refusal:
        a_subscription(account, a_customer(account), a_price(account), **wrong)
    assert refusal.value.status == 400
    assert account.table("subscription") == {}


def test_cancelling_with_prorate_and_invoice_now_credits_the_unused_time() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=15.5)
    cancel(account, subscription, prorate=True, invoice_now=True)
    assert amounts(latest_invoice(account, subscription)) == [-500]
    assert account.table("customer")[subscription["customer"]]["balance"] == -500


def test_a_classic_subscription_migrates_to_flexible_and_not_twice_1_2() -> None:
    account = an_account()
    subscription = an_active_subscription(account, billing_mode={"type": "classic"})
    call(account, "POST", "/v1/subscriptions/{}/migrate", subscription["id"])
    assert subscription["billing_mode"]["type"] == "flexible"
    with pytest.raises(Problem):
        call(account, "POST", "/v1/subscriptions/{}/migrate", subscription["id"])


@pytest.mark.parametrize(
    ("behavior", "status"), [(Behavior.PROCESSING, "active"), (Behavior.PROCESSING_FAILS, "past_due")]
)
def test_a_slow_payment_of_a_renewal_counts_as_active_until_it_decides_2_2(
    behavior: Behavior, status: str
) -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    set_card(account, subscription["customer"], behavior)
    pass_time(account, days=31, seconds=HOUR)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "open")
    pass_time(account, days=3)
    assert subscription["status"] == status


def test_pausing_with_an_invoice_settles_the_credit_at_once_2_2() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    pass_time(account, days=15.5)
    call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"], invoicing_behavior="invoice")
    assert amounts(latest_invoice(account, subscription)) == [-500]


def test_resuming_unchanged_bills_the_rest_of_the_running_period_2_2() -> None:
    account = an_account()
    subscription = an_active_subscription(account, a_price(account, 1000))
    kept = {"unused_time_from": {"type": "none"}}
    call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"], bill_for=kept)
    pass_time(account, days=31 + 14)
    anchor = {"type": "unchanged"}
    call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"], billing_cycle_anchor=anchor)
    assert amounts(latest_invoice(account, subscription)) == [500]
    assert event_types(account).count("customer.subscription.resumed") == 1
