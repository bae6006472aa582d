"""What a failed renewal comes to, and that the latest invoice decides (stripe.md 2.1, 2.2)."""

import pytest

from stripe_engine_world import (
    HOUR,
    a_past_due_subscription,
    an_account,
    an_active_subscription,
    call,
    latest_invoice,
    pass_time,
    paused_reason,
)
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings, TerminalAction


def test_a_renewal_without_a_saved_payment_method_fails_2_1() -> None:
    account = an_account()
    subscription = an_active_subscription(account, payment_settings={"save_default_payment_method": "off"})
    assert subscription["default_payment_method"] is None
    pass_time(account, days=31, seconds=HOUR)
    assert subscription["status"] == "past_due"


def test_eight_retries_within_two_weeks_then_past_due_for_ever_2_2() -> None:
    account = an_account()
    subscription = a_past_due_subscription(account)
    invoice = latest_invoice(account, subscription)
    pass_time(account, days=14)
    assert (invoice["attempt_count"], invoice["next_payment_attempt"]) == (9, None)
    pass_time(account, days=10)
    assert (subscription["status"], invoice["status"]) == ("past_due", "open")


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (TerminalAction.PAST_DUE, "past_due"),
        (TerminalAction.CANCEL, "canceled"),
        (TerminalAction.UNPAID, "unpaid"),
        (TerminalAction.PAUSE, "paused"),
    ],
)
def test_the_account_decides_what_the_last_failed_retry_does_2_2(action: TerminalAction, status: str) -> None:
    account = an_account()
    account.part(BillingSettings).terminal_action = action
    subscription = a_past_due_subscription(account)
    pass_time(account, days=14)
    assert subscription["status"] == status


def test_a_cancellation_by_dunning_says_payment_failed_1_2() -> None:
    account = an_account()
    account.part(BillingSettings).terminal_action = TerminalAction.CANCEL
    subscription = a_past_due_subscription(account)
    pass_time(account, days=14)
    assert subscription["cancellation_details"]["reason"] == "payment_failed"


@pytest.mark.parametrize(
    ("first", "reason"), [(True, "first_payment_failure"), (False, "final_payment_failure")]
)
def test_dunning_can_pause_after_the_first_or_the_last_failure_2_2(first: bool, reason: str) -> None:
    account = an_account()
    settings = account.part(BillingSettings)
    settings.terminal_action, settings.pause_after_first_failure = TerminalAction.PAUSE, first
    subscription = an_active_subscription(account)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    assert (subscription["status"] == "paused") is first
    pass_time(account, days=14)
    assert (subscription["status"], paused_reason(subscription)) == ("paused", reason)


def test_a_classic_subscription_cannot_be_paused_by_dunning_and_is_cancelled_2_2() -> None:
    account = an_account()
    account.part(BillingSettings).terminal_action = TerminalAction.PAUSE
    subscription = an_active_subscription(account, billing_mode={"type": "classic"})
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    assert subscription["status"] == "past_due"
    pass_time(account, days=14)
    assert subscription["status"] == "canceled"


def test_a_retry_with_a_card_that_works_again_makes_active_2_1() -> None:
    account = an_account()
    subscription = a_past_due_subscription(account)
    set_card(account, subscription["customer"], Behavior.SUCCEEDS)
    pass_time(account, days=1)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "paid")


def test_invoices_of_an_unpaid_subscription_stay_drafts_and_paying_the_latest_makes_active_2_1() -> None:
    account = an_account()
    account.part(BillingSettings).terminal_action = TerminalAction.UNPAID
    subscription = a_past_due_subscription(account)
    failed = latest_invoice(account, subscription)
    pass_time(account, days=31)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("unpaid", "draft")
    pay(account, subscription["customer"])
    assert (subscription["status"], failed["status"]) == ("active", "paid")


def test_voiding_the_failed_invoice_makes_active_2_2() -> None:
    account = an_account()
    subscription = a_past_due_subscription(account)
    call(account, "POST", "/v1/invoices/{}/void", subscription["latest_invoice"])
    assert subscription["status"] == "active"


def test_void_invoices_are_ignored_and_the_one_before_counts_2_2() -> None:
    account = an_account()
    subscription = a_past_due_subscription(account)
    pass_time(account, days=31)
    older = account.table("invoice")[subscription["latest_invoice"]]
    assert older["status"] == "open"
    call(account, "POST", "/v1/invoices/{}/void", older["id"])
    assert subscription["status"] == "past_due"


def test_marking_the_failed_invoice_uncollectible_makes_active_2_2() -> None:
    account = an_account()
    subscription = a_past_due_subscription(account)
    call(account, "POST", "/v1/invoices/{}/mark_uncollectible", subscription["latest_invoice"])
    assert subscription["status"] == "active"
    assert (
        latest_invoice(account, subscription)["status_details"]["uncollectible"]["reason"] == "user_forgiven"
    )


def test_active_does_not_mean_that_all_invoices_are_paid_2_1() -> None:
    account = an_account()
    subscription = a_past_due_subscription(account)
    older = latest_invoice(account, subscription)
    pass_time(account, days=31)
    pay(account, subscription["customer"])
    assert (subscription["status"], older["status"]) == ("active", "open")
