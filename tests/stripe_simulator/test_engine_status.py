"""Every transition of a subscription's status (stripe.md 2.1, 2.2), with the invoice behind it."""

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
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
from tenant_billing_sandbox.stripe.engine.payment_methods import attach
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings, TerminalAction
from tenant_billing_sandbox.stripe.problems import Problem


def a_customer_with_card(account: Account, behavior: Behavior = Behavior.SUCCEEDS) -> str:
    """A customer whose invoices are paid from a saved card."""
    customer = a_customer(account)
    card = attach(account, "pm_card_visa", customer)
    account.table("customer")[customer]["invoice_settings"]["default_payment_method"] = card["id"]
    set_card(account, customer, behavior)
    return customer


def a_past_due_subscription(account: Account) -> Object:
    subscription = an_active_subscription(account)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    assert subscription["status"] == "past_due"
    return subscription


def paused_reason(subscription: Object) -> str:
    return str(subscription["status_details"]["paused"]["subscription"]["type"])


# ------------------------------------------------------------------ the first payment


def test_incomplete_becomes_active_when_the_first_invoice_is_paid_2_1():
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    pass_time(account, seconds=23 * HOUR - 1)
    assert subscription["status"] == "incomplete"
    pay(account, subscription["customer"])
    assert subscription["status"] == "active"


def test_incomplete_stays_incomplete_when_the_customer_s_card_is_declined_2_1():
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    pay(account, subscription["customer"], Behavior.DECLINES)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("incomplete", "open")


def test_incomplete_expires_after_23_hours_and_its_invoice_is_voided_2_1():
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account))
    pass_time(account, seconds=23 * HOUR)
    assert subscription["status"] == "incomplete_expired"
    assert latest_invoice(account, subscription)["status"] == "void"


def test_only_metadata_of_an_incomplete_subscription_can_change_2_1():
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
def test_the_first_status_follows_payment_behavior_and_card_2_1(behavior, card, status):
    account = an_account()
    customer = a_customer_with_card(account, card)
    subscription = a_subscription(account, customer, a_price(account), payment_behavior=behavior)
    assert subscription["status"] == status


def test_error_if_incomplete_leaves_nothing_behind_when_the_card_is_declined_2_1():
    account = an_account()
    customer = a_customer_with_card(account, Behavior.DECLINES)
    with pytest.raises(Problem) as refusal:
        a_subscription(account, customer, a_price(account), payment_behavior="error_if_incomplete")
    assert (refusal.value.status, refusal.value.code) == (402, "card_declined")
    assert account.table("subscription") == {}
    assert account.table("invoice") == {}


def test_allow_incomplete_without_any_payment_method_is_refused_2_1():
    account = an_account()
    with pytest.raises(Problem, match="no attached payment source"):
        a_subscription(account, a_customer(account), a_price(account), payment_behavior="allow_incomplete")


def test_a_slow_first_payment_that_fails_is_voided_and_the_subscription_stays_active_2_2():
    account = an_account()
    customer = a_customer_with_card(account, Behavior.PROCESSING_FAILS)
    subscription = a_subscription(account, customer, a_price(account), payment_behavior="allow_incomplete")
    pass_time(account, days=3)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "void")


def test_a_free_subscription_is_active_at_once_2_1():
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account, 0))
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "paid")


def test_send_invoice_is_active_from_the_start_and_past_due_after_the_due_date_2_2():
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


def test_a_new_bill_does_not_make_up_for_one_that_is_overdue_2_2():
    account = an_account()
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = a_subscription(account, a_customer(account), a_price(account), **terms)
    pass_time(account, days=31, seconds=2 * HOUR)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("past_due", "open")


# ------------------------------------------------------------------ trials


def test_a_trial_with_a_payment_method_becomes_active_and_bills_2_1():
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
def test_a_trial_without_payment_method_ends_in_three_ways_2_1(behavior, at_once, an_hour_later):
    account = an_account()
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    subscription = a_subscription(
        account, a_customer(account), a_price(account), trial_period_days=14, trial_settings=settings
    )
    pass_time(account, days=14)
    assert subscription["status"] == at_once
    pass_time(account, seconds=HOUR)
    assert subscription["status"] == an_hour_later


def test_a_trial_s_pending_setup_can_be_completed_by_the_customer_2_1():
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account), trial_period_days=14)
    assert subscription["pending_setup_intent"] is not None
    pay(account, subscription["customer"])
    pass_time(account, days=14, seconds=HOUR)
    assert (subscription["pending_setup_intent"], subscription["status"]) == (None, "active")


def test_the_end_of_a_trial_is_announced_three_days_before():
    account = an_account()
    a_subscription(account, a_customer(account), a_price(account), trial_period_days=14)
    pass_time(account, days=10.9)
    assert "customer.subscription.trial_will_end" not in event_types(account)
    pass_time(account, days=0.1)
    assert event_types(account).count("customer.subscription.trial_will_end") == 1


