"""What is billed when a subscription ends as planned (stripe.md 2.2, 4.3)."""

from typing import Any

from stripe_engine_world import (
    DAY,
    HOUR,
    START,
    a_customer,
    a_metered_price,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    event_types,
    latest_invoice,
    pass_time,
    report,
    update,
)
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.settings import BillingSettings

MONTH = 31 * DAY


def a_metered_subscription(account: Account, **params: Any) -> Object:
    subscription = a_subscription(account, a_customer(account), a_metered_price(account), **params)
    report(account, subscription["customer"], "7")
    return subscription


def test_an_end_with_the_period_bills_its_usage_by_a_last_invoice_with_the_hour_of_grace() -> None:
    account = an_account()
    subscription = a_metered_subscription(account)
    update(account, subscription, cancel_at_period_end=True)
    pass_time(account, seconds=MONTH + 60)
    invoice = latest_invoice(account, subscription)
    assert (subscription["status"], invoice["status"], invoice["total"]) == ("canceled", "draft", 350)
    report(account, subscription["customer"], "1", timestamp=START + MONTH - 1)
    report(account, subscription["customer"], "1", timestamp=START + MONTH)
    pass_time(account, seconds=HOUR)
    assert (invoice["status"], invoice["total"], invoice["attempt_count"]) == ("open", 400, 1)


def test_the_last_invoice_is_retried_and_changes_no_status_any_more() -> None:
    account = an_account()
    account.part(BillingSettings).retry_intervals = (DAY,)
    subscription = a_metered_subscription(account)
    update(account, subscription, cancel_at_period_end=True)
    pass_time(account, seconds=MONTH + 2 * HOUR)
    before = len(event_types(account, "customer.subscription."))
    pass_time(account, days=2)
    assert latest_invoice(account, subscription)["attempt_count"] == 2
    assert len(event_types(account, "customer.subscription.")) == before


def test_pending_prorations_are_collected_at_the_end_of_the_period() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    pass_time(account, seconds=MONTH // 2)
    item = subscription["items"]["data"][0]["id"]
    update(account, subscription, items=[{"id": item, "price": a_price(account, 9900)}])
    update(account, subscription, cancel_at_period_end=True)
    pass_time(account, seconds=MONTH // 2 + HOUR)
    invoice = latest_invoice(account, subscription)
    assert (subscription["status"], invoice["total"], invoice["status"]) == ("canceled", 2500, "paid")


def test_a_licensed_subscription_ends_without_another_invoice() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    first = subscription["latest_invoice"]
    update(account, subscription, cancel_at_period_end=True)
    pass_time(account, seconds=MONTH + HOUR)
    assert (subscription["status"], subscription["latest_invoice"]) == ("canceled", first)


def test_an_end_amid_a_period_credits_the_time_that_is_left() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    update(account, subscription, cancel_at=START + MONTH // 2)
    pass_time(account, seconds=MONTH // 2 + HOUR)
    assert latest_invoice(account, subscription)["total"] == -2450
    assert account.table("customer")[subscription["customer"]]["balance"] == -2450


def test_an_end_amid_a_period_without_proration_credits_nothing() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    first = subscription["latest_invoice"]
    update(account, subscription, cancel_at=START + MONTH // 2, proration_behavior="none")
    pass_time(account, seconds=MONTH // 2 + HOUR)
    assert (subscription["status"], subscription["latest_invoice"]) == ("canceled", first)


def test_what_a_trial_used_is_not_billed_when_it_ends_in_a_cancel() -> None:
    account = an_account()
    subscription = a_metered_subscription(account, trial_period_days=14)
    first = subscription["latest_invoice"]
    update(account, subscription, cancel_at_period_end=True)
    pass_time(account, days=15)
    assert (subscription["status"], subscription["latest_invoice"]) == ("canceled", first)


def scheduled(account: Account, subscription: Object) -> Object:
    return call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])


def test_a_schedule_that_cancels_after_its_last_phase_bills_the_usage_of_it() -> None:
    account = an_account()
    subscription = a_metered_subscription(account)
    made = scheduled(account, subscription)
    call(account, "POST", "/v1/subscription_schedules/{}", made["id"], end_behavior="cancel")
    pass_time(account, seconds=MONTH + HOUR)
    assert (subscription["status"], made["status"]) == ("canceled", "completed")
    assert latest_invoice(account, subscription)["total"] == 350


def test_cancelling_a_schedule_invoices_and_credits_unless_told_not_to_4_3() -> None:
    account = an_account()
    totals = []
    for told in ({}, {"invoice_now": False, "prorate": False}):
        subscription = a_metered_subscription(account)
        call(
            account,
            "POST",
            "/v1/subscription_schedules/{}/cancel",
            scheduled(account, subscription)["id"],
            **told,
        )
        assert subscription["status"] == "canceled"
        totals.append(latest_invoice(account, subscription)["total"])
    assert totals == [350, 0]
