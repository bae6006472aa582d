"""How a subscription ends, and how it is paused and resumed (stripe.md 2.1, 2.2)."""

from typing import Any

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
    a_customer,
    a_past_due_subscription,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    cancel,
    latest_invoice,
    pass_time,
    paused_reason,
    update,
)
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card
from tenant_billing_sandbox.stripe.problems import Problem


def test_cancelling_is_terminal_and_stops_collection_of_all_the_customer_s_invoices_2_2() -> None:
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


def test_a_cancelled_subscription_takes_metadata_only_2_2() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    cancel(account, subscription)
    update(account, subscription, metadata={"a": "b"})
    with pytest.raises(Problem, match="can only update"):
        update(account, subscription, description="again")
    with pytest.raises(Problem) as refusal:
        cancel(account, subscription)
    assert (refusal.value.status, refusal.value.code) == (404, "resource_missing")


def test_cancel_at_period_end_stays_active_until_then_2_1() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, cancel_at_period_end=True)
    asked = account.now
    pass_time(account, days=30)
    assert subscription["status"] == "active"
    pass_time(account, days=1)
    assert (subscription["status"], subscription["canceled_at"]) == ("canceled", asked)
    assert subscription["ended_at"] == subscription["items"]["data"][0]["current_period_end"]


def test_taking_back_the_cancellation_lets_it_renew_2_1() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, cancel_at_period_end=True)
    update(account, subscription, cancel_at_period_end=False)
    pass_time(account, days=31, seconds=HOUR)
    assert (subscription["status"], subscription["cancel_at"]) == ("active", None)


@pytest.mark.parametrize(
    ("behavior", "invoice_status"),
    [("keep_as_draft", "draft"), ("void", "void"), ("mark_uncollectible", "uncollectible")],
)
def test_paused_collection_leaves_the_status_and_takes_the_invoices_away_2_1(
    behavior: str, invoice_status: str
) -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, pause_collection={"behavior": behavior})
    pass_time(account, days=31, seconds=HOUR)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == (
        "active",
        invoice_status,
    )


def test_paused_collection_ends_at_resumes_at_2_1() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    paused = {"behavior": "void", "resumes_at": account.now + 10 * DAY}
    update(account, subscription, pause_collection=paused)
    pass_time(account, days=10)
    assert subscription["pause_collection"] is None


def test_pause_and_resume_by_the_endpoints_2_2() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"])
    assert (subscription["status"], paused_reason(subscription)) == ("paused", "pause_requested")
    pass_time(account, days=60)
    assert subscription["status"] == "paused"
    call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"])
    assert (subscription["status"], subscription["status_details"]) == ("active", None)


def test_a_failed_resumption_is_past_due_without_retries_2_2() -> None:
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


def test_resume_on_payment_success_stays_paused_until_paid_or_void_after_23_hours_2_2() -> None:
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
def test_classic_and_scheduled_subscriptions_cannot_be_paused_2_2(obstacle: str) -> None:
    account = an_account()
    mode: dict[str, Any] = {"billing_mode": {"type": "classic"}} if obstacle == "classic" else {}
    subscription = an_active_subscription(account, **mode)
    if obstacle == "scheduled":
        call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    with pytest.raises(Problem):
        call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"])


def test_only_automatic_collection_can_be_resumed_2_2() -> None:
    account = an_account()
    terms = {"collection_method": "send_invoice", "days_until_due": 14}
    subscription = a_subscription(account, a_customer(account), a_price(account), **terms)
    call(account, "POST", "/v1/subscriptions/{}/pause", subscription["id"])
    with pytest.raises(Problem, match="charge_automatically"):
        call(account, "POST", "/v1/subscriptions/{}/resume", subscription["id"])