# ------------------------------------------------------------------ dunning


def test_a_renewal_without_a_saved_payment_method_fails_2_1():
    account = an_account()
    subscription = an_active_subscription(account, payment_settings={"save_default_payment_method": "off"})
    assert subscription["default_payment_method"] is None
    pass_time(account, days=31, seconds=HOUR)
    assert subscription["status"] == "past_due"


def test_eight_retries_within_two_weeks_then_past_due_for_ever_2_2():
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
def test_the_account_decides_what_the_last_failed_retry_does_2_2(action, status):
    account = an_account()
    account.part(BillingSettings).terminal_action = action
    subscription = a_past_due_subscription(account)
    pass_time(account, days=14)
    assert subscription["status"] == status


def test_a_cancellation_by_dunning_says_payment_failed_1_2():
    account = an_account()
    account.part(BillingSettings).terminal_action = TerminalAction.CANCEL
    subscription = a_past_due_subscription(account)
    pass_time(account, days=14)
    assert subscription["cancellation_details"]["reason"] == "payment_failed"


@pytest.mark.parametrize(
    ("first", "reason"), [(True, "first_payment_failure"), (False, "final_payment_failure")]
)
def test_dunning_can_pause_after_the_first_or_the_last_failure_2_2(first, reason):
    account = an_account()
    settings = account.part(BillingSettings)
    settings.terminal_action, settings.pause_after_first_failure = TerminalAction.PAUSE, first
    subscription = an_active_subscription(account)
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    assert (subscription["status"] == "paused") is first
    pass_time(account, days=14)
    assert (subscription["status"], paused_reason(subscription)) == ("paused", reason)


def test_a_classic_subscription_cannot_be_paused_by_dunning_and_is_cancelled_2_2():
    account = an_account()
    account.part(BillingSettings).terminal_action = TerminalAction.PAUSE
    subscription = an_active_subscription(account, billing_mode={"type": "classic"})
    set_card(account, subscription["customer"], Behavior.DECLINES)
    pass_time(account, days=31, seconds=HOUR)
    assert subscription["status"] == "past_due"
    pass_time(account, days=14)
    assert subscription["status"] == "canceled"


def test_a_retry_with_a_card_that_works_again_makes_active_2_1():
    account = an_account()
    subscription = a_past_due_subscription(account)
    set_card(account, subscription["customer"], Behavior.SUCCEEDS)
    pass_time(account, days=1)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "paid")


def test_invoices_of_an_unpaid_subscription_stay_drafts_and_paying_the_latest_makes_active_2_1():
    account = an_account()
    account.part(BillingSettings).terminal_action = TerminalAction.UNPAID
    subscription = a_past_due_subscription(account)
    failed = latest_invoice(account, subscription)
    pass_time(account, days=31)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("unpaid", "draft")
    pay(account, subscription["customer"])
    assert (subscription["status"], failed["status"]) == ("active", "paid")


# ------------------------------------------------------------------ the latest invoice decides


def test_voiding_the_failed_invoice_makes_active_2_2():
    account = an_account()
    subscription = a_past_due_subscription(account)
    call(account, "POST", "/v1/invoices/{}/void", subscription["latest_invoice"])
    assert subscription["status"] == "active"


def test_void_invoices_are_ignored_and_the_one_before_counts_2_2():
    account = an_account()
    subscription = a_past_due_subscription(account)
    pass_time(account, days=31)
    older = account.table("invoice")[subscription["latest_invoice"]]
    assert older["status"] == "open"
    call(account, "POST", "/v1/invoices/{}/void", older["id"])
    assert subscription["status"] == "past_due"


def test_marking_the_failed_invoice_uncollectible_makes_active_2_2():
    account = an_account()
    subscription = a_past_due_subscription(account)
    call(account, "POST", "/v1/invoices/{}/mark_uncollectible", subscription["latest_invoice"])
    assert subscription["status"] == "active"
    assert (
        latest_invoice(account, subscription)["status_details"]["uncollectible"]["reason"] == "user_forgiven"
    )


def test_active_does_not_mean_that_all_invoices_are_paid_2_1():
    account = an_account()
    subscription = a_past_due_subscription(account)
    older = latest_invoice(account, subscription)
    pass_time(account, days=31)
    pay(account, subscription["customer"])
    assert (subscription["status"], older["status"]) == ("active", "open")


# ------------------------------------------------------------------ ends


