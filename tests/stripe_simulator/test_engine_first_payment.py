"""How a subscription begins: its first payment, or its trial (stripe.md 2.1, 2.2)."""

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    event_types,
    latest_invoice,
    pass_time,
    update,
)
from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.engine.payment_methods import attach
from tenant_billing_sandbox.stripe.problems import Problem


def a_customer_with_card(account: Account, behavior: Behavior = Behavior.SUCCEEDS) -> str:
    """A customer whose invoices are paid from a saved card."""
    customer = a_customer(account)
    card = attach(account, "pm_card_visa", customer)
    account.table("customer")[customer]["invoice_settings"]["default_payment_method"] = card["id"]
    set_card(account, customer, behavior)
    return customer


def test_incomplete_becomes_active_when_the_first_invoice_is_paid_2_1() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    pass_time(account, seconds=23 * HOUR - 1)
    assert subscription["status"] == "incomplete"
    pay(account, subscription["customer"])
    assert subscription["status"] == "active"


def test_incomplete_stays_incomplete_when_the_customer_s_card_is_declined_2_1() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    pay(account, subscription["customer"], Behavior.DECLINES)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("incomplete", "open")


def test_incomplete_expires_after_23_hours_and_its_invoice_is_voided_2_1() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    pass_time(account, seconds=23 * HOUR)
    assert subscription["status"] == "incomplete_expired"
    assert latest_invoice(account, subscription)["status"] == "void"


def test_only_metadata_of_an_incomplete_subscription_can_change_2_1() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    update(account, subscription, metadata={"tenant-id": "acme"})
    with pytest.raises(Problem, match="incomplete"):
        update(account, subscription, cancel_at_period_end=True)
    assert subscription["metadata"] == {"tenant-id": "acme"}
    assert subscription["cancel_at_period_end"] is False


@pytest.mark.parametrize(
    ("behavior", "card", "status"),
    [
        ("allow_incomplete", Behavior.SUCCEEDS, "active"),
        ("allow_incomplete", Behavior.DECLINES, "incomplete"),
        ("allow_incomplete", Behavior.REQUIRES_ACTION, "incomplete"),
        ("allow_incomplete", Behavior.PROCESSING, "active"),
        ("default_incomplete", Behavior.SUCCEEDS, "incomplete"),
        ("error_if_incomplete", Behavior.SUCCEEDS, "active"),
    ],
)
def test_the_first_status_follows_payment_behavior_and_card_2_1(
    behavior: str, card: Behavior, status: str
) -> None:
    account = an_account()
    customer = a_customer_with_card(account, card)
    subscription = a_subscription(account, customer, a_price(account), payment_behavior=behavior)
    assert subscription["status"] == status


def test_error_if_incomplete_leaves_nothing_behind_when_the_card_is_declined_2_1() -> None:
    account = an_account()
    customer = a_customer_with_card(account, Behavior.DECLINES)
    with pytest.raises(Problem) as refusal:
        a_subscription(account, customer, a_price(account), payment_behavior="error_if_incomplete")
    assert (refusal.value.status, refusal.value.code) == (402, "card_declined")
    assert account.table("subscription") == {}
    assert account.table("invoice") == {}


def test_allow_incomplete_without_any_payment_method_is_refused_2_1() -> None:
    account = an_account()
    with pytest.raises(Problem, match="no attached payment source"):
        a_subscription(account, a_customer(account), a_price(account), payment_behavior="allow_incomplete")


def test_a_slow_first_payment_that_fails_is_voided_and_the_subscription_stays_active_2_2() -> None:
    account = an_account()
    customer = a_customer_with_card(account, Behavior.PROCESSING_FAILS)
    subscription = a_subscription(account, customer, a_price(account), payment_behavior="allow_incomplete")
    pass_time(account, days=3)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "void")


def test_a_free_subscription_is_active_at_once_2_1() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account, 0))
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "paid")


def test_send_invoice_is_active_from_the_start_and_past_due_after_the_due_date_2_2() -> None:
    account = an_account()
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = a_subscription(account, a_customer(account), a_price(account), **terms)
    assert subscription["status"] == "active"
    pass_time(account, seconds=HOUR)
    assert latest_invoice(account, subscription)["due_date"] == account.now + 14 * DAY
    pass_time(account, days=13.9)
    assert subscription["status"] == "active"
    pass_time(account, days=0.2)
    assert subscription["status"] == "past_due"
    assert "invoice.overdue" in event_types(account)
    pay(account, subscription["customer"])
    assert subscription["status"] == "active"


def test_a_new_bill_does_not_make_up_for_one_that_is_overdue_2_2() -> None:
    account = an_account()
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = a_subscription(account, a_customer(account), a_price(account), **terms)
    pass_time(account, days=31, seconds=2 * HOUR)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("past_due", "open")


def test_a_trial_with_a_payment_method_becomes_active_and_bills_2_1() -> None:
    account = an_account()
    subscription = a_subscription(
        account, a_customer_with_card(account), a_price(account), trial_period_days=14
    )
    assert (subscription["status"], latest_invoice(account, subscription)["amount_due"]) == ("trialing", 0)
    pass_time(account, days=14, seconds=HOUR)
    renewal = latest_invoice(account, subscription)
    assert (subscription["status"], renewal["status"], renewal["amount_paid"]) == ("active", "paid", 4900)


@pytest.mark.parametrize(
    ("behavior", "at_once", "an_hour_later"),
    [
        ("cancel", "canceled", "canceled"),
        ("pause", "paused", "paused"),
        ("create_invoice", "active", "past_due"),
    ],
)
def test_a_trial_without_payment_method_ends_in_three_ways_2_1(
    behavior: str, at_once: str, an_hour_later: str
) -> None:
    account = an_account()
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    subscription = a_subscription(
        account, a_customer(account), a_price(account), trial_period_days=14, trial_settings=settings
    )
    pass_time(account, days=14)
    assert subscription["status"] == at_once
    pass_time(account, seconds=HOUR)
    assert subscription["status"] == an_hour_later


def test_a_trial_s_pending_setup_can_be_completed_by_the_customer_2_1() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account), trial_period_days=14)
    assert subscription["pending_setup_intent"] is not None
    pay(account, subscription["customer"])
    pass_time(account, days=14, seconds=HOUR)
    assert (subscription["pending_setup_intent"], subscription["status"]) == (None, "active")


def test_the_end_of_a_trial_is_announced_three_days_before() -> None:
    account = an_account()
    a_subscription(account, a_customer(account), a_price(account), trial_period_days=14)
    pass_time(account, days=10.9)
    assert "customer.subscription.trial_will_end" not in event_types(account)
    pass_time(account, days=0.1)
    assert event_types(account).count("customer.subscription.trial_will_end") == 1