def test_cancelling_is_terminal_and_stops_collection_of_all_the_customer_s_invoices_2_2():
    account = an_account()
    subscription = a_past_due_subscription(account)
    invoice = latest_invoice(account, subscription)
    cancel(account, subscription, cancellation_details={"comment": "bye"})
    assert (subscription["status"], subscription["ended_at"]) == ("canceled", account.now)
    assert subscription["cancellation_details"]["reason"] == "cancellation_requested"
    assert subscription["cancellation_details"]["comment"] == "bye"
    assert (invoice["status"], invoice["next_payment_attempt"], invoice["auto_advance"]) == (
        "open",
        None,
        False,
    )
    pass_time(account, days=90)
    assert subscription["status"] == "canceled"


def test_a_cancelled_subscription_takes_metadata_only_2_2():
    account = an_account()
    subscription = an_active_subscription(account)
    cancel(account, subscription)
    update(account, subscription, metadata={"a": "b"})
    with pytest.raises(Problem, match="can only update"):
        update(account, subscription, description="again")
    with pytest.raises(Problem) as refusal:
        cancel(account, subscription)
    assert (refusal.value.status, refusal.value.code) == (404, "resource_missing")


def test_cancel_at_period_end_stays_active_until_then_2_1():
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, cancel_at_period_end=True)
    asked = account.now
    pass_time(account, days=30)
    assert subscription["status"] == "active"
    pass_time(account, days=1)
    assert (subscription["status"], subscription["canceled_at"]) == ("canceled", asked)
    assert subscription["ended_at"] == subscription["items"]["data"][0]["current_period_end"]


def test_taking_back_the_cancellation_lets_it_renew_2_1():
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, cancel_at_period_end=True)
    update(account, subscription, cancel_at_period_end=False)
    pass_time(account, days=31, seconds=HOUR)
    assert (subscription["status"], subscription["cancel_at"]) == ("active", None)


# ------------------------------------------------------------------ pausing


@pytest.mark.parametrize(
    ("behavior", "invoice_status"),
    [("keep_as_draft", "draft"), ("void", "void"), ("mark_uncollectible", "uncollectible")],
)
def test_paused_collection_leaves_the_status_and_takes_the_invoices_away_2_1(behavior, invoice_status):
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, pause_collection={"behavior": behavior})
    pass_time(account, days=31, seconds=HOUR)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == (
        "active",
        invoice_status,
    )


def test_paused_collection_ends_at_resumes_at_2_1():
    account = an_account()
    subscription = an_active_subscription(account)
    paused = {"behavior": "void", "resumes_at": account.now + 10 * DAY}
    update(account, subscription, pause_collection=paused)
    pass_time(account, days=10)
    assert subscription["pause_collection"] is None


def test_pause_and_resume_by_the_endpoints_2_2():
    account = an_account()
    subscription = an_active_subscription(account)
    call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"])
    assert (subscription["status"], paused_reason(subscription)) == ("paused", "pause_requested")
    pass_time(account, days=60)
    assert subscription["status"] == "paused"
    call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"])
    assert (subscription["status"], subscription["status_details"]) == ("active", None)


def test_a_failed_resumption_is_past_due_without_retries_2_2():
    account = an_account()
    subscription = an_active_subscription(account)
    call(
        account,
        "POST",
        "/v1/subscriptions/{}/pause",
        subscription["id"],
        bill_for={"unused_time_from": {"type": "none"}},
    )
    set_card(account, subscription["customer"], Behavior.DECLINES)
    call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"])
    assert subscription["status"] == "past_due"
    assert latest_invoice(account, subscription)["next_payment_attempt"] is None


def test_resume_on_payment_success_stays_paused_until_paid_or_void_after_23_hours_2_2():
    account = an_account()
    subscription = an_active_subscription(account)
    call(
        account,
        "POST",
        "/v1/subscriptions/{}/pause",
        subscription["id"],
        bill_for={"unused_time_from": {"type": "none"}},
    )
    wanted = {"payment_behavior": "resume_on_payment_success"}
    call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"], **wanted)
    assert subscription["status"] == "paused"
    pass_time(account, seconds=23 * HOUR)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("paused", "void")
    call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"], **wanted)
    pay(account, subscription["customer"])
    assert subscription["status"] == "active"


@pytest.mark.parametrize("obstacle", ["classic", "scheduled"])
def test_classic_and_scheduled_subscriptions_cannot_be_paused_2_2(obstacle):
    account = an_account()
    mode = {"billing_mode": {"type": "classic"}} if obstacle == "classic" else {}
    subscription = an_active_subscription(account, **mode)
    if obstacle == "scheduled":
        call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    with pytest.raises(Problem):
        call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"])


def test_only_automatic_collection_can_be_resumed_2_2():
    account = an_account()
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = a_subscription(account, a_customer(account), a_price(account), **terms)
    call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"])
    with pytest.raises(Problem, match="charge_automatically"):
        call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"])
